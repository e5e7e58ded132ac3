"""Where a new face is to be seen: its own soft edge, what lies before it, and what is asked for.

What several masks say is combined by the least of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from gateway.arrays import F32, U8
from gateway.faces.atlas import atlas
from gateway.faces.occlusion import Seen
from gateway.imaging.masks import withdrawn
from gateway.imaging.matte import Matte, seen_through
from gateway.processors.base import Layer

FROM_TARGET, FROM_SOURCE = (1, 1.0), (2, 1.5)
"""Atlas pixels that a new face keeps away from what covers the target's face and the source's, and
the width of that edge."""


def matte_of(
    layer: Layer,
    target: Seen | None = None,
    source: Seen | None = None,
    limits: Sequence[F32] = (),
) -> Matte:
    """Return where a layer counts, given where both faces are seen; None: everywhere.

    Args:
        layer: The new face.
        target: Of the target's face: what is before it stays.
        source: Of the portrait's: what is before it is not carried over.
        limits: Further masks, float32 (h, w) each, 0–1: outside of them the target stays.
    """
    sheets = np.stack(
        [
            _certain(target),
            _left_by(target, *FROM_TARGET),
            _left_by(source, *FROM_SOURCE),
            _plain(),
        ],
        -1,
    )
    clear = np.ones(layer.mask.shape, np.bool_)
    whole = Matte(layer.mask, layer.support, clear, layer.skin)
    matte = seen_through(whole, sheets, layer.place)
    return matte.within(np.minimum.reduce(limits)) if limits else matte


def _certain(seen: Seen | None) -> U8:
    """Return how surely a face itself is seen, 0–255, in the atlas (HEIGHT, WIDTH)."""
    if seen is None:
        return np.full(atlas().face.shape, 255, np.uint8)
    return np.asarray(np.rint(255 * seen.visible), np.uint8)


def _left_by(seen: Seen | None, distance_px: int, softness_px: float) -> U8:
    """Return what is left of a face some way from what is before it, 0–255, in the atlas.

    Right beside a fringe lies its shadow. The target's stays, and the source's is not carried over.
    """
    if seen is None:
        return np.full(atlas().face.shape, 255, np.uint8)
    left = withdrawn(seen.visible > 0.5, distance_px, softness_px)
    return np.asarray(np.rint(255 * left), np.uint8)


@cache
def _plain() -> U8:
    """Return where bare skin is to be expected, 0 or 255, in the atlas (HEIGHT, WIDTH)."""
    return atlas().plain.astype(np.uint8) * 255
