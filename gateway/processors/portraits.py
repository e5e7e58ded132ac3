"""Several portraits of one person: which one serves which part of the face.

One portrait has shut eyes, another one an open mouth, a third a harsh shadow. The portrait that is
nearest to the target, in pose, expression and light, gives the face; where another one is
clearly nearer around an eye or the mouth, it gives the skin there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from gateway.arrays import F32, F64, U8, AnyFloat
from gateway.faces.face import Face
from gateway.faces.morphable.expression import displacement, retarget
from gateway.faces.regions import distance_to_eyes, distance_to_mouth
from gateway.faces.topology import N_MESH, topology
from gateway.imaging.masks.soft import smoothstep
from gateway.processors.base import Patch, Portrait
from gateway.processors.openings import (
    LEFT,
    MOUTH,
    RIGHT,
    eye_distance,
    is_shut,
)

POSE_DEG, EXPRESSION, LIGHT = 15.0, 0.06, 0.25
"""Differences that weigh the same: degrees, inter-ocular distances a landmark moves, and the
logarithm of brightness between two cheeks."""
SHUT = 2.0
"""Cost of shut eyes where open ones are requested."""
CLEARLY = 0.5
"""How much nearer another portrait must be to give a part of the face."""
REACH = 0.32
"""Distance from eyes and mouth, in inter-ocular distances, over which a patch fades out."""
_CHEEKS = ((50, 187, 205), (280, 411, 425))
_OPENING = {Patch.RIGHT_EYE: RIGHT, Patch.LEFT_EYE: LEFT, Patch.MOUTH: MOUTH}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which portraits give a face.

    Attributes:
        base: Index of the one for everything else.
        patches: Index of another one, by part.
    """

    base: int
    patches: dict[Patch, int] = field(default_factory=dict)


def choose(
    target: U8, face: Face, portraits: Sequence[Portrait], last: Choice | None = None
) -> Choice:
    """Return which portraits are nearest to a face of `target` (H, W, 3), part by part.

    Args:
        target: uint8 (H, W, 3) RGB.
        face: In it.
        portraits: Of the person, n ≥ 1.
        last: The choice for a video's previous frame. It stays unless others are clearly nearer.
    """
    if len(portraits) == 1:
        return Choice(0)
    costs = np.array([_costs(target, face, portrait) for portrait in portraits])
    if last is not None:
        costs[last.base, 0] -= CLEARLY
        for column, patch in enumerate(Patch, start=1):
            costs[last.patches.get(patch, last.base), column] -= CLEARLY
    base = int(costs[:, 0].argmin())
    patches = {}
    for column, patch in enumerate(Patch, start=1):
        best = int(costs[:, column].argmin())
        if costs[best, column] < costs[base, column] - CLEARLY:
            patches[patch] = best
    return Choice(base, patches)


def _costs(target: U8, face: Face, portrait: Portrait) -> list[float]:
    """Return how far a portrait is from the target: as a whole, then for each patch."""
    own = portrait.face
    turned = float(np.hypot(own.pose.yaw - face.pose.yaw, own.pose.pitch - face.pose.pitch))
    lit = abs(sidelight(portrait.image, own.landmarks) - sidelight(target, face.landmarks))
    common = turned / POSE_DEG + lit / LIGHT + 0.5 * (1 - own.quality.sharpness)
    wanted = retarget(face.expression, face.rest, own.rest)
    moved = np.linalg.norm(displacement(wanted, own.expression), axis=1)[:N_MESH]
    whole = common + float(moved.mean()) / EXPRESSION
    parts = []
    for patch in Patch:
        weight = patch_weight(patch)
        cost = common + float((weight * moved).sum() / weight.sum()) / EXPRESSION
        if is_shut(_OPENING[patch], own.landmarks) and not is_shut(_OPENING[patch], face.landmarks):
            cost += SHUT
            whole += SHUT / 4
        parts.append(cost)
    return [whole, *parts]


def shut_eyes(face: Face) -> bool:
    """Return whether a face has an eye shut."""
    return any(is_shut(which, face.landmarks) for which in (RIGHT, LEFT))


def sidelight(image: U8, landmarks: AnyFloat) -> float:
    """Return the logarithm of the brightness of the image-left over the image-right cheek.

    Args:
        image: uint8 (H, W, 3) RGB.
        landmarks: (478, 3).
    """
    sides = []
    for cheek in _CHEEKS:
        x, y = np.rint(np.asarray(landmarks)[list(cheek), :2].mean(0)).astype(int)
        size = max(1, int(0.08 * eye_distance(landmarks)))
        x, y = int(np.clip(x, 0, image.shape[1] - 1)), int(np.clip(y, 0, image.shape[0] - 1))
        part = image[max(y - size, 0) : y + size + 1, max(x - size, 0) : x + size + 1]
        sides.append(float(part.mean()) + 8)
    return float(np.log(sides[0] / sides[1]))


@cache
def patch_weight(patch: Patch) -> F32:
    """Return how far each landmark (468,) belongs to a patch, 0–1."""
    x: F64 = topology().mean[:N_MESH, 0].astype(np.float64)
    if patch is Patch.MOUTH:
        distance = distance_to_mouth()
    else:
        other_side = x > 0 if patch is Patch.RIGHT_EYE else x < 0
        distance = distance_to_eyes() + other_side.astype(np.float32)
    weight = smoothstep(1.5 - distance / np.float32(REACH))
    weight.setflags(write=False)
    return weight
