"""Libraries of a person's expressions."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from fractions import Fraction

from gateway.deadline import Deadline
from gateway.errors import InvalidOptions, MissingField
from gateway.faces.morphable.expression import from_names, rest_of
from gateway.faces.morphable.library import find_best_match
from gateway.operations.exchange import Exchange
from gateway.operations.quotas import require_bytes
from gateway.operations.schemas.libraries import (
    EnrolOptions,
    LibraryMatch,
    MatchRequest,
    NewLibrary,
    library_match,
    new_library,
)
from gateway.operations.videos import DAMAGED, open_video, stills
from gateway.serving.services import Services
from gateway.storage.expressions import ExpressionLibrary

SOURCES = ("frame", "video")
GAP_S = Fraction(1, 10)
"""Seconds between two sampled frames of a video: neighbouring frames are similar."""


def checked(options: EnrolOptions, frames: int, videos: int, most: int) -> EnrolOptions:
    """Return options as they can be had, for so many pictures and videos.

    Args:
        options: As they were sent.
        frames: Number of pictures.
        videos: Number of videos.
        most: Entries that a library may have.

    Raises:
        MissingField: there is no input for a library.
        InvalidOptions: more entries are requested than a library may have.
    """
    if not frames and not videos:
        raise MissingField(
            "Either `frame` or `video` is needed.",
            errors=[{"pointer": f"/{name}", "detail": "one is needed"} for name in SOURCES],
        )
    if options.count > most and "count" in options.model_fields_set:
        raise InvalidOptions(
            errors=[{"pointer": "/count", "detail": f"should be less than or equal to {most}"}]
        )
    return options.model_copy(update={"count": min(options.count, most)})


async def create_library(
    services: Services,
    exchange: Exchange,
    pictures: Sequence[bytes],
    video_file: bytes | None,
    options: EnrolOptions,
    deadline: Deadline,
) -> NewLibrary:
    """Look at everything, keep what differs most, and describe it.

    Raises:
        QuotaExceeded, ImageError, VideoError, FaceError, LibraryLimit, InferenceError,
            DeadlineExceeded: by name.
    """
    await require_bytes(services, exchange.tenant, sum(map(len, pictures)))
    async with AsyncExitStack() as stack:
        video = None
        if video_file is not None:
            video = await stack.enter_async_context(open_video(services, exchange, video_file))
        enrolment = await services.enroller.enrol(
            stills(services, pictures),
            video.frames(gap_s=GAP_S) if video else (),
            count=options.count,
            deadline=deadline,
            timings=exchange.timings,
        )
    kept = ExpressionLibrary.new(options.name, enrolment.entries)
    await services.compute.run(services.expressions.add, exchange.tenant, kept)
    exchange.faces_found = len(kept.entries)
    warnings = [DAMAGED] if video and video.damaged else []
    return new_library(kept, enrolment, warnings)


def match(kept: ExpressionLibrary, wanted: MatchRequest) -> LibraryMatch:
    """Return the entry of a library that is nearest to an expression.

    Raises:
        InvalidOptions: the library has no such entry as `last`.
    """
    if wanted.last is not None and wanted.last >= len(kept.entries):
        raise InvalidOptions(errors=[{"pointer": "/last", "detail": "there is no such entry"}])
    entries = kept.expressions
    # Controls that are not named default to this person's neutral expression.
    asked = from_names(wanted.controls, rest_of(entries))
    return library_match(kept, find_best_match(entries, asked, last=wanted.last))
