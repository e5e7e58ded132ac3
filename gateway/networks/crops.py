"""Crops of faces, aligned as a network expects them."""

from __future__ import annotations

from functools import cache

import numpy as np

from gateway.arrays import F32, F64, U8, AnyFloat
from gateway.faces.alignment import Template, crop_from_image
from gateway.imaging.geometry.warp import Region, bounding_region, crop_affine
from gateway.imaging.masks.soft import from_crop, soft_box


def aligned_crops(
    image: U8, landmarks_5: AnyFloat, template: Template, side_px: int
) -> tuple[U8, F64]:
    """Return the faces of a picture as crops (N, S, S, 3), and where in it they lie.

    Args:
        image: uint8 RGB (H, W, 3); beyond its border the border repeats.
        landmarks_5: Five points (N, 5, 2) of each face, in pixels of the picture.
        template: Where in a crop they shall lie.
        side_px: S.

    Returns:
        The crops, and the matrices `crop_from_image`, float64 (N, 2, 3).

    Raises:
        ValueError: a face's points coincide.
    """
    crops = np.empty((len(landmarks_5), side_px, side_px, 3), np.uint8)
    matrices = np.empty((len(landmarks_5), 2, 3))
    for points, crop, matrix in zip(landmarks_5, crops, matrices, strict=True):
        matrix[:] = crop_from_image(points, template, side_px)
        crop[:] = crop_affine(image, matrix, side_px, repeat=True)
    return crops, matrices


def seen_from(crop_from_image: AnyFloat, region: Region) -> F64:
    """Return the same map, float64 (2, 3), for pixels of a region of the picture."""
    matrix = np.asarray(crop_from_image, np.float64).copy()
    matrix[:, 2] += matrix[:, :2] @ region.origin_xy
    return matrix


def reach_of_crop(
    crop_from_image: AnyFloat, side_px: int, edge: float, shape: tuple[int, int]
) -> tuple[Region, F32] | None:
    """Return the part of a picture that a crop lies in, and a mask of it with a soft edge.

    Args:
        crop_from_image: (2, 3), where the crop lies.
        side_px: Side of the crop.
        edge: Width of the soft edge inside the crop, as a share of its side.
        shape: (height, width) of the picture.

    Returns:
        The region, and float32 (h, w), 0–1; None if the crop lies outside the picture.
    """
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * side_px - 0.5
    linear = np.asarray(crop_from_image[:, :2], np.float64)
    in_image = (corners - crop_from_image[:, 2]) @ np.linalg.inv(linear).T
    region = bounding_region(in_image, shape, 1)
    if region is None:
        return None
    matrix = seen_from(crop_from_image, region)
    return region, from_crop(box(side_px, edge), matrix, region.shape)


@cache
def box(side_px: int, edge: float) -> F32:
    """Return a crop's mask (n, n), 0–1, soft along its border; see `reach_of_crop`."""
    return soft_box(side_px, edge * side_px)
