"""`frame_enhancer`: enhances a whole picture, or every frame of a video."""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol

import numpy as np

from gateway.arrays import U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.imaging.blend.composite import composite
from gateway.imaging.enhance.degradation import EVERY_S, Condition, condition_of, steadied
from gateway.imaging.enhance.frame import luma_of, restore_planes
from gateway.imaging.geometry.warp import Region, enlarge, shrink_area
from gateway.imaging.video.planes import Coding, Planes, put_back, rgb_of
from gateway.networks.upscaling import Upscaler

CLASSICAL = "classical"
TILES = 8
"""Tiles of a picture that go to a network in one request."""
PICTURE = Coding(8, full=True, matrix="identity")
"""The meaning of a picture's sample values."""


class FrameEnhancer(Protocol):
    """Enhances the frames of one video, which come in their order; or one picture."""

    name: str

    async def look(self, planes: Planes, time_s: Fraction, *, cut: bool) -> None:
        """Look at a frame, before it is changed or because it leads in.

        Args:
            planes: The frame; left as it is.
            time_s: When it is shown.
            cut: Whether it has nothing to do with the one before.
        """
        ...

    async def picture(self, image: U8, scale: int, blend: float, *, deadline: Deadline) -> U8:
        """Return a single picture, enhanced and `scale` times as large: uint8 (H·k, W·k, 3) RGB.

        Args:
            image: uint8 (H, W, 3) RGB.
            scale: 1, unless the enhancer can make pictures larger.
            blend: Share of the enhanced picture in the blend, 0–1.
            deadline: When the answer is of no use any more.

        Raises:
            InferenceError, DeadlineExceeded: from a network.
        """
        ...

    async def process(self, planes: Planes, blend: float, *, deadline: Deadline) -> None:
        """Enhance the frame that was analysed last, in place.

        Args:
            planes: The frame.
            blend: Share of the enhanced picture in the blend, 0–1.
            deadline: When the answer is of no use any more.

        Raises:
            DeadlineExceeded: it is too late.
        """
        ...


class ClassicalFrameEnhancer:
    """`frame_enhancer` without a network: its strength follows smoothed measurements."""

    name: str = CLASSICAL

    def __init__(self, compute: Compute) -> None:
        """Take the threads to compute in."""
        self._compute = compute
        self._measured: Condition | None = None
        self._condition: Condition | None = None
        self._measured_s = self._looked_s = Fraction(0)

    async def look(self, planes: Planes, time_s: Fraction, *, cut: bool) -> None:
        """Measure a frame's degradation, now and then; see `FrameEnhancer.look`."""
        before, found = (None, None) if cut else (self._condition, self._measured)
        if found is None or time_s - self._measured_s >= EVERY_S:
            found = await self._compute.run(_condition_of, planes)
            self._measured_s = time_s
        self._measured = found
        # It goes a little with each frame: measurements must not be visible.
        dt_s = float(time_s - self._looked_s)
        self._condition = found if before is None else steadied(found, before, dt_s)
        self._looked_s = time_s

    async def picture(self, image: U8, scale: int, blend: float, *, deadline: Deadline) -> U8:
        """Return a picture as large as it was; see `FrameEnhancer.picture`."""
        red, green, blue = await self._compute.run(_colors, image)
        planes = Planes(green, (blue, red), green.shape, coding=PICTURE)
        await self.look(planes, Fraction(0), cut=True)
        await self.process(planes, blend, deadline=deadline)
        return await self._compute.run(lambda: np.stack([red, green, blue], -1))

    async def process(self, planes: Planes, blend: float, *, deadline: Deadline) -> None:
        """Take out and steepen as measured; see `FrameEnhancer.process`."""
        deadline.check()
        if self._condition is not None:
            await self._compute.run(restore_planes, planes, self._condition, blend)


def _condition_of(planes: Planes) -> Condition:
    luma, coding = luma_of(planes)
    return condition_of(luma, planes.size, coding)


def _colors(image: U8) -> list[U8]:
    return [np.ascontiguousarray(image[..., k]) for k in range(3)]


class NetworkFrameEnhancer:
    """`frame_enhancer` with a network of super-resolution; frames of videos keep their size."""

    def __init__(self, network: Upscaler, compute: Compute) -> None:
        """Take the network, and the threads to compute in."""
        self.name: str = network.spec.name
        self._network = network
        self._compute = compute

    async def look(self, planes: Planes, time_s: Fraction, *, cut: bool) -> None:
        """Do nothing: its output for a frame depends on that frame alone."""

    async def picture(self, image: U8, scale: int, blend: float, *, deadline: Deadline) -> U8:
        """Return a picture, larger if requested; see `FrameEnhancer.picture`."""
        made = await self._network.upscale(image, deadline=deadline, batch=TILES)
        return await self._compute.run(_mixed, image, made, scale, blend)

    async def process(self, planes: Planes, blend: float, *, deadline: Deadline) -> None:
        """Write back the network's enhancement of a frame; see `FrameEnhancer.process`."""
        height, width = planes.shape
        whole = Region(0, 0, width, height)
        before = await self._compute.run(rgb_of, planes, whole)
        after = await self.picture(before, 1, blend, deadline=deadline)
        await self._compute.run(put_back, planes, whole, before, after)


def _mixed(image: U8, made: U8, scale: int, blend: float) -> U8:
    """Return a picture (H, W, 3) at `scale` times its size, blended with the network's output."""
    finer = made.shape[1] / (image.shape[1] * scale)
    if finer != 1:
        made, _ = shrink_area(made, finer)
    if scale != 1:
        image, _ = enlarge(image, scale)
    return composite(image, made, np.full(image.shape[:2], blend, np.float32))
