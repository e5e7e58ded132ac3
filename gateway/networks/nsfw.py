"""Whether pictures are fit for everybody's eyes, by three networks that vote."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gateway.arrays import F32, U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.imaging.geometry.warp import crop_affine
from gateway.inference.protocol import Inference
from gateway.networks.tensors import SIGNED, UNIT, Scale, answer_of, planes_of

CLIP = Scale((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
"""Mean and deviation of the pictures that CLIP was trained with (A. Radford et al., 2021)."""


@dataclass(frozen=True, slots=True)
class NsfwSpec:
    """One of the networks.

    Attributes:
        name: Of the model.
        side_px: Side of the square a picture is laid into.
        scale: How it counts light.
        shape: Of what it answers about one picture.
        margin: Reads that, (N, …): how far beyond what is fit each picture is; (N,).
    """

    name: str
    side_px: int
    scale: Scale
    shape: tuple[int, ...]
    margin: Callable[[F32], F32]


def _worst_class(told: F32) -> F32:
    """Of boxes (N, 9, B) the last five rows are scores."""
    return np.asarray(told[:, 4:].max((1, 2)) - np.float32(0.2), np.float32)


def _first_over_second(told: F32) -> F32:
    return np.asarray(told[:, 0] - told[:, 1] - np.float32(0.25), np.float32)


def _upper_over_lower(told: F32) -> F32:
    return np.asarray(told[:, 2:].sum(1) - told[:, :2].sum(1) - np.float32(10.5), np.float32)


NSFW: Mapping[str, NsfwSpec] = {
    spec.name: spec
    for spec in (
        NsfwSpec("nsfw_1", 640, UNIT, (9, 8400), _worst_class),
        NsfwSpec("nsfw_2", 384, SIGNED, (2,), _first_over_second),
        NsfwSpec("nsfw_3", 448, CLIP, (4,), _upper_over_lower),
    )
}
"""All of them, by name."""
MAJORITY = 2


class ContentAnalyser:
    """Asks the networks."""

    def __init__(self, inference: Inference, compute: Compute) -> None:
        """Take what runs them, and what runs the array work."""
        self._inference = inference
        self._compute = compute

    async def unfit(self, pictures: Sequence[U8], *, deadline: Deadline) -> list[bool]:
        """Return of each picture whether two of the three networks find it unfit.

        Args:
            pictures: uint8 RGB (H, W, 3) each.
            deadline: When the answer is of no use any more.

        Raises:
            UnknownModel: one of the networks has not been pulled.
            InferenceError, DeadlineExceeded: from a network.
        """
        asked = (self.margins(spec, pictures, deadline=deadline) for spec in NSFW.values())
        votes = np.stack(await asyncio.gather(*asked)) > 0
        return [bool(count >= MAJORITY) for count in votes.sum(0)]

    async def margins(self, spec: NsfwSpec, pictures: Sequence[U8], *, deadline: Deadline) -> F32:
        """Return how far beyond what is fit each picture is (N,), by one network; 0 is the border.

        Raises:
            UnknownModel: the network has not been pulled.
            InferenceError, DeadlineExceeded: from the network.
        """
        if not len(pictures):
            return np.zeros(0, np.float32)

        def tensor() -> F32:
            squares = np.stack([laid_into(picture, spec.side_px) for picture in pictures])
            return planes_of(squares, spec.scale)

        planes = await self._compute.run(tensor)
        outputs = await self._inference.infer(spec.name, {"input": planes}, deadline=deadline)
        return spec.margin(answer_of(spec.name, outputs, (len(pictures), *spec.shape)))


def laid_into(picture: U8, side_px: int) -> U8:
    """Return a picture (H, W, 3) as large as fits into the middle of a black square (S, S, 3)."""
    height, width = picture.shape[:2]
    scale = side_px / max(height, width)
    free = (side_px - scale * np.array([width, height])) / 2
    return crop_affine(
        picture, np.column_stack([np.eye(2) * scale, free + 0.5 * scale - 0.5]), side_px
    )
