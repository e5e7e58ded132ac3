"""Common interface of third-party detectors: their inputs and outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gateway.arrays import F32
from gateway.networks.tensors import Scale

SIDE_PX = 640
"""Side of the square that all of them look at."""
STRIDES = (8, 16, 32)
"""Pixels between neighbouring cells of the three grids that most of them answer on."""


@dataclass(frozen=True, slots=True, eq=False)
class DetectorHits:
    """A detector's output for one view, in pixels of its input counted from the edge.

    Attributes:
        scores: float32 (D,), 0–1.
        boxes: float32 (D, 4) left, top, right, bottom.
        points: float32 (D, 5, 2) image-left eye, image-right eye, nose tip, mouth corners.
    """

    scores: F32
    boxes: F32
    points: F32

    @classmethod
    def joined(cls, parts: Sequence[DetectorHits]) -> DetectorHits:
        """Return several as one."""
        return cls(
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.boxes for part in parts]),
            np.concatenate([part.points for part in parts]),
        )


@dataclass(frozen=True, slots=True)
class DetectorSpec:
    """One detector. All look at BGR, in a square (640, 640).

    Attributes:
        name: Of the model.
        scale: How it counts light.
        shapes: The shapes of its outputs for one view.
        batched: Whether it processes several views in one call.
        decode: Takes these outputs of one view and the least score, returns the detections.
    """

    name: str
    scale: Scale
    shapes: tuple[tuple[int, ...], ...]
    batched: bool
    decode: Callable[[Sequence[F32], float], DetectorHits]


def cells(stride: int) -> F32:
    """Return where the cells of a grid begin, float32 (n, 2) x and y in pixels, row by row."""
    axis = np.arange(SIDE_PX // stride, dtype=np.float32) * stride
    return np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
