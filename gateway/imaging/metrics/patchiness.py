"""Patches on a face: skin that is off where neither light nor its owner accounts for it."""

from __future__ import annotations

import cv2
import numpy as np

from gateway.arrays import F32, U8, Mask
from gateway.imaging.color.skin_model import STEPS, ZERO

SOFT = 0.012
"""Width of the average that takes wrinkles and grain out, of the sheet's width."""
CHROMA = 2.0
"""How much more a difference of chromaticity is seen than one of brightness."""
WORST = 95.0
"""Percentile of skin that counts: a patch is small."""
LEAST_PIXELS = 200
"""Pixels of skin below which nothing can be said."""


def patchiness(result: U8, target: U8, skin: Mask) -> float | None:
    """Return how patchy a face is, 0 and more; natural logarithm of brightness.

    How far the skin departs from its own shading (see `skin_departures`), less what the target's
    departed in the same places, at the worst five percent of places. A light's shadows are in both
    pictures, so they do not count; nor does anything as smooth as light.

    Args:
        result: uint8 (h, w, 5), departures of the face as it is now.
        target: uint8 (h, w, 5), of the face that was there.
        skin: bool (h, w), where bare skin is to be seen in both.

    Returns:
        The figure; None if there is hardly any skin.
    """
    if np.count_nonzero(skin) < LEAST_PIXELS:
        return None
    new, old = (_smooth(planes, skin)[skin] for planes in (result, target))
    share = (new * old).sum(0) / np.maximum((old * old).sum(0), 1e-6)
    off = (new - np.clip(share, 0, 1) * old) * [1, CHROMA, CHROMA]
    return float(np.percentile(np.linalg.norm(off, axis=1), WORST))


def _smooth(planes: U8, skin: Mask) -> F32:
    """Return departures (h, w, 3) of skin, averaged over skin alone."""
    weight = skin.astype(np.float32)[..., None]
    values = (planes[..., :3].astype(np.float32) - ZERO) / STEPS[:3]
    stack = np.concatenate([values * weight, weight], -1)
    near = cv2.GaussianBlur(stack, (0, 0), SOFT * skin.shape[1])
    return np.asarray(near[..., :3] / np.maximum(near[..., 3:], 1e-3), np.float32)
