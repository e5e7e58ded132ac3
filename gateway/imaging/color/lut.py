"""Small lookup cubes: any map of colours, sampled once, then interpolated pixel by pixel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gateway.arrays import F32, F64, U8
from gateway.imaging.color.transfer import lab_from_rgb, rgb_from_lab

CUBE = 13
"""Nodes per axis of a lookup cube."""

_GRID = np.stack(np.meshgrid(*[np.linspace(0, 255, CUBE)] * 3, indexing="ij"), -1)
_GRID_LAB = lab_from_rgb(_GRID)
_GRID_RGB = rgb_from_lab(_GRID_LAB)


def level_cube(change: Callable[[F64], F64]) -> F32:
    """Return a map of levels (…, 3) of red, green and blue as a cube; see `transfer_cube`."""
    return np.asarray(change(_GRID), np.float32)


def transfer_cube(transfer: Callable[[F64], F64]) -> F32:
    """Return a map of L*a*b* colours (…, 3) as a lookup cube of RGB levels by R, G and B.

    float32 (CUBE, CUBE, CUBE, 3). Nodes may lie outside 0–255: values interpolated between them are
    clipped, not they.
    """
    change = rgb_from_lab(transfer(_GRID_LAB)) - _GRID_RGB
    # Added to the exact grid, so that equal statistics give exactly the identity.
    return (_GRID + change).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class LookupTables:
    """A lookup cube prepared for the kernels.

    Attributes:
        nodes: float32 (n³ · 4,), the cube flattened, its three values padded to four lanes so
            that they load at once.
        low: uint32 (256,), the node below each level.
        fraction: float32 (256,), each level's place between that node and the next, 0–1.
    """

    nodes: F32
    low: NDArray[np.uint32]
    fraction: F32

    @classmethod
    def of(cls, cube: F32) -> LookupTables:
        """Prepare a cube (n, n, n, 3)."""
        last = len(cube) - 1
        position = np.arange(256) * (last / 255)
        low = np.minimum(position.astype(np.uint32), last - 1)
        padded = np.zeros((*cube.shape[:3], 4), np.float32)
        padded[..., :3] = cube
        return cls(padded.reshape(-1), low, (position - low).astype(np.float32))


def apply_cube(image: U8, cube: F32) -> U8:
    """Map an image (H, W, 3) through a lookup cube, trilinear between nodes, rounded."""
    tables = LookupTables.of(cube)
    flat = np.ascontiguousarray(image).reshape(-1, 3).copy()
    _apply_cube(flat, tables.nodes, tables.low, tables.fraction)
    return flat.reshape(image.shape)


# mypy: disable-error-code="no-untyped-def,no-untyped-call"
# ruff: noqa: ANN001, ANN201, ANN202


_LANES = 4


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy", inline="always")
def _between(nodes, at, w, fb, lane):
    near = w[0] * nodes[at[0] + lane] + w[1] * nodes[at[1] + lane]
    near += w[2] * nodes[at[2] + lane] + w[3] * nodes[at[3] + lane]
    lane += _LANES
    far = w[0] * nodes[at[0] + lane] + w[1] * nodes[at[1] + lane]
    far += w[2] * nodes[at[2] + lane] + w[3] * nodes[at[3] + lane]
    return near + fb * (far - near)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy", inline="always")
def look_up(nodes, low, fraction, r, g, b):
    """Return the three values of a cube (see `LookupTables`) at levels r, g, b."""
    one = np.float32(1)
    side = low[255] + 2
    g_step, b_step = np.uint32(_LANES * side), np.uint32(_LANES)
    r_step = np.uint32(g_step * side)
    fr, fg, fb = fraction[r], fraction[g], fraction[b]
    w00, w01, w10, w11 = (one - fr) * (one - fg), (one - fr) * fg, fr * (one - fg), fr * fg
    at00 = low[r] * r_step + low[g] * g_step + low[b] * b_step
    at01, at10, at11 = at00 + g_step, at00 + r_step, at00 + r_step + g_step
    w = (w00, w01, w10, w11)
    at = (at00, at01, at10, at11)
    v0 = _between(nodes, at, w, fb, 0)
    v1 = _between(nodes, at, w, fb, 1)
    v2 = _between(nodes, at, w, fb, 2)
    return v0, v1, v2


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy", inline="always")
def to_level(value):
    """Round and clip to 0–255."""
    return np.uint8(min(max(value + np.float32(0.5), np.float32(0)), np.float32(255)))


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _apply_cube(pixels, nodes, low, fraction):
    for n in range(len(pixels)):
        v0, v1, v2 = look_up(nodes, low, fraction, pixels[n, 0], pixels[n, 1], pixels[n, 2])
        pixels[n, 0], pixels[n, 1], pixels[n, 2] = to_level(v0), to_level(v1), to_level(v2)
