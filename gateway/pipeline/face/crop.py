"""A face by itself, as it is kept between requests."""

from __future__ import annotations

import numpy as np

from gateway.arrays import U8
from gateway.faces.face import Face
from gateway.imaging.geometry.warp import bounding_region, shrink_area

CROP_FACTOR = 1.6
"""Side of a crop, in sides of the face's box."""


def cut_out(image: U8, face: Face, *, most_px: int) -> tuple[U8, Face]:
    """Cut a face out of a picture; return the crop and the face as it is there.

    Args:
        image: uint8 (H, W, 3) RGB.
        face: Of the picture.
        most_px: Longest side of the crop; a larger one is shrunk.

    Returns:
        uint8 (h, w, 3) RGB of its own, and the face in the crop's pixels.
    """
    low, high = face.box_xyxy[:2], face.box_xyxy[2:]
    margin = (CROP_FACTOR - 1) / 2 * float((high - low).max())
    region = bounding_region(np.stack([low, high]), (image.shape[0], image.shape[1]), margin)
    assert region is not None, "the box of a face that was found touches its picture"
    crop = np.array(region.of(image), np.uint8, order="C")
    scales = (1.0, 1.0)
    if max(region.shape) > most_px:
        crop, scales = shrink_area(crop, max(region.shape) / most_px)
    return crop, face.moved((region.x0, region.y0), scales)
