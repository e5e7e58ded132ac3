"""Light for a new face: what the refiner sees of it and of the old one, and what it answers."""

from __future__ import annotations

import numpy as np

from gateway.arrays import U8, Mask
from gateway.deadline import Deadline
from gateway.faces.atlas import HEIGHT, WIDTH, atlas, unrolled, unrolled_normals
from gateway.faces.face import Face
from gateway.faces.occlusion import Visibility
from gateway.faces.refiner import FaceRefiner, refiner_planes
from gateway.faces.topology import N_MESH
from gateway.imaging.color.light_field import LightField
from gateway.imaging.color.ratio import multiplied
from gateway.imaging.color.skin_model import DARK
from gateway.pipeline.selection.models import ModelSelector
from gateway.processors.base import Layer, Portrait

LEAST = 64
"""Pixels of skin in the atlas that are enough to compare colours."""


class Refining:
    """Finds light for new faces."""

    def __init__(self, networks: ModelSelector) -> None:
        """Take what runs the network and the array work."""
        self._refiner = FaceRefiner(networks.inference, networks.compute)
        self._compute = networks.compute

    async def light(
        self,
        image: U8,
        face: Face,
        layer: Layer,
        portrait: Portrait,
        seen: Visibility | None,
        *,
        deadline: Deadline,
    ) -> LightField:
        """Return the light for a layer.

        Args:
            image: uint8 (H, W, 3) RGB, with the old face.
            face: That face.
            layer: The new one.
            portrait: Where it is from.
            seen: Where the old face is seen; None: everywhere.
            deadline: When the answer is of no use any more.

        Raises:
            InferenceError, DeadlineExceeded: from the network.
        """
        planes = await self._compute.run(both_unrolled, image, face, layer, portrait, seen)
        gains = await self._refiner.gains(planes, deadline=deadline)
        return LightField(gains, layer.place, (HEIGHT, WIDTH))


def both_unrolled(
    image: U8, face: Face, layer: Layer, portrait: Portrait, seen: Visibility | None
) -> U8:
    """Return what the network looks at, uint8 (ROWS, COLUMNS, 11); see `Refining.light`."""
    old = unrolled(image, face.landmarks)
    marks = layer.landmarks[:N_MESH].astype(np.float32).copy()
    marks[:, :2] -= layer.region.origin_xy
    shown = unrolled(np.dstack([layer.pixels, layer.support.astype(np.uint8) * 255]), marks)
    new = np.ascontiguousarray(shown[..., :3])
    known = np.asarray(shown[..., 3] / np.float32(255), np.float32)
    if portrait.seen is not None:
        known = np.asarray(known * portrait.seen.visible, np.float32)
    old_known = np.ones(known.shape, np.float32) if seen is None else seen.visible
    normals = unrolled_normals(face.landmarks)
    skin = atlas().plain & (known > 0.7) & (old_known > 0.7) & (normals[..., 2] < -0.3)
    return refiner_planes(_in_colors_of(old, new, skin), old, normals, known, old_known)


def _in_colors_of(old: U8, new: U8, skin: Mask) -> U8:
    """Return a new face (h, w, 3) with its skin's median in the old one's colours."""
    if np.count_nonzero(skin) < LEAST:
        return new
    ratio = (np.median(old[skin], 0) + DARK) / (np.median(new[skin], 0) + DARK)
    return multiplied(new, np.asarray(ratio, np.float32), DARK)
