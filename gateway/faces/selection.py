"""Orders of a picture's faces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from gateway.faces.face import Face

FaceOrder = Literal[
    "large-small",
    "small-large",
    "left-right",
    "right-left",
    "top-bottom",
    "bottom-top",
    "best-worst",
    "worst-best",
]


def ordered(faces: Sequence[Face], order: FaceOrder) -> list[Face]:
    """Return the faces in an order; equal ones stay as they were."""
    first, _, _ = order.partition("-")
    keys = {
        "large": lambda f: -f.area,
        "small": lambda f: f.area,
        "left": lambda f: f.centre_xy[0],
        "right": lambda f: -f.centre_xy[0],
        "top": lambda f: f.centre_xy[1],
        "bottom": lambda f: -f.centre_xy[1],
        "best": lambda f: -f.quality.score,
        "worst": lambda f: f.quality.score,
    }
    return sorted(faces, key=keys[first])
