"""The Semblant SDK: face fusion in a call, here or on a server.

from semblant import process_image, run

process_image("portrait.jpg", "photo.jpg", "result.png")
run(source="portrait.jpg", targets=["photo.jpg", "video.mp4"], output="results")
"""

from __future__ import annotations

from gateway.errors import SemblantError
from semblant.calls import FacesResult, SwapResult
from semblant.client import AsyncClient, Client
from semblant.core import run
from semblant.expressions import ExpressionMatch, Library, TrackResult
from semblant.images import process_image
from semblant.jobs import Job, JobRequest
from semblant.people import Identity

__all__ = [
    "AsyncClient",
    "Client",
    "ExpressionMatch",
    "FacesResult",
    "Identity",
    "Job",
    "JobRequest",
    "Library",
    "SemblantError",
    "SwapResult",
    "TrackResult",
    "process_image",
    "run",
]
