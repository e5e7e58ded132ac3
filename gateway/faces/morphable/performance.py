"""A face performing: where its landmarks go when it shows another expression.

The model's displacement is added to the detected landmarks, so that everything the model
does not know of a face stays as it is. Two things are fitted to the person: lids travel as far as
this person's eyes are high, and neither lids nor lips pass through one another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F32, F64, AnyFloat
from gateway.faces.morphable.expression import ALL_REGIONS, ExpressionRegion, displacement, rest_of
from gateway.faces.morphable.fit import Fit
from gateway.faces.morphable.model import N_NAMED, face_model
from gateway.faces.regions import distance_to_eyes, distance_to_mouth
from gateway.faces.topology import N_LANDMARKS, N_MESH
from gateway.imaging.masks.soft import smoothstep

LIDS = {
    "right": ((246, 7), (161, 163), (160, 144), (159, 145), (158, 153), (157, 154), (173, 155)),
    "left": ((466, 249), (388, 390), (387, 373), (386, 374), (385, 380), (384, 381), (398, 382)),
}
"""Points of the upper and the lower lid that meet when an eye is shut, outer corner first."""
CORNERS = {"right": (33, 133), "left": (362, 263)}
"""Corners of the eyes."""
LIPS = (
    (191, 95), (80, 88), (81, 178), (82, 87), (13, 14), (312, 317), (311, 402), (310, 318),
    (415, 324),
)  # fmt: skip
"""Points of the inner rims of the lips that meet when a mouth is shut, right corner first."""
LIP_REGIONS = frozenset((ExpressionRegion.MOUTH, ExpressionRegion.LOWER_FACE))
REST_GAP = 0.01
"""Inter-ocular distances between the lips of a mouth at rest: it is shut, for any person."""
UPPER_SHARE = 0.3
"""How much of closing is the upper lip's."""
UPPER_REACH, LOWER_REACH = 0.2, 0.4
"""Distance from the lips' inner rims over which skin follows: the lower lip goes with the chin."""
NOTHING = 1e-3
"""Change of a control that is none."""
AT_REST = 0.15
"""Distance of all controls from rest within which a face counts as being at rest."""
SHUT_LOOKS = 0.4
"""How far open, against rest, the landmark networks find an eye that is shut."""
GAPES, SHORT_BY = (0.12, 0.3), 0.3
"""Mean gaps between lips, in inter-ocular distances, from which on landmarks fall short of the
lips, and do so fully; and then by what share of the gap."""
LIPS_SURE = 0.05
"""Mean gap between lips, in inter-ocular distances, from which on a mouth is surely open: shut ones
are found with a fifth to a half of that."""
SAME_LIDS = 0.15
"""How far an eye may be found more open than both on average without that being a wink."""
LEAST_HEIGHT = 0.75
"""Least height of an eye at rest, against the average person's."""
UPPER_LID, LIDS_REACH = 0.85, 0.1
"""How much of a blink is the upper lid's, and over what distance skin follows."""
EYE_HEIGHTS = (0.6, 1.6)
"""Least and most of an eye's height, against the average person's, that is followed."""
EYE_REACH = 0.16
"""Distance from the eye, in inter-ocular distances, over which that fades out."""


@dataclass(frozen=True, slots=True, eq=False)
class Openings:
    """How far a face's mouth and eyes are open.

    Attributes:
        lips: float64 (9,), gaps between the lips from right to left, inter-ocular distances, ≥ 0.
        lids: float64 (2,), of the right and the left eye: 0 shut, 1 as far as at rest.
    """

    lips: F64
    lids: F64

    def times(self, factor: float) -> Openings:
        """Return them shown `factor` times as strongly, where shut lips and open lids are rest."""
        return Openings(factor * self.lips, np.maximum(1 + factor * (self.lids - 1), 0))


def true_lips(landmarks: F32) -> F32:
    """Return landmarks (478, 3) of a picture with the lips of a gaping mouth where they are.

    The landmark network never opens a mouth as far as it is: the wider it gapes, the more of its
    inside lies beyond the landmarks of the lips.
    """
    across = (landmarks[263] + landmarks[362] - landmarks[33] - landmarks[133])[:2] / 2
    unit = max(float(np.hypot(*across)), 1e-6)
    down = np.array([-across[1], across[0]]) / unit
    above, below = _sides(LIPS)
    gaps = np.maximum((landmarks[below, :2] - landmarks[above, :2]) @ down, 0)
    gapes = np.asarray((gaps.mean() / unit - GAPES[0]) / (GAPES[1] - GAPES[0]), np.float32)
    share = SHORT_BY * float(smoothstep(gapes))
    if share == 0:
        return landmarks
    out = landmarks.copy()
    out[:, :2] += (share * (_lips_part() @ gaps)[:, None] * down).astype(np.float32)
    return out


