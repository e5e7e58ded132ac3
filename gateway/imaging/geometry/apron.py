"""Carrying what surrounds a moving outline along with it, ever less with distance."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F64, AnyFloat

RINGS = ((1.08, 0.8), (1.18, 0.45), (1.28, 0.15), (1.4, 0.0))
"""Distance of each ring from the middle, the outline being 1, and its share of the motion."""


def apron(before: AnyFloat, after: AnyFloat) -> tuple[F64, F64]:
    """Return rings around a closed outline, before and after it moved.

    Args:
        before: (n, 2) outline.
        after: (n, 2) the same points later.

    Returns:
        Two float64 arrays (len(RINGS) · n, 2), ring by ring; the last one does not move.
    """
    middle = np.asarray(before, np.float64).mean(0)
    moved = np.asarray(after, np.float64) - before
    earlier = np.concatenate([middle + far * (before - middle) for far, _ in RINGS])
    return earlier, earlier + np.concatenate([share * moved for _, share in RINGS])


@cache
def apron_triangles(n: int) -> NDArray[np.int32]:
    """Return triangles (T, 3) between an outline of `n` points and its rings.

    Indices 0 … n - 1 are the outline's, the rings' follow in their order.
    """
    start = np.arange(n)
    following = (start + 1) % n
    bands = []
    for ring in range(len(RINGS)):
        a, b = start + ring * n, following + ring * n
        bands += [np.stack([a, b, a + n], 1), np.stack([b, b + n, a + n], 1)]
    out = np.concatenate(bands).astype(np.int32)
    out.setflags(write=False)
    return out
