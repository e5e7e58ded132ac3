"""Light for a face in another picture: what its pixels are to be multiplied by, place by place.

A small network of our own, `face_refiner`, sees both faces unrolled (`faces/atlas.py`): the new one
as it is, the old one only coarsely, as its light and tint on bare skin, without features. It
answers a gain: the new face's own shadows come off, the target's light comes on. Detail stays with
the pixels, as with ratio images (A. Hou et al., "Towards high fidelity face relighting with
realistic shadows", CVPR 2021). `tools/learn_face_refiner.py` taught it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F32, U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.atlas import HEIGHT, WIDTH, atlas
from gateway.imaging.color.log_chroma import features_of_logs, logs_of_features
from gateway.imaging.color.skin_model import LOGS, STEPS, ZERO
from gateway.inference.protocol import Inference

MODEL = "face_refiner"

ROWS, COLUMNS = HEIGHT // 2, WIDTH // 2
"""Size of what the network looks at: the atlas, halved."""
PLANES = 11
COARSE_PX, WIDE_PX = 3.0, 9.0
"""Widths of the averages of the old face's skin, in pixels of the halved atlas: wider than any
feature, and where little skin is seen."""
TRUST = 0.05
"""Share of skin within the narrower average at which both count half."""
STRENGTH = 0.6
"""How much of a change is made: all of it costs more of the likeness than it gains in light."""
SURE = 0.6
"""How surely skin of the old face is seen from which on it says something of the light."""
AROUND_PX, FINE_PX = 3.0, 0.8
"""Widths of averages of the answer, in its pixels: of skin around a feature, and of skin itself."""


def refiner_planes(source: U8, target: U8, normals: F32, seen: F32, target_seen: F32) -> U8:
    """Return the network's input.

    Args:
        source: uint8 (HEIGHT, WIDTH, 3) RGB, the new face, in the target's pose and about its
            colours.
        target: uint8 (HEIGHT, WIDTH, 3) RGB, the old face.
        normals: float32 (HEIGHT, WIDTH, 3), unit normals of the old face; z = -1 faces the viewer.
        seen: float32 (HEIGHT, WIDTH), how well the new face is known, 0–1.
        target_seen: The same of the old one.

    Returns:
        uint8 (ROWS, COLUMNS, 11): log brightness, log red and log blue over green of the new face;
        the same of the old one's skin, averaged; how much skin there is in that average; how well
        the new face is known; the surface's normal. Colours are measured from the middle of the
        old face's skin; 128 is 0.
    """
    own, old = (features_of_logs(LOGS[halved(image)]) for image in (source, target))
    normals, facing = halved(normals), np.clip(-halved(normals)[..., 2], 0, 1)
    weight = skin_share() * (halved(target_seen) > SURE) * facing
    middle = _middle(old, weight)
    coarse, share = _averaged(old - middle, weight)
    out = np.empty((ROWS, COLUMNS, PLANES), np.float32)
    out[..., :3] = ZERO + STEPS[:3] * (own - middle)
    out[..., 3:6] = ZERO + STEPS[:3] * coarse
    out[..., 6] = 255 * share
    out[..., 7] = 255 * halved(seen)
    out[..., 8:10] = ZERO + 127 * normals[..., :2]
    out[..., 10] = 255 * facing
    np.rint(out, out=out)
    return np.clip(out, 0, 255, out=out).astype(np.uint8)


def halved(plane: NDArray[Any]) -> NDArray[Any]:
    """Return the means of 2×2 places of the atlas."""
    return np.asarray(cv2.resize(plane, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA))


def _middle(features: F32, weight: F32) -> F32:
    """Return the median (3,) of skin's features (h, w, 3); of all of the face without any."""
    chosen = features[weight > 0.3]
    if len(chosen) < 32:
        chosen = features[known_places()[-1] > 0.5]
    return np.asarray(np.median(chosen[::2], axis=0), np.float32)


def _averaged(features: F32, weight: F32) -> tuple[F32, F32]:
    """Return features (h, w, 3) averaged over skin, and how much of it (h, w) was near."""
    stack = np.concatenate([features * weight[..., None], weight[..., None]], -1)
    near, wide = (
        cv2.GaussianBlur(stack, (0, 0), size, borderType=cv2.BORDER_CONSTANT)
        for size in (COARSE_PX, WIDE_PX)
    )
    far = wide[..., :3] / (wide[..., 3:] + np.float32(1e-3))
    mixed = (near[..., :3] + np.float32(TRUST) * far) / (near[..., 3:] + np.float32(TRUST))
    return np.asarray(mixed, np.float32), np.asarray(np.clip(near[..., 3], 0, 1), np.float32)


@cache
def skin_share() -> F32:
    """Return how far each place is bare skin, float32 (ROWS, COLUMNS), 0–1."""
    plain = cv2.GaussianBlur(atlas().plain.astype(np.float32), (0, 0), 1.5)
    return np.asarray(halved(plain), np.float32)


@cache
def known_places() -> F32:
    """Return the network's constant input for every pixel, float32 (6, ROWS, COLUMNS).

    Distance to the outline, place on the mean face; eyes and brows, lips, the face.
    """
    sheet = atlas()
    parts = [sheet.eyes | sheet.brows, sheet.lips, sheet.face]
    planes = [sheet.outline, sheet.mean[..., 0], sheet.mean[..., 1]]
    planes += [part.astype(np.float32) for part in parts]
    return np.stack([halved(plane) for plane in planes]).astype(np.float32)


def skin_change(change: F32, skin: F32) -> F32:
    """Return changes (h, w, 3) as they are on skin; elsewhere, as on the skin around.

    Brows, eyes and lips are under the light of the skin around them, so that their contrast to it
    stays as it is.
    """
    weight = skin[..., None]
    stack = np.concatenate([change * weight, weight], -1)
    near, fine = (cv2.GaussianBlur(stack, (0, 0), sigma) for sigma in (AROUND_PX, FINE_PX))
    around = near[..., :3] / (near[..., 3:] + np.float32(1e-3))
    own = fine[..., :3] / (fine[..., 3:] + np.float32(1e-3))
    return np.asarray(around + weight * (own - around), np.float32)


def gains_of(change: F32) -> F32:
    """Return gains (ROWS, COLUMNS, 3) of red, green and blue.

    Args:
        change: float32 (ROWS, COLUMNS, 3), of log brightness, of log red and of log blue over
            green.
    """
    told = np.float32(STRENGTH) * skin_change(change, skin_share())
    return np.exp(logs_of_features(told), dtype=np.float32)


class FaceRefiner:
    """Finds the light for new faces, with the network of an `Inference`."""

    def __init__(self, inference: Inference, compute: Compute) -> None:
        """Take what runs the network, and what runs the array work."""
        self._inference = inference
        self._compute = compute

    async def gains(self, planes: U8, *, deadline: Deadline) -> F32:
        """Return the gains of red, green and blue, float32 (ROWS, COLUMNS, 3).

        Args:
            planes: uint8 (ROWS, COLUMNS, 11), see `refiner_planes`.
            deadline: When the answer is of no use any more.

        Raises:
            InferenceError, DeadlineExceeded: from the network.
        """
        out = await self._inference.infer(MODEL, {"planes": planes[None]}, deadline=deadline)
        return gains_of(np.asarray(out["change"][0], np.float32))
