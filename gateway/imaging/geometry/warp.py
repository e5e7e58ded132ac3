"""Moves pixels: crops, and textures carried from one mesh to another."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from gateway.arrays import F32, U8, AnyFloat


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of pixels: columns x0 … x1 - 1, rows y0 … y1 - 1."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width)."""
        return self.y1 - self.y0, self.x1 - self.x0

    @property
    def origin_xy(self) -> NDArray[np.float32]:
        """float32 (2,): the first pixel's x and y."""
        return np.array([self.x0, self.y0], np.float32)

    def shared_with(self, other: Region) -> Region | None:
        """Return what lies in both; None if nothing does."""
        x0, y0 = max(self.x0, other.x0), max(self.y0, other.y0)
        x1, y1 = min(self.x1, other.x1), min(self.y1, other.y1)
        return Region(x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None

    def joined(self, other: Region) -> Region:
        """Return the smallest region that holds both."""
        return Region(
            min(self.x0, other.x0),
            min(self.y0, other.y0),
            max(self.x1, other.x1),
            max(self.y1, other.y1),
        )

    def slices_in(self, other: Region) -> tuple[slice, slice]:
        """Return rows and columns that this region has in the pixels of one that holds it."""
        rows = slice(self.y0 - other.y0, self.y1 - other.y0)
        return rows, slice(self.x0 - other.x0, self.x1 - other.x0)

    def of(self, image: NDArray[np.generic]) -> NDArray[np.generic]:
        """Return the view of `image` (H, W, …) this region covers."""
        return image[self.y0 : self.y1, self.x0 : self.x1]


def bounding_region(points_xy: AnyFloat, shape: tuple[int, int], margin: float) -> Region | None:
    """Return the region of an image that holds points (N, 2) and `margin` pixels around them.

    Returns None when nothing of it lies inside the image of `shape` (height, width).
    """
    low = np.floor(points_xy.min(0) - margin).astype(int)
    high = np.ceil(points_xy.max(0) + margin).astype(int) + 1
    x0, y0 = max(int(low[0]), 0), max(int(low[1]), 0)
    x1, y1 = min(int(high[0]), shape[1]), min(int(high[1]), shape[0])
    return Region(x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def crop_affine(image: U8, crop_from_image: AnyFloat, size_px: int, *, repeat: bool = False) -> U8:
    """Sample a square crop (size, size, C) through a 2×3 affine matrix.

    Outside the image it is black, or repeats the border. Minification beyond 2× is filtered by
    shrinking the touched part of the image first, so that a large face does not alias in a small
    crop.
    """
    border = cv2.BORDER_REPLICATE if repeat else cv2.BORDER_CONSTANT
    linear = np.asarray(crop_from_image[:, :2], np.float64)
    shrink = 1.0 / max(float(np.sqrt(abs(np.linalg.det(linear)))), 1e-9)
    if shrink < 2.0:
        return np.asarray(
            cv2.warpAffine(
                image,
                crop_from_image,
                (size_px, size_px),
                flags=cv2.INTER_LINEAR,
                borderMode=border,
            ),
            np.uint8,
        )
    image_from_crop = np.linalg.inv(linear)
    corners = np.array([[0, 0], [size_px, 0], [0, size_px], [size_px, size_px]], np.float64) - 0.5
    in_image = (corners - crop_from_image[:, 2]) @ image_from_crop.T
    region = bounding_region(in_image, image.shape[:2], shrink)
    if region is None:
        return np.zeros((size_px, size_px, image.shape[2]), np.uint8)
    part, factor = _halve(np.asarray(region.of(image), np.uint8), int(np.log2(shrink)))
    # crop = L · x + t with x = (y + 0.5) · factor - 0.5 + origin, y in the halved part
    matrix = np.empty((2, 3))
    matrix[:, :2] = linear * factor
    middle = 0.5 * factor - 0.5 + region.origin_xy
    matrix[:, 2] = linear @ middle + crop_from_image[:, 2]
    return np.asarray(
        cv2.warpAffine(part, matrix, (size_px, size_px), flags=cv2.INTER_LINEAR, borderMode=border),
        np.uint8,
    )


def uncrop(crop: U8, crop_from_region: AnyFloat, shape: tuple[int, int]) -> U8:
    """Return a crop's pixels (n, n, 3) where a region of `shape` lies in it; its border repeats.

    A crop that is much finer than the region is shrunk first, so that it does not alias.

    Args:
        crop: uint8 RGB.
        crop_from_region: (2, 3), affine.
        shape: (height, width) of the region.
    """
    matrix = np.asarray(crop_from_region, np.float64).copy()
    finer = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    if finer > 1.5:
        crop, scale = shrink_area(crop, finer)
        matrix[:, 2] += 0.5
        matrix *= np.array(scale)[:, None]
        matrix[:, 2] -= 0.5
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    size = (shape[1], shape[0])
    out = cv2.warpAffine(crop, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.uint8)


def _halve(image: U8, times: int) -> tuple[U8, int]:
    """Average 2×2 blocks again and again; return the picture and the factor by which it shrank.

    Halving is many times cheaper than any other area average. An odd last row or column is left
    out; it would be half a pixel of the result's border.
    """
    factor = 1
    for _ in range(times):
        height, width = image.shape[0] // 2, image.shape[1] // 2
        if min(height, width) < 1:
            break
        even = image[: 2 * height, : 2 * width]
        image = np.asarray(
            cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8
        )
        factor *= 2
    return image, factor


def shrink_area(image: U8, factor: float) -> tuple[U8, tuple[float, float]]:
    """Shrink an image by an area average; return it and the exact (x, y) scales < 1.

    A pixel centre x goes to (x + 0.5) · scale - 0.5.
    """
    height, width = image.shape[:2]
    size = max(1, round(width / factor)), max(1, round(height / factor))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), (size[0] / width, size[1] / height)


def enlarge(image: U8, factor: float) -> tuple[U8, tuple[float, float]]:
    """Enlarge an image by bicubic interpolation (Keys, a = -0.75); return it and its exact scales.

    For the (x, y) scales > 1 see `shrink_area`.
    """
    height, width = image.shape[:2]
    size = max(1, round(width * factor)), max(1, round(height * factor))
    large = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, np.uint8), (size[0] / width, size[1] / height)


