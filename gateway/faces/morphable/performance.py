"""A face performing: where its landmarks go when it shows another expression.

What the model says moves is added to where the landmarks were found, so that everything the model
does not know of a face stays as it is. Two things are fitted to the person: lids travel as far as
this person's eyes are high, and neither lids nor lips pass through one another.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np

from gateway.arrays import F32, F64, AnyFloat
from gateway.faces.morphable.expression import ALL_REGIONS, Region, displacement
from gateway.faces.morphable.fit import Fit
from gateway.faces.morphable.model import face_model
from gateway.faces.regions import distance_to_eyes
from gateway.faces.topology import N_LANDMARKS, N_MESH

LIDS = {
    "right": ((246, 7), (161, 163), (160, 144), (159, 145), (158, 153), (157, 154), (173, 155)),
    "left": ((466, 249), (388, 390), (387, 373), (386, 374), (385, 380), (384, 381), (398, 382)),
}
"""Points of the upper and the lower lid that meet when an eye is shut, outer corner first."""
LIPS = (
    (191, 95), (80, 88), (81, 178), (82, 87), (13, 14), (312, 317), (311, 402), (310, 318),
    (415, 324),
)  # fmt: skip
"""Points of the inner rims of the lips that meet when a mouth is shut, right corner first."""
EYE_HEIGHTS = (0.6, 1.6)
"""Least and most of an eye's height, against the average person's, that is followed."""
EYE_REACH = 0.16
"""Distance from the eye, in inter-ocular distances, over which that fades out."""


def perform(
    landmarks: AnyFloat,
    fit: Fit,
    expression: AnyFloat,
    regions: Iterable[Region] = ALL_REGIONS,
) -> F32:
    """Return a face's landmarks (478, 3) with another expression, head and identity unchanged.

    Args:
        landmarks: (478, 3) as found.
        fit: Of these landmarks, N = 1.
        expression: (K + C,), as this person is to show it.
        regions: What of it may move.
    """
    moved = displacement(expression, fit.expression[0], regions)
    moved *= 1 + _eye_reach()[:, None] * (_eye_heights(landmarks, fit) - 1)[:, None]
    in_picture = float(fit.scale[0, 0]) * moved @ fit.rotation[0].T.astype(np.float64)
    return apart(np.asarray(landmarks + in_picture, np.float32), fit.rotation[0])


def neutral_gap(landmarks: AnyFloat, fit: Fit, pairs: Iterable[tuple[int, int]]) -> float:
    """Return how far apart pairs of landmarks (478, 3) are at rest, in inter-ocular distances."""
    above, below = (list(side) for side in zip(*pairs, strict=True))
    resting = displacement(face_model().rest, fit.expression[0])
    points = np.asarray(landmarks) @ fit.rotation[0] / fit.scale[0, 0] + resting
    return float(np.maximum((points[below] - points[above])[:, 1], 0).mean())


def opening(landmarks: AnyFloat, pairs: Iterable[tuple[int, int]]) -> float:
    """Return the mean distance of pairs of landmarks (478, …) on screen, in pixels."""
    above, below = (list(side) for side in zip(*pairs, strict=True))
    apart_by = np.asarray(landmarks)[below, :2] - np.asarray(landmarks)[above, :2]
    return float(np.linalg.norm(apart_by, axis=1).mean())


def apart(landmarks: F32, rotation: AnyFloat) -> F32:
    """Return landmarks (478, 3) in which what passed through one another meets half-way.

    Args:
        landmarks: In picture pixels.
        rotation: (3, 3) of the head: what is above and below is said in its frame.
    """
    head = landmarks @ rotation
    for above, below in (*LIDS["right"], *LIDS["left"], *LIPS):
        if head[below, 1] < head[above, 1]:
            head[[above, below]] = (head[above] + head[below]) / 2
    return np.asarray(head @ np.transpose(rotation), np.float32)


def _eye_heights(landmarks: AnyFloat, fit: Fit) -> F64:
    """Return for each landmark (478,) its eye's height at rest against the average person's."""
    usual = face_model().mean
    out = np.ones(N_LANDMARKS)
    for pairs, side in ((LIDS["right"], usual[:, 0] < 0), (LIDS["left"], usual[:, 0] > 0)):
        above, below = (list(half) for half in zip(*pairs, strict=True))
        average = float((usual[below] - usual[above])[:, 1].mean())
        ratio = neutral_gap(landmarks, fit, pairs) / max(average, 1e-6)
        out[side] = np.clip(ratio, *EYE_HEIGHTS)
    return out


@cache
def _eye_reach() -> F64:
    """Return how far each landmark (478,) belongs to its eye, 0–1; not the irises."""
    out = np.zeros(N_LANDMARKS)
    out[:N_MESH] = np.exp(-((distance_to_eyes() / EYE_REACH) ** 2))
    return out
