"""Masks: float32 (H, W), 0 = target, 1 = source."""

from __future__ import annotations

import cv2
import numpy as np

from gateway.arrays import F32, U8, AnyFloat, Mask


def smoothstep(x: F32) -> F32:
    """Return 3x² - 2x³ of x clipped to 0–1: a ramp with level ends."""
    t = np.clip(x, np.float32(0), np.float32(1))
    ramp = np.float32(3) - np.float32(2) * t
    ramp *= t
    ramp *= t
    return np.asarray(ramp, np.float32)


def soft_polygon(corners: AnyFloat, shape: tuple[int, int], softness_px: float) -> F32:
    """Return how far each pixel of `shape` (height, width) lies in a polygon (n, 2), 0–1.

    Args:
        corners: x and y, pixel centres at whole numbers.
        shape: Of the mask.
        softness_px: Standard deviation of the edge's blur, pixels.
    """
    mask = np.zeros(shape, np.uint8)
    sixteenths = np.rint(np.asarray(corners) * 16).astype(np.int32)
    cv2.fillPoly(mask, [sixteenths], (255.0,), cv2.LINE_AA, 4)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), softness_px), np.float32) / np.float32(255)


def wide_polygon(corners: AnyFloat, shape: tuple[int, int], softness_px: float) -> F32:
    """Return nearly `soft_polygon` (h, w), by way of a smaller picture where the edge is wide.

    There it lies up to a quarter of its softness further out: a polygon is painted with its border.
    """
    factor = max(1, int(softness_px / 4))
    small = -(-shape[0] // factor), -(-shape[1] // factor)
    mask = soft_polygon((np.asarray(corners) + 0.5) / factor - 0.5, small, softness_px / factor)
    if factor == 1:
        return mask
    size = small[1] * factor, small[0] * factor
    large = cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(large[: shape[0], : shape[1]], np.float32)


def soft_cover(corners: AnyFloat, shape: tuple[int, int], softness_px: float) -> F32:
    """Return how far each pixel of `shape` (height, width) belongs to a polygon's shade, 0–1.

    It is exactly 1 inside the polygon (n, 2) and fades out around it.

    Args:
        corners: x and y, pixel centres at whole numbers.
        shape: Of the mask.
        softness_px: Standard deviation of the edge's blur, pixels.
    """
    # The blur reaches as far as its kernel; grown by as much, the inside is out of its reach.
    reach = int(np.ceil(3 * softness_px)) + 1
    mask = np.zeros((shape[0] + 2 * reach, shape[1] + 2 * reach), np.uint8)
    sixteenths = np.rint((np.asarray(corners) + reach) * 16).astype(np.int32)
    cv2.fillPoly(mask, [sixteenths], (255.0,), cv2.LINE_8, 4)
    cv2.polylines(mask, [sixteenths], True, (255.0,), 2 * reach + 1, cv2.LINE_8, 4)
    side = 2 * reach + 1
    blurred = np.asarray(cv2.GaussianBlur(mask, (side, side), softness_px), np.float32)
    return blurred[reach:-reach, reach:-reach] / np.float32(255)


def soft_box(side_px: int, edge_px: float) -> F32:
    """Return a square mask (n, n), 0–1: 1 in its middle, 0 at its border, soft between.

    Args:
        side_px: Its side n.
        edge_px: Width of the soft edge, inside the square, pixels.
    """
    at = np.arange(side_px, dtype=np.float32)
    line = smoothstep(np.asarray(np.minimum(at, at[::-1]) / np.float32(edge_px), np.float32))
    return np.asarray(np.minimum(line[:, None], line), np.float32)


def soft_outline(corners: AnyFloat, shape: tuple[int, int], softness_px: float) -> F32:
    """Return how near each pixel of `shape` (height, width) is to a closed line (n, 2), 0–1.

    Args:
        corners: x and y, pixel centres at whole numbers.
        shape: Of the mask.
        softness_px: Standard deviation of the line's profile, pixels; 1 on the line itself.
    """
    mask = np.zeros(shape, np.uint8)
    sixteenths = np.rint(np.asarray(corners) * 16).astype(np.int32)
    cv2.polylines(mask, [sixteenths], True, (255.0,), 1, cv2.LINE_8, 4)
    blurred = np.asarray(cv2.GaussianBlur(mask, (0, 0), softness_px), np.float32)
    # A line one pixel wide keeps 1 / (σ √2π) of its height.
    height = np.float32(softness_px * np.sqrt(2 * np.pi) / 255)
    return np.asarray(np.minimum(blurred * height, 1), np.float32)


def depth_inside(corners: AnyFloat, x: float, y: float) -> float:
    """Return how far a point lies inside a polygon (n, 2), in pixels; negative outside."""
    polygon = np.asarray(corners, np.float32)
    return float(cv2.pointPolygonTest(polygon, (float(x), float(y)), True))


def soft_hull(points: AnyFloat, shape: tuple[int, int], softness_px: float) -> F32:
    """Return how far each pixel of `shape` lies in the convex hull of points (n, 2), 0–1."""
    hull = cv2.convexHull(np.asarray(points, np.float32))[:, 0]
    return soft_polygon(np.asarray(hull, np.float64), shape, softness_px)


def sampled(planes: F32, place: F32) -> F32:
    """Return planes (H, W[, C]) at places (2, h, w), columns and rows: float32 (h, w[, C]).

    Bilinear; outside, the nearest pixel of the border counts.
    """
    out = cv2.remap(planes, place[0], place[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.float32)


def sampled_levels(planes: U8, place: F32) -> U8:
    """Return planes of levels (H, W[, C]) at places (2, h, w): uint8 (h, w[, C]); see `sampled`."""
    out = cv2.remap(planes, place[0], place[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.uint8)


def softened_mask(mask: F32, softness_px: float) -> F32:
    """Return a mask (h, w), 0–1, with soft edges, half inside and half outside of it."""
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), softness_px), np.float32)


