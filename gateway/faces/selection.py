"""Which of a picture's faces are meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gateway.faces.attributes import AttributeFilter, FaceAttributes
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


def fitting(
    faces: Sequence[Face], looks: Sequence[FaceAttributes], wanted: AttributeFilter
) -> list[Face]:
    """Return those of the faces whose looks, one each, are wanted."""
    return [face for face, seen in zip(faces, looks, strict=True) if wanted.fits(seen)]


def matching(
    embeddings: NDArray[np.float32], reference: NDArray[np.float32], distance: float
) -> list[int]:
    """Return which embeddings (N, D) lie within a Euclidean distance of `reference` (D,).

    Nearest first.
    """
    distances = np.linalg.norm(embeddings - reference, axis=1)
    return [int(i) for i in np.argsort(distances, kind="stable") if distances[i] <= distance]
