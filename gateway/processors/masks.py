"""Where a new face is to be seen: its own soft edge, what lies before it, and what is asked for.

What several masks say is combined by the least of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from gateway.arrays import F32, U8, Mask
from gateway.faces.atlas import atlas
from gateway.faces.occlusion import Seen
from gateway.imaging.fuse import Matte
from gateway.imaging.masks import sampled_levels, smoothstep, withdrawn
from gateway.processors.base import Layer

WITHDRAWN_PX, SOFT_PX = 2, 2.0
"""Atlas pixels by which the source's skin is left before what covers it, and width of that edge:
nothing of a fringe's shadow is carried along."""
SHARP = (0.3, 0.7)
"""Probabilities between which what covers the target goes over into its face."""
CLEAR = 0.9
"""Probability from which on a pixel shows the target's own skin."""


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
    matte = _seen_through(layer, target, source)
    if not limits:
        return matte
    allowed = np.minimum.reduce(limits)
    inside = allowed > 0.5
    return Matte(
        np.minimum(matte.mask, allowed), matte.support & inside, matte.clear, matte.skin & inside
    )


def _seen_through(layer: Layer, target: Seen | None, source: Seen | None) -> Matte:
    if target is None and source is None:
        clear = np.ones(layer.mask.shape, np.bool_)
        return Matte(layer.mask, layer.support, clear, layer.skin)
    sheets = np.stack([_before_target(target), _before_source(source)], -1)
    seen = sampled_levels(sheets, layer.place)
    kept, carried = seen[..., 0], seen[..., 1]
    visible = _sharp()[kept]
    mask = np.minimum(layer.mask, visible)
    mask = np.minimum(mask, carried.astype(np.float32) / np.float32(255))
    shown = carried > 127
    clear = kept > round(255 * CLEAR)
    return Matte(mask, layer.support & shown, clear, layer.skin & clear & (carried > 240))


def _before_target(seen: Seen | None) -> U8:
    """Return how surely a face itself is seen, 0–255, in the atlas."""
    if seen is None:
        return np.full(atlas().face.shape, 255, np.uint8)
    return np.asarray(np.rint(255 * seen.visible), np.uint8)


def _before_source(seen: Seen | None) -> U8:
    """Return how much of a portrait is carried over, 0–255, in the atlas."""
    if seen is None:
        return np.full(atlas().face.shape, 255, np.uint8)
    carried = withdrawn(seen.visible > 0.5, WITHDRAWN_PX, SOFT_PX)
    return np.asarray(np.rint(255 * carried), np.uint8)


@cache
def _sharp() -> F32:
    """Return by level of certainty how much of a face is seen, float32 (256,)."""
    low, high = SHARP
    levels = np.arange(256, dtype=np.float32) / np.float32(255)
    return smoothstep((levels - np.float32(low)) / np.float32(high - low))


@cache
def _plain() -> U8:
    return atlas().plain.astype(np.uint8) * 255


def plain_skin(place: F32) -> Mask:
    """Return where pixels at places (2, h, w) of the atlas should show bare skin: bool (h, w)."""
    return np.asarray(sampled_levels(_plain(), place) > 254)
