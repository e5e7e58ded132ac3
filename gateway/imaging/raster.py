"""Draws a triangle mesh: attributes of the vertices, interpolated at every covered pixel."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

F32 = NDArray[np.float32]


def rasterise(
    vertices: F32, triangles: NDArray[np.int32], attributes: F32, shape: tuple[int, int]
) -> tuple[F32, NDArray[np.bool_]]:
    """Interpolate vertex attributes over the nearest surface of a mesh, with a depth buffer.

    Triangles are drawn whichever way they face, so that a crease that folds over by a hair leaves
    no hole; what is really turned away lies behind something nearer. A pixel belongs to a
    triangle when its centre lies inside or on the border.

    Args:
        vertices: (V, 3) x and y in pixels (pixel centres at whole numbers), z away from the
            viewer; the nearest fragment wins.
        triangles: (T, 3) vertex indices.
        attributes: (V, K) values to interpolate linearly on screen.
        shape: (height, width) of the result.

    Returns:
        Attribute image (height, width, K), zero where nothing is drawn, and the covered pixels
        (height, width).

    Raises:
        ValueError: if the arrays do not fit one another.
    """
    if vertices.ndim != 2 or vertices.shape[1] != 3:
        raise ValueError(f"vertices must be (V, 3), not {vertices.shape}")
    if attributes.ndim != 2 or len(attributes) != len(vertices):
        raise ValueError(f"attributes must be ({len(vertices)}, K), not {attributes.shape}")
    image = np.zeros((*shape, attributes.shape[1]), np.float32)
    depth = np.full(shape, np.inf, np.float32)
    _draw(
        np.ascontiguousarray(vertices, np.float32),
        np.ascontiguousarray(triangles, np.int32),
        np.ascontiguousarray(attributes, np.float32),
        image,
        depth,
    )
    return image, np.isfinite(depth)


_TOLERANCE = 1e-6
"""Barycentric slack that closes the hairline gaps between neighbouring triangles."""


@njit(cache=True, nogil=True, error_model="numpy")
def _clip_span(value, slope, first, last):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Narrow first … last (offsets) to where value + slope · offset ≥ -tolerance."""
    if slope > 0.0:
        first = max(first, int(np.ceil((-_TOLERANCE - value) / slope)))
    elif slope < 0.0:
        last = min(last, int(np.floor((-_TOLERANCE - value) / slope)))
    elif value < -_TOLERANCE:
        last = -1
    return first, last


@njit(cache=True, nogil=True, error_model="numpy")
def _draw(vertices, triangles, attributes, image, depth):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    height, width, channels = image.shape
    base, along_u, along_v = np.empty(channels), np.empty(channels), np.empty(channels)
    for t in range(triangles.shape[0]):
        i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay = np.float64(vertices[i, 0]), np.float64(vertices[i, 1])
        bx, by = vertices[j, 0] - ax, vertices[j, 1] - ay
        cx, cy = vertices[k, 0] - ax, vertices[k, 1] - ay
        area = bx * cy - by * cx
        if area < 0.0:
            j, k, bx, by, cx, cy, area = k, j, cx, cy, bx, by, -area
        if not area > 1e-9:
            continue
        x0 = max(0, int(np.ceil(ax + min(0.0, bx, cx) - _TOLERANCE)))
        x1 = min(width - 1, int(np.floor(ax + max(0.0, bx, cx) + _TOLERANCE)))
        y0 = max(0, int(np.ceil(ay + min(0.0, by, cy) - _TOLERANCE)))
        y1 = min(height - 1, int(np.floor(ay + max(0.0, by, cy) + _TOLERANCE)))
        if x1 < x0 or y1 < y0:
            continue
        inv = 1.0 / area
        du, dv = cy * inv, -by * inv  # change of the weights of b and c along x
        z_base = np.float64(vertices[i, 2])
        zu, zv = vertices[j, 2] - z_base, vertices[k, 2] - z_base
        for c in range(channels):
            base[c] = attributes[i, c]
            along_u[c] = attributes[j, c] - base[c]
            along_v[c] = attributes[k, c] - base[c]
        for y in range(y0, y1 + 1):
            u0 = ((x0 - ax) * cy - (y - ay) * cx) * inv
            v0 = ((y - ay) * bx - (x0 - ax) * by) * inv
            first, last = _clip_span(u0, du, 0, x1 - x0)
            first, last = _clip_span(v0, dv, first, last)
            first, last = _clip_span(1.0 - u0 - v0, -du - dv, first, last)
            for step in range(first, last + 1):
                u, v = u0 + step * du, v0 + step * dv
                z = z_base + u * zu + v * zv
                if z < depth[y, x0 + step]:
                    depth[y, x0 + step] = z
                    for c in range(channels):
                        image[y, x0 + step, c] = base[c] + u * along_u[c] + v * along_v[c]


def vertex_facing(vertices: F32, triangles: NDArray[np.int32]) -> F32:
    """Return how squarely each vertex faces the viewer: (V,), 1 = frontal, 0 = edge-on, < 0 = away.

    The z component of the area-weighted mean of the adjoining triangles' normals; 0 for a vertex
    without triangles.
    """
    corners = vertices[triangles].astype(np.float64)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    total = np.zeros((len(vertices), 3))
    for corner in range(3):
        np.add.at(total, triangles[:, corner], normal)
    length = np.linalg.norm(total, axis=1)
    facing = np.divide(total[:, 2], length, out=np.zeros(len(vertices)), where=length > 0)
    return np.asarray(facing, np.float32)


def vertex_visibility(
    vertices: F32, triangles: NDArray[np.int32], *, resolution: int = 96, tolerance: float = 0.04
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
    depth, covered = rasterise(scaled, triangles, vertices[:, 2:3], (resolution, resolution))
    at = np.clip(np.rint(scaled[:, :2]).astype(int), 0, resolution - 1)
    front = np.where(covered, depth[..., 0], np.inf)[at[:, 1], at[:, 0]]
    return np.asarray(vertices[:, 2] <= front + tolerance * side)
