"""Which faces of a picture lie before others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gateway.arrays import F32
from gateway.faces.face import Face
from gateway.faces.topology import FACE_OVAL


def nearness(face: Face) -> tuple[float, ...]:
    """Return a key that sorts faces from far to near.

    Heads are about equally large, so the larger one is nearer to the camera. The width
    is that of the fitted head: a turned one is not smaller. Place decides between equals, so that
    the order never depends on the order of naming.
    """
    left, _, _, bottom = face.box_xyxy
    return face.quality.width_px, float(bottom), float(left)


def covering(face: Face, faces: Sequence[Face]) -> list[F32]:
    """Return the outlines (36, 2) of those among `faces` that lie before `face` and touch its box.

    x and y in pixels of the picture, pixel centres at whole numbers.
    """
    return [
        np.asarray(other.landmarks[list(FACE_OVAL), :2], np.float32)
        for other in faces
        if other is not face and nearness(other) > nearness(face) and _touch(other, face)
    ]


def _touch(one: Face, other: Face) -> bool:
    low = np.maximum(one.box_xyxy[:2], other.box_xyxy[:2])
    high = np.minimum(one.box_xyxy[2:], other.box_xyxy[2:])
    return bool((high > low).all())
