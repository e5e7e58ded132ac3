"""Frames of a live stream on their way: those that wait, and what becomes of each."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from gateway.errors import SemblantError
from gateway.faces.face import Face
from gateway.pipeline.timings import Timings
from gateway.pipeline.video.context import FrameReport
from gateway.pipeline.video.face_tracking import TrackedFace
from gateway.pipeline.video.frame import EditableFrame

T = TypeVar("T")
Drop = Literal["block", "oldest"]
"""What happens to a frame for which the window has no room: it is waited for room, or the oldest
frame that waits is dropped."""
MOST_UNTOLD = 1000
"""Dropped frames that nobody was told of yet, from which on nothing more is read."""


@dataclass(frozen=True, slots=True)
class LiveFrame:
    """A frame that has arrived.

    Attributes:
        timestamp_us: The sender's.
        open: Returns the frame; called in a thread. What it raises is the frame's own fault.
        arrived: When it came, on `time.monotonic`'s scale.
    """

    timestamp_us: int
    open: Callable[[], EditableFrame]
    arrived: float = field(default_factory=time.monotonic)


@dataclass(slots=True)
class LiveOutcome:
    """What became of a frame.

    Attributes:
        index: Of the frame, in the order of arrival, from 0.
        timestamp_us: The sender's.
        data: What `close` made of the changed frame; None if there is an error, or it was dropped.
        report: Of its faces.
        error: Why it could not be changed.
        dropped: Whether there was no room for it.
        latency_s: Seconds from its arrival to its answer.
        timings: Seconds by stage.
        arrived: When it came, see `LiveFrame`.
        open: Returns the frame; None once that is done, or not wanted any more.
        picture: The frame, while it is worked on.
        sightings: The people in it, likewise.
        faces: Their faces, by their tracks, likewise.
    """

    index: int
    timestamp_us: int
    data: bytes | None = None
    report: FrameReport = field(default_factory=FrameReport)
    error: SemblantError | None = None
    dropped: bool = False
    latency_s: float = 0.0
    timings: Timings = field(default_factory=Timings)
    arrived: float = field(default_factory=time.monotonic)
    open: Callable[[], EditableFrame] | None = None
    picture: EditableFrame | None = None
    sightings: Sequence[TrackedFace] = ()
    faces: Mapping[int, Face] = field(default_factory=dict)

    def answered(self) -> LiveOutcome:
        """Return it, its latency measured and nothing held that is not answered."""
        self.latency_s = time.monotonic() - self.arrived
        self.open = self.picture = None
        self.sightings, self.faces = (), {}
        return self


class Window:
    """The frames that wait, with those that were dropped in their places."""

    def __init__(self, most: int, drop: Drop) -> None:
        self._most, self._drop = most, drop
        self._frames: deque[LiveOutcome] = deque()
        self._count = 0
        self._waiting = 0
        self._ended = False
        self._woken = asyncio.Event()
        self._room = asyncio.Event()

    async def put(self, frame: LiveFrame) -> None:
        """Add a frame, once there is room, or in an older one's place."""
        while self._full():
            self._room.clear()
            await self._room.wait()
        if self._waiting >= self._most:
            oldest = next(one for one in self._frames if not one.dropped)
            oldest.dropped, oldest.open = True, None
            self._waiting -= 1
        one = LiveOutcome(self._count, frame.timestamp_us, open=frame.open, arrived=frame.arrived)
        self._frames.append(one)
        self._count += 1
        self._waiting += 1
        self._woken.set()

    async def get(self) -> LiveOutcome | None:
        """Return the next frame, once there is one; None after the last."""
        while not self._frames:
            if self._ended:
                return None
            self._woken.clear()
            await self._woken.wait()
        frame = self._frames.popleft()
        self._waiting -= not frame.dropped
        self._room.set()
        return frame

    def end(self) -> None:
        """Add no more."""
        self._ended = True
        self._woken.set()

    def _full(self) -> bool:
        most = self._most if self._drop == "block" else MOST_UNTOLD
        return len(self._frames) >= most


async def next_from(
    queue: asyncio.Queue[T | None], working: Sequence[asyncio.Task[None]]
) -> T | None:
    """Return the next of a queue that tasks fill.

    Raises:
        Exception: whatever one of them has raised.
    """
    getting = asyncio.ensure_future(queue.get())
    try:
        await asyncio.wait({getting, *working}, return_when=asyncio.FIRST_COMPLETED)
        while not getting.done():
            for task in working:
                if task.done():
                    task.result()
            pending = [task for task in working if not task.done()]
            await asyncio.wait({getting, *pending}, return_when=asyncio.FIRST_COMPLETED)
        return getting.result()
    finally:
        getting.cancel()
