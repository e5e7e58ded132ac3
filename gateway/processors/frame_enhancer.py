"""`frame_enhancer`: makes a whole picture clearer, or every frame of a film."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal, Protocol

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.imaging.condition import EVERY_S, Condition, condition_of, steadied
from gateway.imaging.planes import Planes
from gateway.imaging.restore import luma_of, restore_planes

FrameEnhancerModel = Literal["auto", "classical"]
CLASSICAL = "classical"


class FrameEnhancer(Protocol):
    """Makes the frames of one film clearer, which come in their order; or one picture."""

    name: str

    async def look(self, planes: Planes, time_s: Fraction, *, cut: bool) -> None:
        """Look at a frame, before it is changed or because it leads in.

        Args:
            planes: The frame; left as it is.
            time_s: When it is shown.
            cut: Whether it has nothing to do with the one before.
        """
        ...

    async def process(self, planes: Planes, blend: float, *, deadline: Deadline) -> None:
        """Make the frame that was looked at last clearer, in place.

        Args:
            planes: The frame.
            blend: How much of the clearer one is mixed in, 0–1.
            deadline: When the answer is of no use any more.

        Raises:
            DeadlineExceeded: it is too late.
        """
        ...


class ClassicalFrameEnhancer:
    """`frame_enhancer` without a network: what it does follows what was measured, steadily."""

    name: str = CLASSICAL

    def __init__(self, compute: Compute) -> None:
        """Take the threads to compute in."""
        self._compute = compute
        self._measured: Condition | None = None
        self._condition: Condition | None = None
        self._measured_s = self._looked_s = Fraction(0)

    async def look(self, planes: Planes, time_s: Fraction, *, cut: bool) -> None:
        """Measure what a frame suffers from, now and then; see `FrameEnhancer.look`."""
        before, found = (None, None) if cut else (self._condition, self._measured)
        if found is None or time_s - self._measured_s >= EVERY_S:
            found = await self._compute.run(_condition_of, planes)
            self._measured_s = time_s
        self._measured = found
        # It goes a little with each frame: nobody is to see when it was measured.
        dt_s = float(time_s - self._looked_s)
        self._condition = found if before is None else steadied(found, before, dt_s)
        self._looked_s = time_s

    async def process(self, planes: Planes, blend: float, *, deadline: Deadline) -> None:
        """Take out and steepen as measured; see `FrameEnhancer.process`."""
        deadline.check()
        if self._condition is not None:
            await self._compute.run(restore_planes, planes, self._condition, blend)


def _condition_of(planes: Planes) -> Condition:
    luma, coding = luma_of(planes)
    return condition_of(luma, planes.size, coding)
