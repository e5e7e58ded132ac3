"""Visibility of a new face: its own soft edge, occlusions, and the requested masks.

What several masks say is combined by the least of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from gateway.arrays import F32, U8, Mask
from gateway.faces.atlas import atlas
from gateway.faces.occlusion import Visibility
from gateway.imaging.masks.matte import Matte, seen_through
from gateway.imaging.masks.soft import widened, withdrawn
from gateway.processors.base import Layer

AWAY_PX, SOFT_PX = 2, 1.5
"""Atlas pixels that a new face keeps away from what covers either face, and the width of that
edge."""
THIN_PX = 4
"""Half the width in atlas pixels up to which what covers the target throws no shadow worth keeping:
a frame of glasses, a lock."""


def matte_of(
    layer: Layer,
    target: Visibility | None = None,
    source: Visibility | None = None,
    limits: Sequence[F32] = (),
) -> Matte:
    """Return where a layer counts, given where both faces are seen; None: everywhere.

    Args:
        layer: The new face.
        target: Of the target's face: its occlusions stay.
        source: Of the portrait's: its occlusions are not carried over.
        limits: Further masks, float32 (h, w) each, 0–1: outside of them the target stays.
    """
    sheets = np.stack(
        [
            _certain(target),
            _left_by(None if target is None else _thick(target.visible < 0.5)),
            _left_by(None if source is None else source.visible < 0.5),
            _plain(),
        ],
        -1,
    )
    clear = np.ones(layer.mask.shape, np.bool_)
    whole = Matte(layer.mask, layer.support, clear, layer.skin)
    matte = seen_through(whole, sheets, layer.place)
    return matte.within(np.minimum.reduce(limits)) if limits else matte


def _certain(seen: Visibility | None) -> U8:
    """Return how surely a face itself is seen, 0–255, in the atlas (HEIGHT, WIDTH)."""
    if seen is None:
        return np.full(atlas().face.shape, 255, np.uint8)
    return np.asarray(np.rint(255 * seen.visible), np.uint8)


def _left_by(hidden: Mask | None) -> U8:
    """Return the part of a face at some distance from its occlusions, 0–255, in the atlas.

    Right beside a fringe lies its shadow. The target's stays, and the source's is not carried over.
    """
    if hidden is None or not hidden.any():
        return np.full(atlas().face.shape, 255, np.uint8)
    return np.asarray(np.rint(255 * withdrawn(~hidden, AWAY_PX, SOFT_PX)), np.uint8)


def _thick(hidden: Mask) -> Mask:
    """Return what of a region (HEIGHT, WIDTH) is not thin."""
    return widened(withdrawn(hidden, THIN_PX, 0.5) > 0.5, THIN_PX) & hidden


@cache
def _plain() -> U8:
    """Return where bare skin is to be expected, 0 or 255, in the atlas (HEIGHT, WIDTH)."""
    return atlas().plain.astype(np.uint8) * 255
