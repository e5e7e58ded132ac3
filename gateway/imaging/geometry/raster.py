"""Draws a triangle mesh: attributes of the vertices, interpolated at every covered pixel."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gateway.arrays import F32

_SLACK = 1e-6
"""Barycentric slack that closes the hairline gaps between neighbouring triangles."""


def rasterise(
    vertices: F32,
    triangles: NDArray[np.int32],
    attributes: F32,
    shape: tuple[int, int],
    *,
    background: float = 0.0,
) -> F32:
    """Interpolate vertex attributes over the nearest surface of a mesh.

    Triangles are painted from far to near, whichever way they face, so that a crease that folds
    over by a hair leaves no hole; surfaces that are really turned away lie behind something nearer.
    A pixel belongs to a triangle when its centre lies inside or on the border.

    Args:
        vertices: (V, 3) x and y in pixels (pixel centres at whole numbers), z away from the
            viewer.
        triangles: (T, 3) vertex indices.
        attributes: (V, K) values to interpolate linearly on screen.
        shape: (height, width) of the result.
        background: Value where nothing is drawn.

    Returns:
        float32 attribute planes (K, height, width).

    Raises:
        ValueError: if the arrays do not fit one another.
    """
    if vertices.ndim != 2 or vertices.shape[1] != 3:
        raise ValueError(f"vertices must be (V, 3), not {vertices.shape}")
    if attributes.ndim != 2 or len(attributes) != len(vertices):
        raise ValueError(f"attributes must be ({len(vertices)}, K), not {attributes.shape}")
    planes = np.full((attributes.shape[1], *shape), background, np.float32)
    far_first = np.argsort(-vertices[triangles, 2].sum(1), kind="stable")
    _paint(
        np.ascontiguousarray(vertices, np.float64),
        np.ascontiguousarray(triangles[far_first], np.int32),
        np.ascontiguousarray(attributes, np.float64),
        planes,
    )
    return planes


def vertex_normals(vertices: F32, triangles: NDArray[np.int32]) -> F32:
    """Return outward unit normals (V, 3): area-weighted means over the adjoining triangles.

    0 for a vertex without triangles. A frontal vertex has z = -1: towards the viewer.
    """
    normals = np.zeros((len(vertices), 3), np.float32)
    _face(np.ascontiguousarray(vertices, np.float64), triangles, normals)
    return normals


def vertex_facing(vertices: F32, triangles: NDArray[np.int32]) -> F32:
    """Return how squarely each vertex faces the viewer: (V,), 1 = frontal, 0 = edge-on, < 0 = away.

    0 for a vertex without triangles.
    """
    return -vertex_normals(vertices, triangles)[:, 2]


def vertex_visibility(
    vertices: F32, triangles: NDArray[np.int32], *, resolution: int = 64, tolerance: float = 0.04
) -> NDArray[np.bool_]:
    """Return which vertices (V,) no other part of the mesh hides.

    Args:
        vertices: (V, 3) as for `rasterise`.
        triangles: (T, 3).
        resolution: Pixels of the depth image's longer side.
        tolerance: Depth by which a vertex may lie behind the surface and still count as on it,
            as a fraction of the mesh's longer side on screen.
    """
    low = vertices[:, :2].min(0)
    side = float((vertices[:, :2].max(0) - low).max())
    if not side > 0:
        return np.zeros(len(vertices), np.bool_)
    scaled = vertices.astype(np.float32).copy()
    scaled[:, :2] = (vertices[:, :2] - low) * ((resolution - 1) / side)
    shape = resolution, resolution
    depth = rasterise(scaled, triangles, vertices[:, 2:3], shape, background=np.inf)
    at = np.clip(np.rint(scaled[:, :2]).astype(int), 0, resolution - 1)
    front = depth[0, at[:, 1], at[:, 0]]
    return np.asarray(vertices[:, 2] <= front + tolerance * side)


def interpolated(values: F32, corners: NDArray[np.int32], shares: F32) -> F32:
    """Return weighted sums of three values each: float32 (h, w, K).

    Args:
        values: (V, K), of vertices.
        corners: (h, w, 3), which three vertices.
        shares: (h, w, 3), their weights.
    """
    out = np.empty((*corners.shape[:2], values.shape[1]), np.float32)
    _interpolate(np.ascontiguousarray(values, np.float32), corners, shares, out)
    return out


# mypy: disable-error-code="no-untyped-def,no-untyped-call"
# ruff: noqa: ANN001, ANN202


@njit(cache=True, nogil=True, error_model="numpy")
def _clip_span(value, slope, first, last):
    """Narrow first … last (offsets) to where value + slope · offset ≥ -slack."""
    if slope > 0.0:
        first = max(first, int(np.ceil((-_SLACK - value) / slope)))
    elif slope < 0.0:
        last = min(last, int(np.floor((-_SLACK - value) / slope)))
    elif value < -_SLACK:
        last = -1
    return first, last


@njit(cache=True, nogil=True, error_model="numpy")
def _paint(vertices, triangles, attributes, planes):
    channels, height, width = planes.shape
    for t in range(triangles.shape[0]):
        i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay = vertices[i, 0], vertices[i, 1]
        bx, by = vertices[j, 0] - ax, vertices[j, 1] - ay
        cx, cy = vertices[k, 0] - ax, vertices[k, 1] - ay
        area = bx * cy - by * cx
        if not abs(area) > 1e-9:
            continue
        x0 = max(0, int(np.ceil(ax + min(0.0, bx, cx) - _SLACK)))
        x1 = min(width - 1, int(np.floor(ax + max(0.0, bx, cx) + _SLACK)))
        y0 = max(0, int(np.ceil(ay + min(0.0, by, cy) - _SLACK)))
        y1 = min(height - 1, int(np.floor(ay + max(0.0, by, cy) + _SLACK)))
        if x1 < x0 or y1 < y0:
            continue
        inv = 1.0 / area
        du, dv = cy * inv, -by * inv  # change of the weights of b and c along x
        for y in range(y0, y1 + 1):
            u = ((x0 - ax) * cy - (y - ay) * cx) * inv
            v = ((y - ay) * bx - (x0 - ax) * by) * inv
            first, last = _clip_span(u, du, 0, x1 - x0)
            first, last = _clip_span(v, dv, first, last)
            first, last = _clip_span(1.0 - u - v, -du - dv, first, last)
            # From the first pixel inside: out there a sliver's weights are huge, and in float32
            # their remaining difference in here would be noise.
            u, v = u + first * du, v + first * dv
            for c in range(channels):
                a = attributes[i, c]
                along_b, along_c = attributes[j, c] - a, attributes[k, c] - a
                value = np.float32(a + u * along_b + v * along_c)
                slope = np.float32(du * along_b + dv * along_c)
                row = planes[c, y, x0 + first : x0 + last + 1]
                for step in range(last + 1 - first):
                    row[step] = value + np.float32(step) * slope


@njit(cache=True, nogil=True, error_model="numpy")
def _face(vertices, triangles, normals):
    total = np.zeros((vertices.shape[0], 3))
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ux, uy, uz = (
            vertices[b, 0] - vertices[a, 0],
            vertices[b, 1] - vertices[a, 1],
            vertices[b, 2] - vertices[a, 2],
        )
        vx, vy, vz = (
            vertices[c, 0] - vertices[a, 0],
            vertices[c, 1] - vertices[a, 1],
            vertices[c, 2] - vertices[a, 2],
        )
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for corner in (a, b, c):
            total[corner, 0] += nx
            total[corner, 1] += ny
            total[corner, 2] += nz
    for i in range(vertices.shape[0]):
        length = np.sqrt(total[i, 0] ** 2 + total[i, 1] ** 2 + total[i, 2] ** 2)
        if length > 0:
            for c in range(3):
                normals[i, c] = -total[i, c] / length


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _interpolate(values, corners, shares, out):
    height, width, count = out.shape
    for y in range(height):
        for x in range(width):
            i, j, k = corners[y, x, 0], corners[y, x, 1], corners[y, x, 2]
            a, b, c = shares[y, x, 0], shares[y, x, 1], shares[y, x, 2]
            for n in range(count):
                out[y, x, n] = a * values[i, n] + b * values[j, n] + c * values[k, n]
