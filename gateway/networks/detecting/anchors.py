"""SCRFD and RetinaFace as InsightFace trained them: two anchors in every cell of three grids.

J. Guo et al., "Sample and computation redistribution for efficient face detection" (ICLR 2022);
J. Deng et al., "RetinaFace: Single-shot multi-level face localisation in the wild" (CVPR 2020).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gateway.arrays import F32
from gateway.networks.detecting.spec import SIDE_PX, STRIDES, DetectorHits, DetectorSpec, cells
from gateway.networks.tensors import Scale

ANCHORS = 2
"""Anchors of a cell; they lie in one place."""
SCALE = Scale((0.5, 0.5, 0.5), (128 / 255, 128 / 255, 128 / 255))
"""(level - 127.5) / 128."""
SHAPES = tuple(
    (ANCHORS * (SIDE_PX // stride) ** 2, width) for width in (1, 4, 10) for stride in STRIDES
)
"""Scores, distances and points, each stride by stride."""


def decode(outputs: Sequence[F32], min_score: float) -> DetectorHits:
    """Return the detections of one view.

    Args:
        outputs: Nine, float32: of strides 8, 16 and 32 scores (A, 1), then distances from the
            anchor to the box's left, top, right and bottom (A, 4), then points from the anchor
            (A, 10), both in strides.
        min_score: Detections below it are discarded.
    """
    parts = []
    for level, stride in enumerate(STRIDES):
        scores, boxes, points = outputs[level::3]
        keep = np.flatnonzero(scores[:, 0] >= min_score)
        at = np.repeat(cells(stride), ANCHORS, axis=0)[keep]
        far = boxes[keep] * stride
        parts.append(
            DetectorHits(
                scores[keep, 0],
                np.concatenate([at - far[:, :2], at + far[:, 2:]], axis=1),
                at[:, None] + points[keep].reshape(-1, 5, 2) * stride,
            )
        )
    return DetectorHits.joined(parts)


SPECS = tuple(
    DetectorSpec(name, SCALE, SHAPES, batched=False, decode=decode)
    for name in ("scrfd_2.5g", "retinaface_10g")
)
