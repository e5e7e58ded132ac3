"""Crops of faces, aligned as a network wants them."""

from __future__ import annotations

import numpy as np

from gateway.arrays import F64, U8, AnyFloat
from gateway.faces.alignment import Template, crop_from_image
from gateway.imaging.warp import crop_affine


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
