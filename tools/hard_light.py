"""Light drawn onto a face: hard and from anywhere, with the shadows that the face throws on itself.

Lambert's law on the fitted mesh; what lies in shadow is found with a depth picture taken from the
light (L. Williams, "Casting curved shadows on curved surfaces", SIGGRAPH 1978).
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F32, AnyFloat
from gateway.faces.topology import N_MESH, topology
from gateway.imaging.geometry.raster import rasterise, vertex_normals

MAP_PX = 192
"""Side of the depth picture."""
SLACK = 0.03
"""How far behind the nearest surface, in inter-ocular distances, a place still is in the light."""

Plane = NDArray[Any]


def direction(rng: np.random.Generator) -> F32:
    """Return where light comes from, float32 (3,) of length 1: from all sides but behind."""
    side = rng.choice([-1, 1]) * abs(rng.normal(50, 30))
    up = rng.normal(25, 25)
    a, b = np.radians(np.clip([side, up], [-105, -30], [105, 80]))
    return np.array([np.sin(a) * np.cos(b), -np.sin(b), -np.cos(a) * np.cos(b)], np.float32)


def lit(landmarks: AnyFloat, light: F32, points: F32, normals: F32, softness_px: float) -> F32:
    """Return the share of a light that reaches places of a face, (h, w), 0–1.

    Args:
        landmarks: (≥ 468, 3).
        light: float32 (3,), towards it.
        points: float32 (h, w, 3), the places, as the landmarks are measured.
        normals: float32 (h, w, 3), outwards there.
        softness_px: Of the shadows' edges, in pixels of the result.
    """
    mesh = np.asarray(landmarks[:N_MESH], np.float32)
    unit = float(np.linalg.norm(mesh[33] - mesh[263])) / 1.5
    across = np.cross(light, [0.0, 1.0, 0.0])
    across /= np.linalg.norm(across)
    frame = np.stack([across, np.cross(light, across), -light], 1).astype(np.float32)
    seen, at = mesh @ frame, points @ frame
    low = seen[:, :2].min(0)
    scale = (MAP_PX - 1) / float((seen[:, :2].max(0) - low).max())
    corners = seen.copy()
    corners[:, :2] = (corners[:, :2] - low) * scale
    (depth,) = rasterise(
        corners, topology().triangles, seen[:, 2:], (MAP_PX, MAP_PX), background=1e9
    )
    x, y = ((at[..., :2] - low) * scale).transpose(2, 0, 1)
    nearest = cv2.remap(depth, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)
    clear = (at[..., 2] < nearest + SLACK * unit).astype(np.float32)
    clear = cv2.GaussianBlur(clear, (0, 0), max(softness_px, 0.3))
    return np.asarray(clear * np.clip(normals @ light, 0, 1), np.float32)


def light_gain(rng: np.random.Generator, landmarks: AnyFloat, points: F32, normals: F32) -> F32:
    """Return by what (h, w, 3) a face's pixels are multiplied under a light drawn at random."""
    key = lit(landmarks, direction(rng), points, normals, np.exp(rng.normal(-0.2, 0.7)))
    ambient = rng.uniform(0.12, 0.6)
    warm = np.exp(rng.normal(0, 0.12) * np.array([1.0, 0.0, -1.0]))
    cool = np.exp(rng.normal(0, 0.08) * np.array([1.0, 0.0, -1.0]))
    gain = ambient * cool + (1 - ambient) * rng.uniform(1.1, 1.9) * key[..., None] * warm
    return np.asarray(gain, np.float32)


def surface(landmarks: AnyFloat) -> F32:
    """Return outward unit normals (468, 3) of a face's landmarks."""
    return vertex_normals(
        np.ascontiguousarray(landmarks[:N_MESH], np.float32), topology().triangles
    )
