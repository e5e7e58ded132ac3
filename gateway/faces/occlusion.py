"""Occlusions of a face: hair, glasses, hands, microphones, caps.

A small network of our own, `face_occlusion`, processes the unwrapped face (`faces/atlas.py`), at
how far each pixel departs from this face's own skin (`imaging/skin.py`): so neither complexion nor
light nor pose count, and little is left to learn. `tools/learn_face_occlusion.py`
taught it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from gateway.arrays import F32, U8, AnyFloat, Mask
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.atlas import atlas, unrolled, unrolled_normals
from gateway.faces.face import Face
from gateway.imaging.color.skin_model import STEPS, ZERO, skin_departures
from gateway.imaging.masks.soft import smoothstep, softened_mask, touching
from gateway.inference.protocol import Inference

MODEL = "face_occlusion"

RARER = 2.0
"""Odds by which faces are covered less often than in the scenes the network has learned from."""
DOUBTED = 0.15
"""The same where a doubt costs little: what of a portrait is doubted comes from another place."""
OTHER_COLOR = 0.25
"""Departure of red or blue over green, logarithm, from which on something is not a face's skin."""
REACH, RIM, RIM_PX = 0.7, 0.06, 8
"""How far from the outline that is looked for, and how near to it and in how many pixels it must
begin; inter-ocular distances."""
PRIOR_RISE = 0.5
"""Distance from the outline, in inter-ocular distances, over which skin becomes likely."""
FOREHEAD_Y, FOREHEAD_PRIOR = -0.85, 0.35
"""Of the mean face: from where up there is often hair, and how much skin still counts there."""


INNER = 0.12
"""Distance from the outline, in inter-ocular distances, from which on hardly any hair is."""


@dataclass(frozen=True, slots=True, eq=False)
class Visibility:
    """Where a face itself is seen, in the atlas.

    Attributes:
        visible: float32 (HEIGHT, WIDTH), probability that the face is seen there and not something
            before it, 0–1; 1 outside of it.
    """

    visible: F32

    def steadied(self, before: Visibility, share: float) -> Visibility:
        """Return the visibility in a video's frame, given that of the previous frame.

        Places on a face stay where they are in the atlas, however it moves. What flickers between
        frames is evened out; certain values are adopted at once.

        Args:
            before: Of the frame before, itself steadied; of the same face.
            share: How much the frame before counts, 0–1, where the two differ a little.
        """
        change = np.abs(self.visible - before.visible)
        kept = np.float32(share) * (1 - smoothstep((change - 0.5) / np.float32(0.4)))
        return Visibility(
            np.asarray(self.visible + kept * (before.visible - self.visible), np.float32)
        )


def departures(image: U8, landmarks: AnyFloat) -> U8:
    """Return the network's input: uint8 (HEIGHT, WIDTH, 5), see `skin_departures`.

    Args:
        image: uint8 (H, W, 3) RGB.
        landmarks: (478, 3) of a face in it.
    """
    return skin_departures(unrolled(image, landmarks), unrolled_normals(landmarks), skin_prior())


def reaching_in(planes: U8) -> Mask:
    """Return what reaches in from a face's outline in another colour, bool (HEIGHT, WIDTH).

    Hair, and what is behind a head whose far side the landmarks miss.

    Args:
        planes: uint8 (HEIGHT, WIDTH, 5), see `departures`.
    """
    sheet = atlas()
    color = (planes[..., 1:3].astype(np.float32) - ZERO) / STEPS[1:3]
    other = softened_mask(np.abs(color), 1.0).max(-1) > OTHER_COLOR
    other &= sheet.face & (sheet.outline < REACH)
    other &= ~(sheet.eyes | sheet.brows | sheet.lips | sheet.nostrils)
    return touching(other, sheet.face & (sheet.outline < RIM), RIM_PX)


@cache
def skin_prior() -> F32:
    """Return how likely each place of the atlas shows bare skin, float32 (HEIGHT, WIDTH), 0–1."""
    sheet = atlas()
    prior = np.clip(sheet.outline / PRIOR_RISE, 0, 1) * sheet.plain
    prior = (prior * np.where(sheet.mean[..., 1] < FOREHEAD_Y, FOREHEAD_PRIOR, 1)).astype(
        np.float32
    )
    prior.setflags(write=False)
    return np.asarray(prior)


@cache
def inner_skin() -> Mask:
    """Return where bare skin is to be expected off a face's outline: bool (HEIGHT, WIDTH)."""
    return np.asarray(atlas().plain & (atlas().outline > INNER))


def known_places() -> F32:
    """Return the network's constant input for every pixel, float32 (6, HEIGHT, WIDTH).

    Distance to the outline, distance to the middle, height; eyes and brows, lips, the face.
    """
    sheet = atlas()
    planes = [sheet.outline, np.abs(sheet.mean[..., 0]), sheet.mean[..., 1]]
    planes += [sheet.eyes | sheet.brows, sheet.lips, sheet.face]
    return np.stack(planes).astype(np.float32)


class OcclusionFinder:
    """Determines where faces are covered, with the network of an `Inference`."""

    def __init__(self, inference: Inference, compute: Compute) -> None:
        """Take what runs the network, and what runs the array work."""
        self._inference = inference
        self._compute = compute

    async def find(
        self, image: U8, faces: Sequence[Face], *, doubting: bool = False, deadline: Deadline
    ) -> list[Visibility]:
        """Return where each face of a picture is seen.

        Args:
            image: uint8 (H, W, 3) RGB.
            faces: In it.
            doubting: Whether doubts cost little, as in a portrait, which has another side.
            deadline: When the answer is of no use any more.

        Raises:
            InferenceError, DeadlineExceeded: from the network.
        """
        if not faces:
            return []
        sheets = await self._compute.run(
            lambda: np.stack([departures(image, face.landmarks) for face in faces])
        )
        out = await self._inference.infer(MODEL, {"departures": sheets}, deadline=deadline)
        told = np.asarray(out["hidden"], np.float32)
        hidden = told / (told + np.float32(DOUBTED if doubting else RARER) * (1 - told))
        if doubting:
            hidden[np.stack([reaching_in(sheet) for sheet in sheets])] = 1
        return [Visibility(np.where(atlas().face, 1 - one, np.float32(1))) for one in hidden]
