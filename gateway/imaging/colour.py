"""Colour: sRGB and CIE Lab, statistics, and transfer by a small lookup cube."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gateway.arrays import F32, F64, U8

_XYZ_FROM_RGB = np.array(
    [
        [0.4123908, 0.3575843, 0.1804808],
        [0.2126390, 0.7151687, 0.0721923],
        [0.0193308, 0.1191948, 0.9505322],
    ]
)
_WHITE = _XYZ_FROM_RGB.sum(1)
_RGB_FROM_XYZ = np.linalg.inv(_XYZ_FROM_RGB)

GAINS = (0.7, 1.4)
"""Least and most a transfer may stretch the spread of colours."""
CUBE = 13
"""Nodes per axis of a lookup cube."""


def _linear(levels: NDArray[np.generic]) -> F64:
    """Undo the sRGB transfer curve: 0–255 to 0–1."""
    v = np.asarray(levels, np.float64) / 255
    return np.where(v <= 0.04045, v / 12.92, ((np.maximum(v, 0) + 0.055) / 1.055) ** 2.4)


_LINEAR = _linear(np.arange(256))


def lab_from_rgb(rgb: NDArray[np.generic]) -> F64:
    """Convert sRGB 0–255 (…, 3) to CIE L*a*b* (D65), L 0–100 (IEC 61966-2-1, CIE 15)."""
    linear = _LINEAR[rgb] if rgb.dtype == np.uint8 else _linear(rgb)
    t = linear @ _XYZ_FROM_RGB.T / _WHITE
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.stack(
        [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1
    )


def rgb_from_lab(lab: F64) -> F64:
    """Convert CIE L*a*b* (…, 3) to sRGB on the 0–255 scale, not clipped or rounded."""
    fy = (lab[..., 0] + 16) / 116
    f = np.stack([fy + lab[..., 1] / 500, fy, fy - lab[..., 2] / 200], -1)
    t = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    v = (t * _WHITE) @ _RGB_FROM_XYZ.T
    positive = np.maximum(v, 0.0031308)
    return np.asarray(
        255 * np.where(v <= 0.0031308, 12.92 * v, 1.055 * positive ** (1 / 2.4) - 0.055)
    )


@dataclass(frozen=True, slots=True)
class LabStatistics:
    """Centre and spread, float64 (3,) each, of L*, a* and b*."""

    mean: F64
    deviation: F64


def lab_statistics(rgb: U8) -> LabStatistics | None:
    """Return robust statistics of pixels (N, 3), or None of fewer than 16.

    Median, and half the distance between the 16th and the 84th percentile: for normally
    distributed colours mean and standard deviation, but untouched by glasses and highlights.
    """
    if len(rgb) < 16:
        return None
    ordered = np.sort(lab_from_rgb(rgb), axis=0)
    low, middle, high = ordered[
        np.rint(np.array([0.1587, 0.5, 0.8413]) * (len(rgb) - 1)).astype(int)
    ]
    return LabStatistics(middle, (high - low) / 2)


def transfer_lab(lab: F64, source: LabStatistics, target: LabStatistics) -> F64:
    """Give colours (…, 3) with the source's statistics those of the target.

    Mean and spread as in E. Reinhard et al., "Color transfer between images" (IEEE CG&A 21(5),
    2001), in L*a*b*, with two safeguards: gains stay within bounds, and lightness runs through
    a monotone curve that keeps black at 0 and white at 100, so that highlights are compressed,
    not clipped. What is neutral beside the source's skin (highlights, which show the light's own
    colour, brows, a grey beard) keeps its hue.
    """
    gain = np.clip(np.maximum(target.deviation, 0.5) / np.maximum(source.deviation, 0.5), *GAINS)
    lightness = _anchored_curve(lab[..., 0], source.mean[0], target.mean[0], gain[0])
    moved = (lab[..., 1:] - source.mean[1:]) * gain[1:] + target.mean[1:]
    chroma = lab[..., 1:] + _skin_coloured(lab, source) * (moved - lab[..., 1:])
    return np.concatenate([lightness[..., None], chroma], -1)


def _skin_coloured(lab: F64, skin: LabStatistics) -> F64:
    """Return how much (…, 1) a colour shares in the skin's, 0–1, by its chroma.

    Where the skin itself is nearly neutral (black-and-white pictures) everything shares in it.
    """

    def ramp(t: F64) -> F64:
        t = np.clip(t, 0, 1)
        return np.asarray(t * t * (3 - 2 * t))

    own = float(np.hypot(*skin.mean[1:]))
    tells = ramp(np.asarray((own - 4) / 8))
    share = ramp(np.hypot(lab[..., 1:2], lab[..., 2:]) / (0.6 * max(own, 1e-6)))
    return np.asarray(1 - tells * (1 - share))


def _anchored_curve(x: F64, centre: float, onto: float, gain: float) -> F64:
    """Monotone curve 0 ↦ 0, centre ↦ onto, 100 ↦ 100 with slope `gain` at the centre.

    On each side t ↦ s·t / (1 + (s - 1)·t), the rational curve from 0 to 1 with slope s at 0.
    """
    centre, onto = float(np.clip(centre, 1, 99)), float(np.clip(onto, 1, 99))

    def side(t: F64, slope: float) -> F64:
        return np.asarray(slope * t / (1 + (slope - 1) * t))

    up = side(np.clip((x - centre) / (100 - centre), 0, 1), gain * (100 - centre) / (100 - onto))
    down = side(np.clip((centre - x) / centre, 0, 1), gain * centre / onto)
    return np.where(x >= centre, onto + (100 - onto) * up, onto - onto * down)


_GRID = np.stack(np.meshgrid(*[np.linspace(0, 255, CUBE)] * 3, indexing="ij"), -1)
_GRID_LAB = lab_from_rgb(_GRID)
_GRID_RGB = rgb_from_lab(_GRID_LAB)


def transfer_cube(source: LabStatistics, target: LabStatistics) -> F32:
    """Return `transfer_lab` as a lookup cube, float32 (CUBE, CUBE, CUBE, 3), RGB levels by R, G, B.

    Nodes may lie outside 0–255: what is interpolated between them is clipped, not they.
    """
    change = rgb_from_lab(transfer_lab(_GRID_LAB, source, target)) - _GRID_RGB
    # Added to the exact grid, so that equal statistics give exactly the identity.
    return (_GRID + change).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class LookupTables:
    """A lookup cube made ready for the kernels.

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
