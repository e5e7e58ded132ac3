"""Similarity transforms, rotations and angles.

Coordinates are (x, y[, z]): x right, y down, z away from the camera, in pixels, where pixel
(0, 0)'s *centre* is at (0.0, 0.0), as OpenCV's `remap` and `warpAffine` mean it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.arrays import F64, AnyFloat


@dataclass(frozen=True, slots=True)
class Similarity3D:
    """x ↦ scale · rotation · x + translation.

    Attributes:
        rotation: float64 (3, 3), proper orthogonal.
        scale: Uniform scale, > 0.
        translation: float64 (3,).
    """

    rotation: F64
    scale: float
    translation: F64

    def apply(self, points: AnyFloat) -> F64:
        """Map points (N, 3)."""
        return np.asarray(self.scale * points @ self.rotation.T + self.translation)


def fit_similarity_3d(
    points: AnyFloat, onto: AnyFloat, weights: AnyFloat | None = None
) -> Similarity3D:
    """Least-squares similarity that takes `points` (N, 3) onto `onto` (N, 3).

    Closed form of S. Umeyama, "Least-squares estimation of transformation parameters between
    two point patterns", IEEE TPAMI 13(4), 1991, with weights (N,).

    Raises:
        ValueError: if the points coincide, so that no scale exists.
    """
    w = np.ones(len(points)) if weights is None else np.asarray(weights, np.float64)
    w = w / w.sum()
    a, b = np.asarray(points, np.float64), np.asarray(onto, np.float64)
    mean_a, mean_b = w @ a, w @ b
    a, b = a - mean_a, b - mean_b
    variance = float(w @ (a * a).sum(1))
    if not variance > 1e-12:
        raise ValueError("degenerate points: no similarity can be fitted")
    u, s, vt = np.linalg.svd((b * w[:, None]).T @ a)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt)) or 1.0])
    rotation = (u * sign) @ vt
    scale = float((s * sign).sum() / variance)
    return Similarity3D(rotation, scale, mean_b - scale * rotation @ mean_a)


def rotated_square_to_crop(
    centre_xy: tuple[float, float], side: float, angle_rad: float, crop_px: int
) -> F64:
    """Return the 2×3 matrix `crop_from_image` of a rotated square.

    Args:
        centre_xy: Centre of the square in image pixels.
        side: Side of the square in image pixels, > 0.
        angle_rad: Angle of the square's x axis in the image (positive = clockwise on screen).
        crop_px: Side of the crop in pixels; the square's edges map to the crop's pixel *edges*.
    """
    scale = crop_px / side
    cos, sin = scale * np.cos(angle_rad), scale * np.sin(angle_rad)
    linear = np.array([[cos, sin], [-sin, cos]])
    middle = (crop_px - 1) / 2
    offset = middle - linear @ np.asarray(centre_xy, np.float64)
    return np.column_stack([linear, offset])


def invert_affine(matrix: AnyFloat) -> F64:
    """Return the inverse of a 2×3 affine matrix."""
    linear = np.linalg.inv(np.asarray(matrix[:, :2], np.float64))
    return np.column_stack([linear, -linear @ matrix[:, 2]])


def transform_points(matrix: AnyFloat, points: AnyFloat) -> F64:
    """Map points (…, 2) by a 2×3 affine matrix."""
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2])


def euler_degrees(rotation: F64) -> tuple[float, float, float]:
    """Head angles (pitch, yaw, roll) in degrees of a rotation from the mean face to the picture.

    Positive pitch: the face is turned down. Positive yaw: it turns towards the right of the picture
    (the subject's left). Positive roll: it tilts clockwise on screen. The order is roll about
    the view axis, applied last, over yaw, over pitch.
    """
    pitch = np.arctan2(rotation[2, 1], rotation[2, 2])
    yaw = np.arcsin(np.clip(rotation[2, 0], -1, 1))
    roll = np.arctan2(rotation[1, 0], rotation[0, 0])
    return float(np.degrees(pitch)), float(np.degrees(yaw)), float(np.degrees(roll))


def angle_degrees(rotation: AnyFloat, other: AnyFloat) -> float:
    """Return the angle in degrees, 0–180, by which two rotations (3, 3) differ."""
    apart = np.asarray(rotation, np.float64).T @ np.asarray(other, np.float64)
    # By sine and cosine: near 0 the cosine alone knows nothing finer than its rounding.
    axis = [apart[2, 1] - apart[1, 2], apart[0, 2] - apart[2, 0], apart[1, 0] - apart[0, 1]]
    return float(np.degrees(np.arctan2(np.linalg.norm(axis), np.trace(apart) - 1)))
