"""From a high dynamic range to BT.709: tone mapping of planes by a lookup cube.

Light is that of ITU-R BT.2100; highlights are rolled off as BT.2390 (5.4.1) does, by the largest of
the three colours, so that hues stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numba import njit

from gateway.arrays import F32, F64
from gateway.imaging.video.planes import Coding, Planes

TransferFunction = Literal["pq", "hlg"]

SDR: Final = Coding(8, False, "bt709")
"""How the result's planes are coded."""
WHITE: Final = 203.0
"""cd/m² that become the brightest there is: HDR's reference white (ITU-R BT.2408)."""
USUAL_PEAK: Final = 1000.0
"""cd/m² of a video that does not specify its peak brightness."""

_NODES = 65
# SMPTE ST 2084.
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
# Linear BT.2020 to linear BT.709 (ITU-R BT.2087).
_709_FROM_2020 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
)


@dataclass(frozen=True, slots=True, eq=False)
class ToneCube:
    """A map of codes to codes of `SDR`.

    Attributes:
        nodes: float32 (N, N, N, 3), by luma, Cb and Cr from 0 to the greatest code.
        depth: Bits of the codes it maps.
    """

    nodes: F32
    depth: int


def pq_light(signal: F64) -> F64:
    """Return cd/m² of a PQ signal 0–1 (…) (SMPTE ST 2084)."""
    root = np.power(np.clip(signal, 0, 1), 1 / _M2)
    return np.asarray(10000 * np.power(np.maximum(root - _C1, 0) / (_C2 - _C3 * root), 1 / _M1))


def pq_signal(light: F64) -> F64:
    """Return the PQ signal 0–1 (…) of light in cd/m²."""
    power = np.power(np.maximum(light, 0) / 10000, _M1)
    return np.asarray(np.power((_C1 + _C2 * power) / (1 + _C3 * power), _M2))


def hlg_light(signal: F64) -> F64:
    """Return cd/m² (…, 3) of an HLG signal R, G, B (…, 3) on a display of 1000 (BT.2100)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    signal = np.clip(signal, 0, 1)
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    luminance = scene @ np.array([0.2627, 0.678, 0.0593])
    return np.asarray(1000 * np.maximum(luminance, 1e-6)[..., None] ** 0.2 * scene)


def rolled_off(signal: F64, peak: float) -> F64:
    """Return a PQ signal (…) whose highlights fit below `WHITE` (BT.2390, 5.4.1).

    Args:
        signal: 0–1.
        peak: cd/m², the most there is in the video.
    """
    top = float(pq_signal(np.array(max(peak, WHITE))))
    most = float(pq_signal(np.array(WHITE))) / top
    knee = 1.5 * most - 0.5
    e = np.clip(signal / top, 0, 1)
    t = np.clip((e - knee) / max(1 - knee, 1e-9), 0, 1)
    curve = (2 * t**3 - 3 * t**2 + 1) * knee
    curve += (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * most
    return np.asarray(np.where(e < knee, e, curve) * top)


def tone_cube(coding: Coding, transfer: TransferFunction, peak: float = USUAL_PEAK) -> ToneCube:
    """Return the map from a video's codes to those of `SDR`.

    Args:
        coding: Of the video.
        transfer: Which of the two curves it has.
        peak: cd/m², the most there is in it.
    """
    top = 2**coding.depth - 1
    axis = np.linspace(0, top, _NODES)
    codes = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1)
    change, offset = coding.rgb_from_code()
    signal = np.clip((codes @ change.T + offset) / 255, 0, 1)
    light = pq_light(signal) if transfer == "pq" else hlg_light(signal)
    brightest = np.maximum(light.max(-1, keepdims=True), 1e-6)
    light = light * (pq_light(rolled_off(pq_signal(brightest), peak)) / brightest)
    if coding.matrix == "bt2020":
        light = light @ _709_FROM_2020.T
    level = 255 * np.clip(light / WHITE, 0, 1) ** (1 / 2.4)
    change, offset = SDR.code_from_rgb()
    return ToneCube((level @ change.T + offset).astype(np.float32), coding.depth)


def tone_map(planes: Planes, cube: ToneCube, out: Planes) -> None:
    """Map a frame with chroma to one of `SDR`, of the same size and steps.

    A pixel's luma is mapped with the chroma of its cell, and that with the cell's mean luma.

    Args:
        planes: (H, W), of the depth of `cube`.
        cube: From `tone_cube`.
        out: (H, W), 8 bits; changed.
    """
    assert planes.chroma is not None
    assert out.chroma is not None
    scale = np.float32((_NODES - 1) / (2**cube.depth - 1))
    size = (*planes.size, *planes.steps)
    _map((planes.y, *planes.chroma), size, cube.nodes, scale, (out.y, *out.chroma))


# mypy: disable-error-code="no-untyped-def,no-untyped-call"


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def _map(planes, size, nodes, scale, out):  # noqa: ANN001, ANN202
    y, u, v = planes
    oy, ou, ov = out
    height, width, down, across = size
    last = nodes.shape[0] - 2
    half, top = np.float32(0.5), np.float32(255)
    for j in range(-(-height // down)):
        for i in range(-(-width // across)):
            p, q = u[j, i] * scale, v[j, i] * scale
            a, b = min(int(p), nodes.shape[1] - 2), min(int(q), nodes.shape[2] - 2)
            p, q = p - np.float32(a), q - np.float32(b)
            w00, w01 = (1 - p) * (1 - q), (1 - p) * q
            w10, w11 = p * (1 - q), p * q
            total, count = np.float32(0), 0
            for row in range(j * down, min(j * down + down, height)):
                for at in range(i * across, min(i * across + across, width)):
                    s = y[row, at] * scale
                    total += s
                    count += 1
                    k = min(int(s), last)
                    s -= np.float32(k)
                    low = w00 * nodes[k, a, b, 0] + w01 * nodes[k, a, b + 1, 0]
                    low += w10 * nodes[k, a + 1, b, 0] + w11 * nodes[k, a + 1, b + 1, 0]
                    k += 1
                    high = w00 * nodes[k, a, b, 0] + w01 * nodes[k, a, b + 1, 0]
                    high += w10 * nodes[k, a + 1, b, 0] + w11 * nodes[k, a + 1, b + 1, 0]
                    value = low + s * (high - low)
                    oy[row, at] = np.uint8(min(max(value, np.float32(0)), top) + half)
            s = total / np.float32(count)
            k = min(int(s), last)
            s -= np.float32(k)
            for c in range(1, 3):
                low = w00 * nodes[k, a, b, c] + w01 * nodes[k, a, b + 1, c]
                low += w10 * nodes[k, a + 1, b, c] + w11 * nodes[k, a + 1, b + 1, c]
                high = w00 * nodes[k + 1, a, b, c] + w01 * nodes[k + 1, a, b + 1, c]
                high += w10 * nodes[k + 1, a + 1, b, c] + w11 * nodes[k + 1, a + 1, b + 1, c]
                value = np.uint8(min(max(low + s * (high - low), np.float32(0)), top) + half)
                if c == 1:
                    ou[j, i] = value
                else:
                    ov[j, i] = value
