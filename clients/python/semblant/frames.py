"""Frames of live streams, as they are sent and come back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.errors import SemblantError
from semblant.calls import Pixels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

AnyFrame = bytes | Pixels | tuple[int, bytes | Pixels]
"""A frame, or its time in microseconds and the frame.

Arrays are uint8: (H, W, 3) for `rgb24`, (H * 3 / 2, W) for `i420` and `nv12`. Times rise; frames
without one have that of the moment they are taken.
"""


@dataclass(frozen=True, slots=True)
class StreamedFrame:
    """What became of a frame.

    Attributes:
        index: Of the frame, from 0, in the order they were sent.
        timestamp_us: The frame's time, microseconds.
        data: The frame, in the stream's format: an array, uint8, of the shape that was sent, or
            bytes where bytes were sent; None if it was dropped or has an error.
        faces_found: Faces it shows.
        faces_swapped: Those that were changed.
        latency_ms: Milliseconds from its arrival at the server to its answer.
        timings_ms: Milliseconds by stage; `queue` is the time it waited.
        error: Why it could not be changed; the stream goes on.
        dropped: Whether there was no room for it.
    """

    index: int
    timestamp_us: int
    data: NDArray[np.uint8] | bytes | Any | None = field(repr=False)
    faces_found: int
    faces_swapped: int
    latency_ms: float
    timings_ms: Mapping[str, float]
    error: SemblantError | None
    dropped: bool
