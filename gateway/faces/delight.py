"""A portrait under even light: a network of our own on the unrolled face.

It answers a gain for every place of the atlas: hard light, cast shadows, shine and coloured lamps
come off, so that nothing of one picture's light is carried into another (M. Weir et al., "Deep
portrait delighting", ECCV 2022). Detail stays with the pixels, as with ratio images (A. Hou et al.,
"Towards high fidelity face relighting with realistic shadows", CVPR 2021).
`tools/learn_face_delighter.py` taught it.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from gateway.arrays import F32, U8, AnyFloat, Mask
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.atlas import atlas, unrolled
from gateway.faces.occlusion import Visibility
from gateway.faces.skin_levels import network_levels
from gateway.inference.protocol import Inference

MODEL = "face_delighter"
SEEN = 0.5
"""How surely skin is seen from which on it says what complexion a face has."""
LEAST = 64
"""Pixels of such skin in the atlas that are enough."""
SURE, AROUND_PX = 0.3, 2.0
"""Change of brightness, natural logarithm, of which half is made, and the width of the average in
which it is measured, in pixels of the atlas: small ones may be the shape of a face, of which its
likeness lives, large ones are light."""


@cache
def known_places() -> F32:
    """Return the network's constant input for every pixel, float32 (6, HEIGHT, WIDTH).

    Distance to the outline, distance to the middle, height; eyes and brows, lips, the face.
    """
    sheet = atlas()
    planes = [sheet.outline, np.abs(sheet.mean[..., 0]), sheet.mean[..., 1]]
    parts = [sheet.eyes | sheet.brows, sheet.lips, sheet.face]
    return np.stack([*planes, *(part.astype(np.float32) for part in parts)]).astype(np.float32)


def skin_levels(sheet: U8 | F32, seen: Mask) -> F32:
    """Return the middle of the skin's red, green and blue, float32 (3,).

    Args:
        sheet: (HEIGHT, WIDTH, 3) RGB, a face unrolled.
        seen: bool (HEIGHT, WIDTH), where it is seen.
    """
    skin = atlas().plain & seen
    if np.count_nonzero(skin) < LEAST:
        skin = atlas().plain
    return np.asarray(np.median(sheet[skin], axis=0), np.float32)


def sure_change(change: F32) -> F32:
    """Return changes (HEIGHT, WIDTH, 3) as far as they are surely of light: small ones less."""
    size = cv2.GaussianBlur(np.abs(change.mean(-1)), (0, 0), AROUND_PX)
    share = size**2 / (size**2 + np.float32(SURE**2))
    return np.asarray(change * share[..., None], np.float32)


class FaceDelighter:
    """Finds what brings faces under even light, with the network of an `Inference`."""

    def __init__(self, inference: Inference, compute: Compute) -> None:
        """Take what runs the network, and what runs the array work."""
        self._inference = inference
        self._compute = compute

    async def find(
        self, image: U8, landmarks: AnyFloat, seen: Visibility | None, *, deadline: Deadline
    ) -> F32:
        """Return the logarithms of gains of red, green and blue, float32 (HEIGHT, WIDTH, 3).

        Args:
            image: uint8 (H, W, 3) RGB.
            landmarks: (≥ 468, 3) of a face in it.
            seen: Where the face is seen; None: everywhere.
            deadline: When the answer is of no use any more.

        Raises:
            InferenceError, DeadlineExceeded: from the network.
        """
        sheet = await self._compute.run(unrolled, image, landmarks)
        bare = atlas().face if seen is None else seen.visible > SEEN
        levels = network_levels(sheet, skin_levels(sheet, bare))
        out = await self._inference.infer(MODEL, {"face": levels[None]}, deadline=deadline)
        return sure_change(np.asarray(out["change"][0], np.float32))
