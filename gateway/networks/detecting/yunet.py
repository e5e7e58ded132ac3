"""YuNet.

W. Wu et al., "YuNet: A tiny millisecond-level face detector" (Machine Intelligence Research 2023).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gateway.arrays import F32
from gateway.networks.detecting.spec import SIDE_PX, STRIDES, DetectorHits, DetectorSpec, cells
from gateway.networks.tensors import Scale

SCALE = Scale((0, 0, 0), (1 / 255, 1 / 255, 1 / 255))
"""Levels, 0–255."""
SHAPES = tuple(((SIDE_PX // stride) ** 2, width) for width in (1, 1, 4, 10) for stride in STRIDES)
"""Probabilities, trust, boxes and points, each stride by stride."""


def decode(outputs: Sequence[F32], min_score: float) -> DetectorHits:
    """Return the detections of one view.

    The score is the geometric mean of a cell's probability of a face and of the trust in its box,
    each cut to 0–1, as OpenCV has it: so a half has the same meaning here as for other detectors,
    where their product would have to be only a quarter.

    Args:
        outputs: Twelve, float32: of strides 8, 16 and 32 probabilities (A, 1), then trust (A, 1),
            then boxes (A, 4), centre from the cell in strides and logarithms of the sides in
            strides, then points from the cell in strides (A, 10).
        min_score: Detections below it are discarded.
    """
    parts = []
    for level, stride in enumerate(STRIDES):
        probability, trust, boxes, points = outputs[level::3]
        scores = np.sqrt(np.clip(probability[:, 0], 0, 1) * np.clip(trust[:, 0], 0, 1))
        keep = np.flatnonzero(scores >= min_score)
        at = cells(stride)[keep]
        centres = at + boxes[keep, :2] * stride
        half = np.exp(boxes[keep, 2:]) * stride / 2
        parts.append(
            DetectorHits(
                scores[keep],
                np.concatenate([centres - half, centres + half], axis=1),
                at[:, None] + points[keep].reshape(-1, 5, 2) * stride,
            )
        )
    return DetectorHits.joined(parts)


SPECS = (DetectorSpec("yunet", SCALE, SHAPES, batched=True, decode=decode),)
