"""Input and output of the mesh network for a picture: arrays in, arrays out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F32, F64, U8
from gateway.faces.blazeface import Candidates
from gateway.faces.landmarks import (
    MESH_SIDE,
    Crop,
    crop_from_detection,
    crop_square,
    eye_crops,
    refine_eyes,
    square_of_landmarks,
)

SURE = 0.95
"""Presence from which one inference on a detection is enough; where a face is known to have
been, any look that finds it again is."""
AROUND = ((0.6, 0.3, 0.05), (-0.3, 0.6, -0.05), (-0.6, -0.3, 0.05), (0.3, -0.6, -0.05))
"""Steps right and down, in pixels of the crop, and turns in radians of the crops averaged: half a
pixel apart, so that the grid effects of the network cancel out."""


@dataclass(frozen=True, slots=True, eq=False)
class MeshLook:
    """A crop and the mesh network's landmarks in it: (478, 3) in the picture, and how sure it is.

    `uncertain` is whether it saw as much of a face in the same crop upside down, `over` whether
    the detector had it so.
    """

    crop: Crop
    mesh: F64
    presence: float
    uncertain: bool = False
    over: bool = False

    @property
    def sure(self) -> bool:
        """Whether a face is there, and this way up."""
        return self.presence >= SURE and not self.uncertain


def own_crop(image: U8, look: MeshLook) -> Crop:
    """Return the crop of a picture (H, W, 3) that fits the network's own landmarks."""
    return crop_square(image, square_of_landmarks(look.mesh), MESH_SIDE)


def seen_eyes(looks: list[MeshLook], eyes: list[tuple[Crop, Crop]], out: dict[str, Any]) -> F32:
    """Return landmarks (N, 478, 3), with the iris network's answer for two eyes each."""
    contours = out["contour"].reshape(len(looks), 2, 71, 3)
    irises = out["iris"].reshape(len(looks), 2, 5, 3)
    refined = [
        refine_eyes(look.mesh, eyes[n], contours[n], irises[n]) for n, look in enumerate(looks)
    ]
    return np.asarray(np.stack(refined), np.float32)


def detection_crops(image: U8, found: Candidates) -> list[Crop]:
    """Return the mesh network's crops of a picture (H, W, 3) for detections."""
    return [
        crop_from_detection(image, *args)
        for args in zip(found.boxes, found.sides, found.points, strict=True)
    ]


def crops_around(image: U8, looks: list[MeshLook]) -> list[Crop]:
    """Return the crops of a picture (H, W, 3) to average, those of one look after another."""
    crops = []
    for look in looks:
        square = square_of_landmarks(look.mesh)
        pixel = square.side / MESH_SIDE
        for right, down, turn in AROUND:
            near = replace(
                square,
                x=square.x + right * pixel,
                y=square.y + down * pixel,
                angle=square.angle + turn,
            )
            crops.append(crop_square(image, near, MESH_SIDE))
    return crops


def better_crops(image: U8, looks: list[MeshLook], sure: float) -> list[Crop | None]:
    """Return the crop of a picture (H, W, 3) each mesh requires; None where its own is as good."""
    squares = [square_of_landmarks(look.mesh) for look in looks]
    return [
        None
        if look.crop.fits(square) and look.presence >= sure
        else crop_square(image, square, MESH_SIDE)
        for look, square in zip(looks, squares, strict=True)
    ]


def all_eye_crops(image: U8, meshes: list[F64]) -> list[tuple[Crop, Crop]]:
    """Return both eyes' crops of every mesh (478, 3) of a picture (H, W, 3)."""
    return [eye_crops(image, mesh) for mesh in meshes]


SAME_FACE = 0.4
"""Share of the smaller mesh's box inside another's from which they are one face."""


def distinct(meshes: list[F64], keep: list[int], scores: NDArray[np.float32]) -> list[int]:
    """Drop meshes (478, 3) that lie on a face already taken by a better one, or on a part of it."""
    taken: list[int] = []
    for i in sorted(keep, key=lambda i: -scores[i]):
        if all(_shared(meshes[i], meshes[j]) < SAME_FACE for j in taken):
            taken.append(i)
    return sorted(taken)


def shares(look: MeshLook, other: MeshLook) -> bool:
    """Return whether two passes are of the same face."""
    return _shared(look.mesh, other.mesh) >= SAME_FACE


def _shared(mesh: F64, other: F64) -> float:
    """Return the share of the smaller of two meshes' boxes that is inside the other's."""
    (low_a, high_a), (low_b, high_b) = (
        (points[:, :2].min(0), points[:, :2].max(0)) for points in (mesh, other)
    )
    both = np.maximum(np.minimum(high_a, high_b) - np.maximum(low_a, low_b), 0)
    least = min(float(np.prod(high_a - low_a)), float(np.prod(high_b - low_b)))
    return float(np.prod(both)) / max(least, 1e-9)
