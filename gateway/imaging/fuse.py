"""Fusion of new pixels into a picture: colour, then blending. All on one region."""

from __future__ import annotations

from typing import Literal

import numpy as np

from gateway.arrays import F32, U8, Mask
from gateway.imaging.blend import composite, membrane
from gateway.imaging.colour import lab_statistics, transfer_cube

ColourMode = Literal["none", "statistics"]
BlendMode = Literal["feather", "poisson"]

MEMBRANE_CELLS = 80
"""Cells of the membrane grid's shorter side, at least."""
STATISTICS_PIXELS = 1500
"""Skin pixels that are enough to know its colour."""


def fuse(
    target: U8,
    source: U8,
    mask: F32,
    support: Mask,
    skin: Mask,
    *,
    colour: ColourMode = "statistics",
    blend: BlendMode = "poisson",
) -> U8:
    """Return `target` with `source` in it.

    Args:
        target: uint8 (h, w, 3) RGB.
        source: uint8 (h, w, 3) RGB, aligned with the target.
        mask: float32 (h, w), 0–1, how much of the source is to be seen.
        support: bool (h, w), where the source shows the face at all; its border is where the
            membrane meets the target.
        skin: bool (h, w), pixels to measure colours on.
        colour: `statistics` gives the source's skin the mean and spread of the target's.
        blend: `poisson` adds the membrane; `feather` only mixes.

    Returns:
        uint8 (h, w, 3), equal to the target wherever the mask is 0.
    """
    chosen = np.flatnonzero(skin)
    chosen = chosen[:: max(1, len(chosen) // STATISTICS_PIXELS)]
    own = lab_statistics(source.reshape(-1, 3)[chosen])
    wanted = lab_statistics(target.reshape(-1, 3)[chosen])
    cube = known = None
    if own is not None and wanted is not None:
        cube = transfer_cube(own, wanted) if colour == "statistics" else None
        known = wanted, own if cube is None else wanted
    offset = None
    if blend == "poisson":
        reduction = max(1, min(support.shape) // MEMBRANE_CELLS)
        offset = membrane(target, source, support, reduction=reduction, cube=cube, skin=known)
    return composite(target, source, mask, offset, cube)
