"""Answers of calls as the results that HTTP's are read as."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from google.protobuf.message import Message

from gateway.errors import InternalError
from semblant.calls import FOREIGN, FacesResult, SwapResult
from semblant.expressions import ExpressionMatch, Library, TrackResult, read_library
from semblant.jobs import Job, read_job
from semblant.people import Identity, read_identity
from semblant.rpc.documents import document, track_frame
from semblant.rpc.methods import Answer
from semblant.v1.expressions_pb2 import (
    ListLibrariesResponse,
    TrackResponse,
)
from semblant.v1.fusion_pb2 import SwapResponse
from semblant.v1.identities_pb2 import ListIdentitiesResponse
from semblant.v1.jobs_pb2 import ListJobsResponse
from semblant.v1.models_pb2 import ListModelsResponse
from semblant.verification import Verification, verification


def _held(message: Message, name: str) -> dict[str, Any]:
    """Return the one object of an answer as JSON has it.

    Raises:
        InternalError: it is not there, as from a foreign server.
    """
    if not message.HasField(name):
        raise InternalError(FOREIGN)
    return document(getattr(message, name))


def swap_result(answer: Answer) -> SwapResult:
    """Read the answer to a swap."""
    made = cast(SwapResponse, answer.message)
    return SwapResult(
        data=made.picture,
        media_type=made.media_type,
        faces_found=made.faces_found,
        faces_swapped=made.faces_swapped,
        warnings=tuple(made.warnings),
        timings_ms=dict(made.timings_ms),
        request_id=answer.request_id,
        quality=dict(made.quality),
    )


def faces_result(answer: Answer) -> FacesResult:
    """Read the answer to an analysis."""
    report = _held(answer.message, "report")
    return FacesResult(
        faces=report["faces"],
        width=(report["size"] or {}).get("width", 0),
        height=(report["size"] or {}).get("height", 0),
        timings_ms=report["timings_ms"],
        request_id=report["request_id"],
    )


def verify_result(answer: Answer) -> Verification:
    """Read the answer about a file's marks."""
    return verification(_held(answer.message, "report"))


def track_result(messages: Sequence[Message], request_id: str) -> TrackResult:
    """Read the answers of a track; gRPC tells no times of its stages."""
    frames: list[dict[str, Any]] = []
    warnings: tuple[str, ...] = ()
    for message in cast("Sequence[TrackResponse]", messages):
        if message.WhichOneof("kind") == "line":
            frames.append(track_frame(message.line))
        else:
            warnings = tuple(message.end.warnings)
    return TrackResult(frames, warnings, {}, request_id)


def library_result(answer: Answer) -> Library:
    """Read the answer about one library."""
    return read_library(_held(answer.message, "library"))


def libraries_result(answer: Answer) -> list[Library]:
    """Read the answer about all libraries."""
    found = cast(ListLibrariesResponse, answer.message)
    return [read_library(document(one)) for one in found.libraries]


def match_result(answer: Answer) -> ExpressionMatch:
    """Read the answer to a search in a library."""
    match = _held(answer.message, "match")
    return ExpressionMatch(match["index"], match["distance"], match["controls"])


def identity_result(answer: Answer) -> Identity:
    """Read the answer about one identity."""
    return read_identity(_held(answer.message, "identity"))


def identities_result(answer: Answer) -> list[Identity]:
    """Read the answer about all identities."""
    found = cast(ListIdentitiesResponse, answer.message)
    return [read_identity(document(one)) for one in found.identities]


def job_result(message: Message) -> Job:
    """Read an answer that holds a job; its document is that of HTTP without its addresses."""
    return read_job(_held(message, "job"))


def page_result(answer: Answer) -> tuple[list[Job], str | None]:
    """Read a page of a list and where the next one begins."""
    page = cast(ListJobsResponse, answer.message)
    return [read_job(document(job)) for job in page.jobs], page.next_page_token or None


def models_result(answer: Answer) -> list[dict[str, Any]]:
    """Read the networks of a service."""
    return [document(one) for one in cast(ListModelsResponse, answer.message).models]
