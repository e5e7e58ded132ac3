"""Orientation of a face: the mesh network runs twice where the detector is ambiguous.

Detector and mesh find a face in one that is upside down, too: the mouth for the eyes, the chin for
the forehead. How sure the mesh network is of the crop turned by 180 degrees distinguishes the two.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from gateway.arrays import U8
from gateway.faces.landmarks import MESH_SIDE, Crop, crop_square

SURELY_UPRIGHT: Final = 0.89
"""Score of the detector from which a face is not looked at upside down.

Of 180 portraits turned by 180 degrees none scored above 0.873; upright, three quarters do.
"""
CLEAR: Final = 3.0
"""Difference of the two presences, as log odds, below which the orientation is uncertain."""

LEAST: Final = 0.1
"""Presence below which it is of no interest which way up a face would be."""


def turned(image: U8, crop: Crop) -> Crop:
    """Return a crop of a picture (H, W, 3) the other way up."""
    square = replace(crop.square, angle=crop.square.angle + math.pi)
    return crop_square(image, square, MESH_SIDE)


def is_uncertain(presence: float, upside_down: float) -> bool:
    """Return whether a face of two presences, 0-1, may be either way up, and is there at all."""
    if max(presence, upside_down) < LEAST:
        return False
    return abs(_log_odds(presence) - _log_odds(upside_down)) < CLEAR


def other_is_nearer(angle: float, known_deg: float) -> bool:
    """Return whether a face at an angle in radians, turned over, is nearer to a known one."""
    return math.cos(angle - math.radians(known_deg)) < 0


def _log_odds(share: float) -> float:
    share = min(max(share, 1e-7), 1 - 1e-7)
    return math.log(share / (1 - share))
