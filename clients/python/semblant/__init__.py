"""The Semblant SDK: face fusion in a call, here or on a server.

from semblant import process_image, run

process_image("portrait.jpg", "photo.jpg", "result.png")
run(source="portrait.jpg", targets=["photo.jpg", "video.mp4"], output="results")

Names are imported when they are first used: a client of a server loads no NumPy, and the command
line starts at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gateway.errors import SemblantError as SemblantError
    from semblant.calls import FacesResult as FacesResult
    from semblant.calls import SwapResult as SwapResult
    from semblant.client import AsyncClient as AsyncClient
    from semblant.client import Client as Client
    from semblant.core import run as run
    from semblant.expressions import ExpressionMatch as ExpressionMatch
    from semblant.expressions import Library as Library
    from semblant.expressions import TrackResult as TrackResult
    from semblant.frames import StreamedFrame as StreamedFrame
    from semblant.images import process_image as process_image
    from semblant.jobs import Job as Job
    from semblant.jobs import JobRequest as JobRequest
    from semblant.local import local as local
    from semblant.people import Identity as Identity
    from semblant.verification import Verification as Verification

_HOMES = {
    "AsyncClient": "semblant.client",
    "Client": "semblant.client",
    "ExpressionMatch": "semblant.expressions",
    "FacesResult": "semblant.calls",
    "Verification": "semblant.verification",
    "Identity": "semblant.people",
    "Job": "semblant.jobs",
    "JobRequest": "semblant.jobs",
    "Library": "semblant.expressions",
    "SemblantError": "gateway.errors",
    "StreamedFrame": "semblant.frames",
    "SwapResult": "semblant.calls",
    "TrackResult": "semblant.expressions",
    "local": "semblant.local",
    "process_image": "semblant.images",
    "run": "semblant.core",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    try:
        value = getattr(import_module(_HOMES[name]), name)
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