def openings_of(landmarks: AnyFloat, fit: Fit) -> Openings:
    """Return how far the mouth and the eyes of a face (478, 3) are open."""
    head = np.asarray(landmarks, np.float64) @ fit.rotation[0] / fit.scale[0, 0]
    resting = head + displacement(rest_of(fit.expression), fit.expression[0])
    seen = [_gaps(head, LIDS[eye]).mean() / _eye_height(resting, eye) for eye in LIDS]
    # Of shut eyes the networks still see a part open; and two eyes differ in a wink, else hardly.
    lids = (np.array(seen) - SHUT_LOOKS) / (1 - SHUT_LOOKS)
    apart_by = lids - lids.mean()
    wink = np.sign(apart_by) * np.maximum(np.abs(apart_by) - SAME_LIDS, 0)
    lips = _gaps(head, LIPS)
    lips = lips * float(smoothstep(np.asarray(lips.mean() / LIPS_SURE, np.float32)))
    return Openings(lips, np.maximum(lids.mean() + wink, 0))


def perform(
    landmarks: AnyFloat,
    fit: Fit,
    expression: AnyFloat,
    regions: Iterable[ExpressionRegion] = ALL_REGIONS,
    *,
    rest: AnyFloat | None = None,
    openings: Openings | None = None,
) -> F32:
    """Return a face's landmarks (478, 3) with another expression, head and identity unchanged.

    Args:
        landmarks: (478, 3) as found.
        fit: Of these landmarks, N = 1.
        expression: (K + C,), as this person is to show it.
        regions: Its regions that may move.
        rest: (K + C,), this person's face at rest, as far as it is known; see `rest_of`.
        openings: How far mouth and eyes are to be open, where another face shows it. Else they
            are open as the expression says, and the mouth shut at rest.
    """
    regions = frozenset(regions)
    now = fit.expression[0]
    rest = rest_of(now[None]) if rest is None else np.asarray(rest)
    moved = displacement(expression, now, regions)
    head = np.asarray(landmarks, np.float64) @ fit.rotation[0] / fit.scale[0, 0]
    # How high eyes are and how far lips part at rest is in the controls, as for `openings_of`.
    resting = head + displacement(np.concatenate([rest[:N_NAMED], now[N_NAMED:]]), now)
    moved *= 1 + _eye_reach()[:, None] * (_eye_heights(resting) - 1)[:, None]
    if not LIP_REGIONS.isdisjoint(regions):
        now_apart = _gaps(head + moved, LIPS)
        if openings is None:
            excess = np.maximum(_gaps(resting, LIPS) - REST_GAP, 0)
            lips = np.maximum(now_apart - excess * _towards(expression, now, rest), 0)
        else:
            lips = openings.lips
        moved[:, 1] += _lips_part() @ (lips - now_apart)
    if openings is not None and ExpressionRegion.EYES in regions:
        for n, eye in enumerate(LIDS):
            wanted = openings.lids[n] * _eye_height(resting, eye)
            moved[:, 1] += _lids_part(eye) * (wanted - _gaps(head + moved, LIDS[eye]).mean())
    in_picture = float(fit.scale[0, 0]) * moved @ fit.rotation[0].T.astype(np.float64)
    out = np.asarray(landmarks + in_picture, np.float32)
    return apart(out, np.asarray(landmarks), fit.rotation[0])


def _gaps(head: F64, pairs: Iterable[tuple[int, int]]) -> F64:
    """Return how far apart each pair of landmarks (478, 3) in the head's frame is, ≥ 0."""
    above, below = _sides(tuple(pairs))
    return np.asarray(np.maximum(head[below, 1] - head[above, 1], 0), np.float64)


