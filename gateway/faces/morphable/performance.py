"""A face performing: where its landmarks go when it shows another expression.

What the model says moves is added to where the landmarks were found, so that everything the model
does not know of a face stays as it is. Two things are fitted to the person: lids travel as far as
this person's eyes are high, and neither lids nor lips pass through one another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np

from gateway.arrays import F32, F64, AnyFloat
from gateway.faces.morphable.expression import ALL_REGIONS, Region, displacement, rest_of
from gateway.faces.morphable.fit import Fit
from gateway.faces.morphable.model import N_NAMED, face_model
from gateway.faces.regions import distance_to_eyes, distance_to_mouth
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
LIP_REGIONS = frozenset((Region.MOUTH, Region.LOWER_FACE))
REST_GAP = 0.01
"""Inter-ocular distances between the lips of a mouth at rest: it is shut, whoever's it is."""
UPPER_SHARE, LIPS_REACH = 0.3, 0.15
"""How much of closing is the upper lip's, and over what distance skin around the lips follows."""
NOTHING = 1e-3
"""Change of a control that is none."""
EYE_HEIGHTS = (0.6, 1.6)
"""Least and most of an eye's height, against the average person's, that is followed."""
EYE_REACH = 0.16
"""Distance from the eye, in inter-ocular distances, over which that fades out."""


def perform(
    landmarks: AnyFloat,
    fit: Fit,
    expression: AnyFloat,
    regions: Iterable[Region] = ALL_REGIONS,
    *,
    rest: AnyFloat | None = None,
    lips: AnyFloat | None = None,
) -> F32:
    """Return a face's landmarks (478, 3) with another expression, head and identity unchanged.

    Args:
        landmarks: (478, 3) as found.
        fit: Of these landmarks, N = 1.
        expression: (K + C,), as this person is to show it.
        regions: What of it may move.
        rest: (K + C,), this person's face at rest, as far as it is known; see `rest_of`.
        lips: (9,), how far the lips are to be apart, see `lip_gaps`, where another face shows it.
            Else they are apart as the expression says, and shut at rest.
    """
    now = fit.expression[0]
    rest = rest_of(now[None]) if rest is None else np.asarray(rest)
    moved = displacement(expression, now, regions)
    head = np.asarray(landmarks, np.float64) @ fit.rotation[0] / fit.scale[0, 0]
    resting = head + displacement(rest, now)
    moved *= 1 + _eye_reach()[:, None] * (_eye_heights(resting) - 1)[:, None]
    if not LIP_REGIONS.isdisjoint(regions):
        now_apart = _gaps(head + moved, LIPS)
        if lips is None:
            excess = np.maximum(_gaps(resting, LIPS) - REST_GAP, 0)
            lips = np.maximum(now_apart - excess * _towards(expression, now, rest), 0)
        moved[:, 1] += _lips_part() @ (np.asarray(lips) - now_apart)
    in_picture = float(fit.scale[0, 0]) * moved @ fit.rotation[0].T.astype(np.float64)
    return apart(np.asarray(landmarks + in_picture, np.float32), fit.rotation[0])


def lip_gaps(landmarks: AnyFloat, fit: Fit) -> F64:
    """Return how far the lips of a face (478, 3) are apart, (9,) from right to left, ≥ 0.

    In inter-ocular distances.
    """
    return _gaps(np.asarray(landmarks, np.float64) @ fit.rotation[0] / fit.scale[0, 0], LIPS)


def _gaps(head: F64, pairs: Iterable[tuple[int, int]]) -> F64:
    """Return how far apart each pair of landmarks (478, 3) in the head's frame is, ≥ 0."""
    above, below = (list(side) for side in zip(*pairs, strict=True))
    return np.maximum((head[below] - head[above])[:, 1], 0)


def _towards(expression: AnyFloat, now: AnyFloat, rest: AnyFloat) -> float:
    """Return how far an expression (K + C,) has left another one behind for rest, 0–1."""
    way = np.asarray(rest, np.float64)[:N_NAMED] - now[:N_NAMED]
    gone = np.asarray(expression, np.float64)[:N_NAMED] - now[:N_NAMED]
    if np.abs(gone).max() < NOTHING:
        return 0.0
    return float(np.clip(gone @ way / max(float(way @ way), NOTHING**2), 0, 1))


def opening(landmarks: AnyFloat, pairs: Sequence[tuple[int, int]]) -> float:
    """Return the mean distance of pairs of landmarks (478, …) on screen, in pixels."""
    above, below = np.transpose(pairs)
    points = np.asarray(landmarks)
    x, y = (points[below, :2] - points[above, :2]).T
    return float(np.hypot(x, y).sum() / len(x))


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


def _eye_heights(resting: F64) -> F64:
    """Return for each landmark (478,) its eye's height at rest against the average person's.

    Args:
        resting: (478, 3), the face at rest, in the head's frame.
    """
    usual = face_model().mean.astype(np.float64)
    out = np.ones(N_LANDMARKS)
    for pairs, side in ((LIDS["right"], usual[:, 0] < 0), (LIDS["left"], usual[:, 0] > 0)):
        height, average = (float(_gaps(face, pairs).mean()) for face in (resting, usual))
        out[side] = np.clip(height / max(average, 1e-6), *EYE_HEIGHTS)
    return out


@cache
def _eye_reach() -> F64:
    """Return how far each landmark (478,) belongs to its eye, 0–1; not the irises."""
    out = np.zeros(N_LANDMARKS)
    out[:N_MESH] = np.exp(-((distance_to_eyes() / EYE_REACH) ** 2))
    return out


@cache
def _lips_part() -> F64:
    """Return how landmarks move downwards for each pair of the lips to come apart by 1: (478, 9).

    In head units; the upper lip goes up, the lower one and what hangs on it down.
    """
    mean = face_model().mean.astype(np.float64)
    above, below = (list(half) for half in zip(*LIPS, strict=True))
    middles = (mean[above, 0] + mean[below, 0]) / 2
    corners = mean[[78, 308], 0]
    # Between two pairs their mixture; at the corners, and beyond, lips do not part.
    at = np.concatenate([corners[:1], middles, corners[1:]])
    to_pair = np.stack(
        [np.interp(mean[:N_MESH, 0], at, row) for row in np.eye(len(at))[1:-1]], axis=1
    )
    near = np.exp(-((distance_to_mouth() / LIPS_REACH) ** 2))
    ends = mean[[78, 308], 1]
    line = np.concatenate([ends[:1], (mean[above, 1] + mean[below, 1]) / 2, ends[1:]])
    lower = mean[:N_MESH, 1] > np.interp(mean[:N_MESH, 0], at, line)
    side = np.where(lower, 1 - UPPER_SHARE, -UPPER_SHARE)
    out = np.zeros((N_LANDMARKS, len(LIPS)))
    out[:N_MESH] = to_pair * (near * side)[:, None]
    return out
