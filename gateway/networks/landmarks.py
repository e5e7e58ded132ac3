"""The 68 points of iBUG 300-W on faces that a detector found.

2D-FAN: A. Bulat and G. Tzimiropoulos, "How far are we from solving the 2D & 3D face alignment
problem?" (ICCV 2017).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F32, F64, U8, AnyFloat
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.imaging.color.contrast import lightened
from gateway.imaging.geometry.warp import crop_affine
from gateway.inference.protocol import Inference
from gateway.networks.tensors import UNIT, answer_of, planes_of

POINTS = 68
SIDE_PX = 256
FACE_PX = 195.0
"""Longer side of a face's box in its crop."""
GRID = 64
"""Units that the networks count along the crop's side."""


@dataclass(frozen=True, slots=True)
class LandmarkSpec:
    """One landmarker.

    Attributes:
        name: Of the model.
        heatmaps: Whether its second output is the confidence; else each point's third number.
        sure: Mean certainty that counts as 1.
    """

    name: str
    heatmaps: bool
    sure: float


LANDMARKERS: Mapping[str, LandmarkSpec] = {
    spec.name: spec
    for spec in (LandmarkSpec("2dfan4", True, 0.9), LandmarkSpec("peppa_wutz", False, 0.95))
}
"""All landmarkers, by name."""


class Landmarker:
    """Runs a landmarker."""

    def __init__(self, spec: LandmarkSpec, inference: Inference, compute: Compute) -> None:
        """Take one of `LANDMARKERS`, what runs it, and what runs the array work."""
        self.spec = spec
        self._inference = inference
        self._compute = compute

    async def landmarks(
        self, image: U8, boxes: AnyFloat, turns: Sequence[int], *, deadline: Deadline
    ) -> tuple[F32, F32]:
        """Return the points (N, 68, 2) of faces, in pixels of the picture, and how sure they are.

        Args:
            image: uint8 RGB (H, W, 3).
            boxes: (N, 4), left, top, right, bottom of each face, in pixels of the picture.
            turns: By how many quarters clockwise each face lies on its side.
            deadline: When the answer is of no use any more.

        Returns:
            float32 (N, 68, 2), and float32 (N,), 0–1.

        Raises:
            UnknownModel: the network has not been installed.
            InferenceError, DeadlineExceeded: from the network.
        """
        if not len(boxes):
            return np.zeros((0, POINTS, 2), np.float32), np.zeros(0, np.float32)
        matrices = [crop_of_box(box) for box in boxes]

        def tensor() -> F32:
            crops = [
                np.rot90(lightened(crop_affine(image, matrix, SIDE_PX)), turn)
                for matrix, turn in zip(matrices, turns, strict=True)
            ]
            return planes_of(np.stack(crops)[..., ::-1], UNIT)

        planes = await self._compute.run(tensor)
        outputs = await self._inference.infer(self.spec.name, {"input": planes}, deadline=deadline)
        told = answer_of(self.spec.name, outputs, (len(boxes), POINTS, 3))
        points = [
            in_image(one[:, :2], matrix, turn)
            for one, matrix, turn in zip(told, matrices, turns, strict=True)
        ]
        return np.asarray(np.stack(points), np.float32), self._scores(told, outputs)

    def _scores(self, told: F32, outputs: Mapping[str, NDArray[Any]]) -> F32:
        """Return how sure all points of a face are, (N,), 0–1."""
        if self.spec.heatmaps:
            shape = (len(told), POINTS, GRID, GRID)
            certain = answer_of(self.spec.name, outputs, shape, place=1).max((2, 3))
        else:
            certain = told[..., 2]
        return np.asarray(np.clip(certain.mean(1) / self.spec.sure, 0, 1), np.float32)


def crop_of_box(box: AnyFloat) -> F64:
    """Return where a crop around a box (4,) lies, `crop_from_image` (2, 3)."""
    low, high = np.asarray(box[:2], np.float64) + 0.5, np.asarray(box[2:], np.float64) + 0.5
    scale = FACE_PX / max(float((high - low).max()), 1.0)
    offset = (SIDE_PX - (low + high) * scale) / 2
    # From edges to centres of pixels, on both sides.
    return np.column_stack([np.eye(2) * scale, offset + 0.5 * scale - 0.5])


def in_image(points: AnyFloat, crop_from_image: AnyFloat, turn: int) -> F64:
    """Return points (P, 2) of a crop that was turned upright, where they are in the picture.

    Args:
        points: In units of the network's grid, 0 at the crop's edge.
        crop_from_image: (2, 3), where the crop lies.
        turn: Quarters by which it was turned counter-clockwise.
    """
    middle = np.asarray(points, np.float64) / GRID - 0.5
    for _ in range(turn % 4):  # back, clockwise: x to the right becomes y downwards
        middle = np.stack([-middle[:, 1], middle[:, 0]], 1)
    crop = (middle + 0.5) * SIDE_PX - 0.5
    linear = np.asarray(crop_from_image[:, :2], np.float64)
    return np.asarray((crop - crop_from_image[:, 2]) @ np.linalg.inv(linear).T)
