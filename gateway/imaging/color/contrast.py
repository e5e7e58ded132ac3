"""Brightens pictures too dark to be analysed."""

from __future__ import annotations

import cv2
import numpy as np

from gateway.arrays import U8

DARK = 30.0
"""Mean L*, 0–255, below which a picture is too dark."""
CLIP = 2.0
"""How far contrast may rise, over that of an even histogram."""


def lightened(image: U8) -> U8:
    """Return a picture (H, W, 3) RGB with more contrast if it is dark, else the picture itself.

    By contrast-limited adaptive equalisation of its lightness (K. Zuiderveld, Graphics Gems IV,
    1994), in 8 × 8 tiles.
    """
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    if float(lab[..., 0].mean()) >= DARK:
        return image
    lab[..., 0] = cv2.createCLAHE(clipLimit=CLIP).apply(lab[..., 0])
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.uint8)
