"""How far each landmark lies from the borders that matter, measured on the mean face.

Interpolated over the mesh these become masks: smooth, glued to the face, foreshortened with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from gateway.arrays import F32
from gateway.faces.topology import (
    FACE_OVAL,
    LEFT_EYE,
    LIPS_INNER,
    N_MESH,
    RIGHT_EYE,
    topology,
)


@cache
def distance_to_outline() -> F32:
    """Return (468,), distance of each landmark to the face's outline in inter-ocular distances."""
    return _distance_to_ring(FACE_OVAL)


@cache
def distance_to_eyes() -> F32:
    """Return (468,), distance to the nearer eye's opening; 0 on its rim."""
    return np.minimum(_distance_to_ring(RIGHT_EYE), _distance_to_ring(LEFT_EYE))


@cache
def distance_to_mouth() -> F32:
    """Return (468,), distance to the mouth's opening; 0 on the inner rim of the lips."""
    return _distance_to_ring(LIPS_INNER)


def _distance_to_ring(ring: Sequence[int]) -> F32:
    """Distance in space from every mean landmark to a closed polyline of landmarks."""
    points = topology().mean[:N_MESH].astype(np.float64)
    start = points[list(ring)]
    along = np.roll(start, -1, axis=0) - start
    offset = points[:, None] - start
    t = np.clip((offset * along).sum(-1) / (along**2).sum(-1), 0, 1)
    away = np.linalg.norm(offset - t[..., None] * along, axis=-1)
    distance: F32 = np.asarray(away.min(1), np.float32)
    distance[list(ring)] = 0
    distance.setflags(write=False)
    return distance
