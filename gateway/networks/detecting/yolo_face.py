"""YOLO for faces, after YOLOv8 (G. Jocher et al., 2023), with five points to each box."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gateway.arrays import F32
from gateway.networks.detecting.spec import SIDE_PX, STRIDES, DetectorHits, DetectorSpec
from gateway.networks.tensors import UNIT

SHAPES = ((20, sum((SIDE_PX // stride) ** 2 for stride in STRIDES)),)


def decode(outputs: Sequence[F32], min_score: float) -> DetectorHits:
    """Return the detections of one view.

    Args:
        outputs: One, float32 (20, A): centre x, y, width and height in pixels, the score, and x, y
            and confidence of five points.
        min_score: Detections below it are discarded.
    """
    found = outputs[0][:, outputs[0][4] >= min_score].T
    centres, half = found[:, :2], found[:, 2:4] / 2
    boxes = np.concatenate([centres - half, centres + half], axis=1)
    return DetectorHits(found[:, 4], boxes, found[:, 5:].reshape(-1, 5, 3)[..., :2])


SPECS = (DetectorSpec("yolo_face", UNIT, SHAPES, batched=True, decode=decode),)
