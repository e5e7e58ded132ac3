"""Where an expression folds the skin, and how another picture's folds are put there."""

from __future__ import annotations

import numpy as np

from gateway.arrays import F32, U8, AnyFloat
from gateway.faces.regions import distance_to_eyes, distance_to_mouth
from gateway.faces.topology import neighbour_mean
from gateway.imaging.enhance.detail import with_folds
from gateway.imaging.masks.soft import smoothstep

# Folds, in inter-ocular distances: their least and greatest width, and from which motion of the
# skin on they differ a little, and fully.
FINE_FOLD, COARSE_FOLD = 0.022, 0.09
FOLDS_FROM, FOLDS_FULLY = 0.03, 0.16

FOLDS_SEEN = 0.01
"""Weight from which on folds are worth looking for."""
FOLDS_SHARE = 0.5
"""The rest are a person's own, independent of expression."""


def folding(changed: AnyFloat) -> F32:
    """Return how far skin (468,) is folded otherwise than in its own picture, 0–1.

    By how far it has moved (468, 3); the rims of eyes and mouth, which are no folds, stay out.
    """
    moved = np.linalg.norm(changed, axis=1).astype(np.float32)
    for _ in range(2):
        moved = neighbour_mean(moved)
    rims = smoothstep(distance_to_eyes() / 0.2) * smoothstep(distance_to_mouth() / 0.22)
    return np.asarray(smoothstep((moved - FOLDS_FROM) / (FOLDS_FULLY - FOLDS_FROM)) * rims)


def with_folds_of(pixels: U8, expressive: U8, weight: F32, unit_px: float) -> U8:
    """Return pixels (h, w, 3) with the folds of an expressive picture, aligned with them.

    Args:
        pixels: uint8 (h, w, 3) RGB.
        expressive: uint8 (h, w, 3) RGB.
        weight: float32 (h, w), 0–1: how far the skin is folded otherwise, from `folding`.
        unit_px: Inter-ocular distance in pixels.
    """
    rows, columns = (np.flatnonzero(weight.max(axis) > FOLDS_SEEN) for axis in (1, 0))
    if not len(rows):
        return pixels
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    out = pixels.copy()
    out[part] = with_folds(
        np.ascontiguousarray(pixels[part]),
        np.ascontiguousarray(expressive[part]),
        np.float32(FOLDS_SHARE) * weight[part],
        FINE_FOLD * unit_px,
        COARSE_FOLD * unit_px,
    )
    return out