def withdrawn(inside: Mask, by_px: int, softness_px: float) -> F32:
    """Return a mask (h, w), 0–1, of a region shrunk and given a soft edge."""
    smaller = cv2.erode(inside.astype(np.float32), disc(by_px))
    return np.asarray(cv2.GaussianBlur(smaller, (0, 0), softness_px), np.float32)


def widened(inside: Mask, by_px: int) -> Mask:
    """Return a region (h, w), dilated."""
    return np.asarray(cv2.dilate(inside.astype(np.uint8), disc(by_px)) > 0)


def touching(mask: Mask, rim: Mask, least_px: int) -> Mask:
    """Return the connected parts of a mask (h, w) that share so many pixels with a rim (h, w)."""
    count, parts = cv2.connectedComponents(mask.astype(np.uint8))
    shared = np.bincount(parts[rim], minlength=count)
    return np.asarray(mask & (shared[parts] >= least_px))


def dilated(mask: F32, by_px: int) -> F32:
    """Return a mask (h, w), at each pixel the greatest value within a disc."""
    return np.asarray(cv2.dilate(mask, disc(by_px)), np.float32)


def disc(radius_px: int) -> U8:
    """Return a disc, uint8 (n, n) with n twice the radius and one; 1 inside."""
    size = 2 * radius_px + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), np.uint8)


def hardened(mask: F32, sigma_px: float) -> F32:
    """Return a mask (h, w), 0–1, with soft edges that lie inside of it."""
    soft = cv2.GaussianBlur(mask, (0, 0), sigma_px)
    return np.asarray((np.clip(soft, 0.5, 1) - 0.5) * 2, np.float32)


def from_crop(mask: F32, crop_from_region: AnyFloat, shape: tuple[int, int]) -> F32:
    """Return a crop's mask (n, n) where a region of `shape` lies in it; 0 outside the crop.

    Args:
        mask: Of the crop.
        crop_from_region: (2, 3), affine.
        shape: (height, width) of the region.
    """
    matrix = np.asarray(crop_from_region, np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(mask, matrix, (shape[1], shape[0]), flags=flags), np.float32)
