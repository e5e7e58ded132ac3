"""Inputs of a video's processing, and the report of each of its frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.deadline import CallPriority, Deadline
from gateway.pipeline.face.expression_plan import LibraryItem
from gateway.pipeline.options.swap import SwapOptions
from gateway.pipeline.selection.assignments import SourceIdentities
from gateway.pipeline.selection.stored import NO_CONSENTS, UsedConsents
from gateway.pipeline.timings import Timings
from gateway.pipeline.video.cast import VideoCast


@dataclass(frozen=True, slots=True, eq=False)
class VideoFusionContext:
    """Inputs for processing a video, or a part of one.

    Attributes:
        cast: The people in it, and the faces that are changed.
        players: People whose faces may be used.
        options: The requested options.
        timings: Gets the stages' times.
        library: Entries to match expressions with.
        call_s: Seconds that the processing of one frame may take.
        priority: Of its calls of networks.
        consents: What covers the use of faces.
    """

    cast: VideoCast
    players: SourceIdentities
    options: SwapOptions
    timings: Timings
    library: Sequence[LibraryItem] = ()
    call_s: float = 30.0
    priority: CallPriority = CallPriority.VIDEO
    consents: UsedConsents = NO_CONSENTS

    def deadline(self) -> Deadline:
        """Return the deadline of a frame processed now."""
        return Deadline.after(self.call_s, self.priority)


@dataclass(frozen=True, slots=True)
class FrameReport:
    """The report of a frame.

    Attributes:
        faces: How many faces were followed.
        changed: How many were changed.
        interpolated: How many of these no network saw.
        cut: Whether a new shot begins.
        frame_enhancer: Frame enhancer that was applied; None if none was.
        uncertain: How many faces begin to be followed that may be upside down.
    """

    faces: int = 0
    changed: int = 0
    interpolated: int = 0
    cut: bool = False
    frame_enhancer: str | None = None
    uncertain: int = 0
