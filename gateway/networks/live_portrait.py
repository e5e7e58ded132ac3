"""Gives faces another expression: LivePortrait's networks, without its stitching."""

from __future__ import annotations

import asyncio

import numpy as np

from gateway.arrays import F32, U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.alignment import Template
from gateway.imaging.geometry.warp import shrink_area
from gateway.inference.protocol import Inference
from gateway.networks.keypoints import NUMBER, Motion, placed, wished
from gateway.networks.tensors import UNIT, answer_of, pixels_of, planes_of

FEATURE_EXTRACTOR = "live_portrait_feature_extractor"
MOTION_EXTRACTOR = "live_portrait_motion_extractor"
GENERATOR = "live_portrait_generator"
MODELS = (FEATURE_EXTRACTOR, MOTION_EXTRACTOR, GENERATOR)
TEMPLATE: Template = "arcface_128"
SIDE_PX = 512
SEEN_PX = 256
"""Side of the extractors' input."""
VOLUME = (32, 16, 64, 64)
"""A face's features: channels, depth, height, width."""


class LivePortrait:
    """Runs the three networks."""

    def __init__(self, inference: Inference, compute: Compute) -> None:
        """Take what runs the networks, and what runs the array work."""
        self._inference = inference
        self._compute = compute

    async def express(
        self,
        shown: U8,
        wanted: U8,
        *,
        factor: float,
        upper: bool,
        lower: bool,
        deadline: Deadline,
    ) -> U8:
        """Return faces (N, 512, 512, 3) with the expressions of others, held as they were.

        Args:
            shown: uint8 RGB (N, 512, 512, 3), the faces, aligned to `TEMPLATE`.
            wanted: uint8 RGB (N, 512, 512, 3), whose expression each is to show.
            factor: How much of that, 0–1.
            upper: Whether eyes and brows are to show it.
            lower: Whether mouth and jaw are.
            deadline: When the answer is of no use any more.

        Returns:
            uint8 RGB (N, 512, 512, 3).

        Raises:
            UnknownModel: a network has not been installed.
            InferenceError, DeadlineExceeded: from a network.
        """
        number = len(shown)
        if not number:
            return shown.copy()
        planes = await self._compute.run(_seen, np.concatenate([shown, wanted]))
        motion, volume = await asyncio.gather(
            self._motion(planes, deadline), self._features(planes[:number], deadline)
        )
        own, others = motion.part(0, number), motion.part(number, 2 * number)
        expression = wished(own.expression, others.expression, factor, upper=upper, lower=lower)
        # The graph names the driving motion `source`, and the original one `target`.
        given = {
            "feature_volume": volume,
            "source": placed(own, expression),
            "target": placed(own, own.expression),
        }
        outputs = await self._inference.infer(GENERATOR, given, deadline=deadline)

        def made() -> U8:
            shape = (number, 3, SIDE_PX, SIDE_PX)
            return pixels_of(answer_of(GENERATOR, outputs, shape), UNIT)

        return await self._compute.run(made)

    async def _motion(self, planes: F32, deadline: Deadline) -> Motion:
        """Return how faces on planes (N, 3, 256, 256) are held and what they show."""
        outputs = await self._inference.infer(
            MOTION_EXTRACTOR, {"input": planes}, deadline=deadline
        )
        rows = len(planes)
        shapes = ((1,), (1,), (1,), (1,), (3,), (NUMBER, 3), (NUMBER, 3))
        pitch, yaw, roll, scale, translation, expression, points = (
            answer_of(MOTION_EXTRACTOR, outputs, (rows, *shape), place=place, loose=True)
            for place, shape in enumerate(shapes)
        )
        angles = np.concatenate([pitch, yaw, roll], axis=1)
        return Motion(angles, scale, translation, expression, points)

    async def _features(self, planes: F32, deadline: Deadline) -> F32:
        outputs = await self._inference.infer(
            FEATURE_EXTRACTOR, {"input": planes}, deadline=deadline
        )
        return answer_of(FEATURE_EXTRACTOR, outputs, (len(planes), *VOLUME))


def _seen(crops: U8) -> F32:
    """Return crops (N, 512, 512, 3) as the extractors see them: (N, 3, 256, 256), 0–1."""
    return planes_of(np.stack([shrink_area(crop, SIDE_PX / SEEN_PX)[0] for crop in crops]), UNIT)
