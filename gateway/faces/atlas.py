"""The face unrolled: a fixed rectangle in which every face's nose, brows and lips lie at one place.

The mean face is projected onto a cylinder about a vertical axis behind it, so that cheeks keep
their room. Prior knowledge of a face (where lips are, how near a place is to
the outline) is a picture here, and faces of two moments or of two people can be compared pixel by
pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F32, F64, U8, AnyFloat, Mask
from gateway.faces.regions import distance_to_outline
from gateway.faces.topology import (
    LEFT_EYE,
    LIPS_INNER,
    LIPS_OUTER,
    N_MESH,
    RIGHT_EYE,
    topology,
)
from gateway.imaging.geometry.raster import interpolated, rasterise, vertex_normals
from gateway.imaging.geometry.warp import Region, bounding_region, remap, shrink_area
from gateway.imaging.masks.soft import widened

WIDTH, HEIGHT = 128, 144
"""Of the atlas, in its pixels; in the middle one is about 0.04 inter-ocular distances wide."""
AXIS_Z = 1.3
"""How far behind the mean face's middle the cylinder's axis lies, in inter-ocular distances."""
MARGIN = 0.02
"""Share of the rectangle that is left free at its edges."""

# fmt: off
RIGHT_BROW = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
NOSTRILS = (98, 240, 20, 242, 2, 462, 250, 460, 327, 326, 2, 97)
# fmt: on


@dataclass(frozen=True, slots=True, eq=False)
class Atlas:
    """The rectangle, (HEIGHT, WIDTH) for each of its planes.

    Attributes:
        place: float32 (468, 2), x and y of every landmark in it.
        corners: int32 (h, w, 3), the landmarks of the triangle that a pixel lies in.
        shares: float32 (h, w, 3), their weights; 0 outside the face.
        face: bool, where the face is.
        eyes: bool, the openings of both eyes with the lids' edges.
        brows: bool, with what surrounds them.
        lips: bool, the red of the lips and the mouth's inside.
        mouth: bool, the mouth's inside.
        nostrils: bool, the nose from below.
        outline: float32, distance to the face's outline in inter-ocular distances.
        mean: float32 (h, w, 3), the mean face's points.
    """

    place: F32
    corners: NDArray[np.int32]
    shares: F32
    face: Mask
    eyes: Mask
    brows: Mask
    lips: Mask
    mouth: Mask
    nostrils: Mask
    outline: F32
    mean: F32

    @property
    def plain(self) -> Mask:
        """Bool (HEIGHT, WIDTH): where nothing but skin is to be expected."""
        return self.face & ~(self.eyes | self.brows | self.lips | self.nostrils)

    def spread(self, values: AnyFloat) -> F32:
        """Interpolate values of landmarks (468, K) over the atlas: float32 (h, w, K)."""
        return interpolated(np.asarray(values, np.float32), self.corners, self.shares)


@cache
def atlas() -> Atlas:
    """Return the atlas (computed once; the arrays are read-only)."""
    mean = topology().mean[:N_MESH].astype(np.float64)
    place = _places(mean)
    corners, shares = _triangles(np.column_stack([place, mean[:, 2]]).astype(np.float32))
    face = shares.sum(2) > 0
    mirror = topology().mirror
    brows = [RIGHT_BROW, [int(mirror[i]) for i in RIGHT_BROW]]
    made = Atlas(
        place=place,
        corners=corners,
        shares=shares,
        face=face,
        eyes=area_of(place, (RIGHT_EYE, LEFT_EYE), 3) & face,
        brows=area_of(place, brows, 3) & face,
        lips=area_of(place, (LIPS_OUTER,), 1) & face,
        mouth=area_of(place, (LIPS_INNER,), 0) & face,
        nostrils=area_of(place, (NOSTRILS,), 2) & face,
        outline=np.zeros(0, np.float32),
        mean=np.zeros(0, np.float32),
    )
    outline = made.spread(distance_to_outline()[:, None])[..., 0]
    values = {name: getattr(made, name) for name in Atlas.__slots__}
    values |= {"outline": outline, "mean": made.spread(mean)}
    for array in values.values():
        array.setflags(write=False)
    return Atlas(**values)


def unrolled(image: U8, landmarks: AnyFloat) -> U8:
    """Return a face's skin in the atlas, uint8 (HEIGHT, WIDTH, C).

    Args:
        image: uint8 (H, W, C), RGB and maybe a mask. A large face is shrunk first, so that it does
            not alias.
        landmarks: (≥ 468, 3) in it.
    """
    part, points = face_part(image, landmarks, atlas().place)
    at = atlas().spread(points)
    return remap(part, at[..., 0], at[..., 1], smooth=False)


def face_part(image: U8, landmarks: AnyFloat, places: F32) -> tuple[U8, F32]:
    """Return the part of a picture that shows a face, shrunk so that unrolling does not alias.

    Args:
        image: uint8 (H, W, C).
        landmarks: (≥ 468, 3) in it.
        places: float32 (468, 2), where they are to lie.

    Returns:
        The part (h, w, C), and where the landmarks lie in it, float32 (468, 2).
    """
    points = np.asarray(landmarks[:N_MESH, :2], np.float32)
    region = bounding_region(points, image.shape[:2], margin=2)
    region = region or Region(0, 0, image.shape[1], image.shape[0])
    part = np.ascontiguousarray(region.of(image), np.uint8)
    points = points - region.origin_xy
    finer = float(np.sqrt(np.prod(np.std(points, axis=0)) / np.prod(np.std(places, axis=0))))
    factor = min(int(finer), *part.shape[:2])
    if factor >= 2:
        # Whole cells only: an exact fraction is found many times faster.
        rows, columns = (side // factor * factor for side in part.shape[:2])
        part, scale = shrink_area(part[:rows, :columns], float(factor))
        points = (points + 0.5) * np.asarray(scale, np.float32) - 0.5
    return part, points


def places_in(region: Region, landmarks: AnyFloat, places: F32) -> F32:
    """Return where each pixel of a part of a picture lies on a sheet, float32 (2, h, w).

    Columns and rows; -1 beside the face.

    Args:
        region: The part.
        landmarks: (≥ 468, 3) of a face in the picture.
        places: float32 (468, 2), where they lie on the sheet, such as `Atlas.place`.
    """
    vertices = np.array(landmarks[:N_MESH], np.float32)
    vertices[:, :2] -= region.origin_xy
    return rasterise(vertices, topology().triangles, places, region.shape, background=-1)


def unrolled_normals(landmarks: AnyFloat) -> F32:
    """Return a face's outward unit normals in the atlas, float32 (HEIGHT, WIDTH, 3).

    0 outside the face; z = -1 faces the viewer.

    Args:
        landmarks: (≥ 468, 3).
    """
    vertices = np.ascontiguousarray(landmarks[:N_MESH], np.float32)
    normals = atlas().spread(vertex_normals(vertices, topology().triangles))
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), np.float32(1e-6))
    return normals


def _places(mean: F64) -> F32:
    """Return where landmarks (468, 3) of the mean face lie, float32 (468, 2)."""
    angle = np.arctan2(mean[:, 0], AXIS_Z - mean[:, 2])
    across = (angle / np.abs(angle).max() + 1) / 2
    down = (mean[:, 1] - mean[:, 1].min()) / np.ptp(mean[:, 1])
    unit = np.column_stack([across, down]) * (1 - 2 * MARGIN) + MARGIN
    return np.asarray(unit * [WIDTH - 1, HEIGHT - 1], np.float32)


def _triangles(vertices: F32) -> tuple[NDArray[np.int32], F32]:
    """Return for each pixel its triangle's corners and their weights, (h, w, 3) each."""
    triangles = topology().triangles
    count = len(triangles)
    # Each triangle gets corners of its own, so that they identify it.
    own = np.arange(3 * count, dtype=np.int32).reshape(-1, 3)
    told = np.zeros((3 * count, 3), np.float32)
    told[:, 0] = np.repeat(np.arange(count), 3)
    told[1::3, 1] = told[2::3, 2] = 1
    which, second, third = rasterise(
        vertices[triangles].reshape(-1, 3), own, told, (HEIGHT, WIDTH), background=-1
    )
    inside = which >= 0
    shares = np.stack([1 - second - third, second, third], -1) * inside[..., None]
    corners = triangles[np.rint(np.maximum(which, 0)).astype(int)]
    return corners.astype(np.int32), shares.astype(np.float32)


def area_of(place: F32, rings: Sequence[Sequence[int]], wider_px: int = 0) -> Mask:
    """Return the inside of rings of landmarks, widened: bool (HEIGHT, WIDTH).

    Args:
        place: float32 (468, 2), where the landmarks lie in the atlas.
        rings: Landmarks along each border.
        wider_px: By how many pixels.
    """
    area = np.zeros((HEIGHT, WIDTH), np.uint8)
    for ring in rings:
        cv2.fillPoly(
            area, [np.rint(place[list(ring)] * 16).astype(np.int32)], (1.0,), cv2.LINE_8, 4
        )
    return widened(area > 0, wider_px)
