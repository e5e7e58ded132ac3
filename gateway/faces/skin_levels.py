"""Faces as our networks see them: the skin's middle at one level, so that complexion is unseen."""

from __future__ import annotations

import numpy as np

from gateway.arrays import F32, U8
from gateway.imaging.color.ratio import multiplied

SKIN_LEVEL, DARK = 150.0, 6.0
"""What the middle of the skin's levels is brought to; levels added before logarithms are taken."""


def network_levels(sheet: U8, skin: F32) -> U8:
    """Return an unrolled face, uint8 (h, w, 3), with its skin's middle (3,) at `SKIN_LEVEL`."""
    ratio = (SKIN_LEVEL + DARK) / (skin + DARK)
    return multiplied(sheet, np.asarray(ratio, np.float32), DARK)
