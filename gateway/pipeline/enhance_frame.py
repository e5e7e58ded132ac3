"""The last step of all: enhancing the whole picture, or every frame of a video."""

from __future__ import annotations

from dataclasses import replace

from gateway.arrays import U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.pipeline.options.swap import SwapOptions
from gateway.pipeline.timings import Timings
from gateway.pipeline.video.context import FrameReport
from gateway.pipeline.video.frame import EditableFrame
from gateway.processors.frame_enhancer import FrameEnhancer


class FrameEnhancement:
    """Enhances one video's frames, or one picture, or leaves them if that is not requested."""

    def __init__(
        self,
        enhancer: FrameEnhancer | None,
        compute: Compute,
        options: SwapOptions,
        timings: Timings,
    ) -> None:
        """Take the enhancer, if any; threads; the requested options; the timer of the stage."""
        self._enhancer = enhancer
        self._compute = compute
        self._scale = options.frame_enhancer_scale
        self._blend = options.frame_enhancer_blend
        self._timings = timings

    async def picture(self, image: U8, deadline: Deadline) -> tuple[U8, str | None]:
        """Return a picture (H, W, 3) RGB, enhanced if requested, and the enhancer's name.

        It is larger if that is requested, too.

        Raises:
            InferenceError, DeadlineExceeded: from a network.
        """
        enhancer = self._enhancer
        if enhancer is None:
            return image, None
        with self._timings.stage("enhance"):
            made = await enhancer.picture(image, self._scale, self._blend, deadline=deadline)
        return made, enhancer.name

    async def frame(
        self, picture: EditableFrame, report: FrameReport, deadline: Deadline
    ) -> FrameReport:
        """Enhance a frame, unless it leads in; return its report with the enhancer's name.

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