@cache
def _sides(pairs: tuple[tuple[int, int], ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the indices (n,) of pairs of landmarks, above and below."""
    above, below = np.array(pairs, np.int64).T
    return above, below


@cache
def _usual_eye_height(eye: str) -> float:
    """Return how high the average person's eye is, in inter-ocular distances."""
    return float(_gaps(face_model().mean.astype(np.float64), LIDS[eye]).mean())


def _towards(expression: AnyFloat, now: AnyFloat, rest: AnyFloat) -> float:
    """Return how far an expression (K + C,) has left another one behind for rest, 0–1.

    0 where that is rest already: then lips that are parted at rest are this person's.
    """
    way = np.asarray(rest, np.float64)[:N_NAMED] - now[:N_NAMED]
    gone = np.asarray(expression, np.float64)[:N_NAMED] - now[:N_NAMED]
    length = float(way @ way)
    gone_by = np.clip(gone @ way / max(length, NOTHING**2), 0, 1)
    return float(gone_by * length / (length + AT_REST**2))


def opening(landmarks: AnyFloat, pairs: Sequence[tuple[int, int]]) -> float:
    """Return how far pairs of landmarks (478, …) are apart on screen, in pixels, on average.

    Across the line from the first pair to the last; points that lie beside one another along it
    are not apart.
    """
    above, below = _sides(tuple(pairs))
    points = np.asarray(landmarks, np.float64)
    upper, lower = points[above, :2], points[below, :2]
    x, y = (upper[-1] + lower[-1] - upper[0] - lower[0]) / 2
    across = (lower - upper) @ np.array([-y, x])
    return abs(float(across.sum())) / (len(across) * max(float(np.hypot(x, y)), 1e-9))


def apart(landmarks: F32, before: AnyFloat, rotation: AnyFloat) -> F32:
    """Return landmarks (478, 3) in which what has passed through one another meets half-way.

    Args:
        landmarks: In picture pixels.
        before: (478, 3), where they were: what lay crossed already may stay so.
        rotation: (3, 3) of the head: above and below are defined in its frame.
    """
    above, below = np.transpose([*LIDS["right"], *LIDS["left"], *LIPS])
    down = np.asarray(rotation)[:, 1]
    gap = (landmarks[below] - landmarks[above]) @ down
    least = np.minimum((np.asarray(before)[below] - np.asarray(before)[above]) @ down, 0)
    short = np.maximum(least - gap, 0)[:, None] * down / 2
    out = landmarks.copy()
    out[above] -= short.astype(np.float32)
    out[below] += short.astype(np.float32)
    return out


def _eye_heights(resting: F64) -> F64:
    """Return for each landmark (478,) its eye's height at rest against the average person's.

    Args:
        resting: (478, 3), the face at rest, in the head's frame.
    """
    usual = face_model().mean
    out = np.ones(N_LANDMARKS)
    for eye, side in (("right", usual[:, 0] < 0), ("left", usual[:, 0] > 0)):
        height = float(_gaps(resting, LIDS[eye]).mean()) / _usual_eye_height(eye)
        out[side] = min(max(height, EYE_HEIGHTS[0]), EYE_HEIGHTS[1])
    return out


def _eye_height(resting: F64, eye: str) -> float:
    """Return how high an eye is at rest, in inter-ocular distances.

    One that is shut in its only picture hardly says so: no less than `LEAST_HEIGHT` of the average.

    Args:
        resting: (478, 3), the face at rest, in the head's frame.
        eye: `right` or `left`.
    """
    least = LEAST_HEIGHT * _usual_eye_height(eye)
    return max(float(_gaps(resting, LIDS[eye]).mean()), least)


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
    ends = mean[[78, 308], 1]
    line = np.concatenate([ends[:1], (mean[above, 1] + mean[below, 1]) / 2, ends[1:]])
    lower = mean[:N_MESH, 1] > np.interp(mean[:N_MESH, 0], at, line)
    side = np.where(lower, 1 - UPPER_SHARE, -UPPER_SHARE)
    near = np.exp(-((distance_to_mouth() / np.where(lower, LOWER_REACH, UPPER_REACH)) ** 2))
    out = np.zeros((N_LANDMARKS, len(LIPS)))
    out[:N_MESH] = to_pair * (near * side)[:, None]
    return out


@cache
def _lids_part(eye: str) -> F64:
    """Return how landmarks (478,) move downwards for an eye to open by 1 on average, head units."""
    mean = face_model().mean.astype(np.float64)
    above, below = (list(half) for half in zip(*LIDS[eye], strict=True))
    order = np.argsort(mean[above, 0])
    line = ((mean[above, 1] + mean[below, 1]) / 2)[order]
    x = mean[:N_MESH, 0]
    lower = mean[:N_MESH, 1] > np.interp(x, mean[above, 0][order], line)
    near = np.exp(-((distance_to_eyes() / LIDS_REACH) ** 2)) * ((x < 0) == (eye == "right"))
    corner = mean[list(CORNERS[eye]), 0]
    along = np.clip((x - corner.mean()) / (np.ptp(corner) / 2), -1, 1)
    out = np.zeros(N_LANDMARKS)
    out[:N_MESH] = near * np.where(lower, 1 - UPPER_LID, -UPPER_LID) * (1 - along**2)
    return np.asarray(out / float((out[below] - out[above]).mean()))
