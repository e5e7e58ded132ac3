"""The very last step: making the whole picture clearer, or every frame of a film."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from gateway.arrays import U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.imaging.planes import Coding, Planes
from gateway.pipeline.film.picture import FilmPicture
from gateway.pipeline.film.production import FrameReport
from gateway.pipeline.options import SwapOptions
from gateway.pipeline.timings import Timings
from gateway.processors.frame_enhancer import ClassicalFrameEnhancer, FrameEnhancer

PICTURE = Coding(8, full=True, matrix="identity")
"""What the numbers of a picture mean."""


class FrameEnhancement:
    """Makes one film's frames clearer, or one picture, or leaves them if that is not asked for."""

    def __init__(self, compute: Compute, options: SwapOptions, timings: Timings) -> None:
        """Take the threads for imaging work, what is asked for, and what gets the stage's time."""
        self._enhancer = frame_enhancer_for(options, compute)
        self._compute = compute
        self._blend = options.frame_enhancer_blend
        self._timings = timings

    async def picture(self, image: U8, deadline: Deadline) -> tuple[U8, str | None]:
        """Return a picture (H, W, 3) RGB, clearer if asked for, and who did it.

        Raises:
            DeadlineExceeded: it is too late.
        """
        enhancer = self._enhancer
        if enhancer is None:
            return image, None
        with self._timings.stage("enhance"):
            red, green, blue = await self._compute.run(_colours, image)
            planes = Planes(green, (blue, red), green.shape, coding=PICTURE)
            await enhancer.look(planes, Fraction(0), cut=True)
            await enhancer.process(planes, self._blend, deadline=deadline)
            return await self._compute.run(lambda: np.stack([red, green, blue], -1)), enhancer.name

    async def frame(
        self, picture: FilmPicture, report: FrameReport, deadline: Deadline
    ) -> FrameReport:
        """Make a frame clearer, unless it leads in; return its report with who did it.

        Raises:
            DeadlineExceeded: it is too late.
        """
        enhancer = self._enhancer
        if enhancer is None:
            return report
        with self._timings.stage("enhance"):
            seen = picture.planes(change=False)
            await enhancer.look(seen, picture.time_s, cut=report.cut)
            if picture.lead_in:
                return report
            ours = await self._compute.run(lambda: picture.planes(change=True))
            await enhancer.process(ours, self._blend, deadline=deadline)
        return replace(report, frame_enhancer=enhancer.name)


def frame_enhancer_for(options: SwapOptions, compute: Compute) -> FrameEnhancer | None:
    """Return who is to make frames clearer; None if that is not asked for."""
    if "frame_enhancer" not in options.processors or options.frame_enhancer_blend == 0:
        return None
    return ClassicalFrameEnhancer(compute)


def _colours(image: U8) -> list[U8]:
    return [np.ascontiguousarray(image[..., k]) for k in range(3)]