def remap(texture: U8, x: F32, y: F32, *, smooth: bool = True) -> U8:
    """Sample `texture` (h, w, 3) at positions x, y (H, W); the border repeats.

    Args:
        texture: Where from.
        x: Columns.
        y: Rows.
        smooth: Bicubic (Keys, a = -0.75), which keeps detail when the texture is enlarged; else
            bilinear, which is enough when it is not.
    """
    how = cv2.INTER_CUBIC if smooth else cv2.INTER_LINEAR
    return np.asarray(cv2.remap(texture, x, y, how, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def carried(image: U8, region: Region, x: F32, y: F32, still_px: float) -> U8:
    """Return a region (h, w, 3) of an image, moved; what does not move is equal bit for bit.

    Args:
        image: uint8 (H, W, 3).
        region: The part.
        x: Columns (h, w) of the image that its pixels come from.
        y: Rows (h, w).
        still_px: How far a pixel may move and still count as not moving.
    """
    pixels = remap(image, x, y)
    _keep_still(region.of(image), pixels, x, y, (region.x0, region.y0, np.float32(still_px)))
    return pixels


def add_grid(dx: F32, dy: F32, region: Region) -> tuple[F32, F32]:
    """Turn offsets (h, w) of a region's pixels into columns and rows of the whole picture."""
    dx += np.arange(region.x0, region.x1, dtype=np.float32)
    dy += np.arange(region.y0, region.y1, dtype=np.float32)[:, None]
    return dx, dy


# mypy: disable-error-code="no-untyped-def,no-untyped-call"


@njit(cache=True, nogil=True, error_model="numpy")
def _keep_still(image, pixels, x, y, where):  # noqa: ANN001, ANN202
    x0, y0, still = where
    height, width = x.shape
    for j in range(height):
        row = np.float32(y0 + j)
        for i in range(width):
            across = abs(x[j, i] - np.float32(x0 + i))
            if across <= still and abs(y[j, i] - row) <= still:
                for c in range(3):
                    pixels[j, i, c] = image[j, i, c]


def stretched(image: U8, size_wh: tuple[int, int]) -> U8:
    """Return an image (H, W, 3) of another width and height in pixels, whatever its shape was.

    Larger ones are averaged, smaller ones interpolated bilinearly.
    """
    width, height = size_wh
    smaller = image.shape[0] >= height and image.shape[1] >= width
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=how), np.uint8)
