"""Colour: sRGB and CIE Lab, statistics, and what gives one picture's skin another one's colour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F64, U8

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
"""Least and most that a transfer of statistics stretches the spread of colours."""
QUANTILES = 17
"""Points at which histograms are matched."""


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


def centre_and_spread(values: F64) -> tuple[F64, F64]:
    """Return the median and half the 16–84 % range, (K,) each, of values (N, K), N ≥ 1."""
    ordered = np.sort(values, axis=0)
    at = np.rint(np.array([0.1587, 0.5, 0.8413]) * (len(values) - 1)).astype(int)
    low, middle, high = ordered[at]
    return middle, (high - low) / 2


def lab_statistics(rgb: U8) -> LabStatistics | None:
    """Return robust statistics of pixels (N, 3), or None of fewer than 16.

    Median, and half the distance between the 16th and the 84th percentile: for normally
    distributed colours mean and standard deviation, but untouched by glasses and highlights.
    """
    if len(rgb) < 16:
        return None
    return LabStatistics(*centre_and_spread(lab_from_rgb(rgb)))


@dataclass(frozen=True, slots=True)
class SkinTransfer:
    """How colours with one skin's statistics become those of another.

    Attributes:
        source: Statistics of the pixels to change.
        target: Statistics that it is to have.
        gains: float64 (3,), by how much departures of L*, a* and b* from the mean are stretched.
    """

    source: LabStatistics
    target: LabStatistics
    gains: F64

    def __call__(self, lab: F64) -> F64:
        """Map colours (…, 3).

        Lightness runs through a monotone curve that keeps black at 0 and white at 100, so that
        highlights are compressed, not clipped. A colour neutral beside the source's skin
        (highlights, which show the light's own colour, brows, a grey beard) keeps its hue.
        """
        own, wanted = self.source.mean, self.target.mean
        lightness = _anchored_curve(lab[..., 0], own[0], wanted[0], self.gains[0])
        moved = (lab[..., 1:] - own[1:]) * self.gains[1:] + wanted[1:]
        kept = lab[..., 1:]
        chroma = kept + _skin_colored(lab, self.source) * (moved - kept)
        return np.concatenate([lightness[..., None], chroma], -1)


def statistics_transfer(source: LabStatistics, target: LabStatistics) -> SkinTransfer:
    """Give the source's skin mean and spread of the target's.

    As in E. Reinhard et al., "Color transfer between images" (IEEE CG&A 21(5), 2001), in L*a*b*,
    with gains held within bounds.
    """
    gains = np.maximum(target.deviation, 0.5) / np.maximum(source.deviation, 0.5)
    return SkinTransfer(source, target, np.clip(gains, *GAINS))


@dataclass(frozen=True, slots=True, eq=False)
class HistogramTransfer:
    """Gives colours the distribution of others, axis by axis in L*a*b*.

    (R. Gonzalez, R. Woods, *Digital Image Processing*, "Histogram specification".) Between the
    quantiles straight, beyond the outermost with slope 1.

    Attributes:
        source: float64 (Q, 3), quantiles of the pixels to change.
        target: float64 (Q, 3), the same quantiles of the desired result.
    """

    source: F64
    target: F64

    def __call__(self, lab: F64) -> F64:
        """Map colours (…, 3)."""
        planes = []
        for axis in range(3):
            x, own, wanted = lab[..., axis], self.source[:, axis], self.target[:, axis]
            inside = np.interp(x, own, wanted)
            planes.append(inside + np.minimum(x - own[0], 0) + np.maximum(x - own[-1], 0))
        out = np.stack(planes, -1)
        out[..., 0] = np.clip(out[..., 0], 0, 100)
        return np.asarray(out)


def histogram_transfer(source: U8, target: U8) -> HistogramTransfer:
    """Give pixels (N, 3) RGB the distribution of others (M, 3)."""
    shares = np.linspace(0.01, 0.99, QUANTILES)
    own, wanted = (np.quantile(lab_from_rgb(rgb), shares, axis=0) for rgb in (source, target))
    # Equal quantiles would be a step; so they are kept apart.
    own = own + 1e-3 * np.arange(QUANTILES)[:, None]
    return HistogramTransfer(own, wanted)


def _ramp(t: F64) -> F64:
    t = np.clip(t, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def _skin_colored(lab: F64, skin: LabStatistics) -> F64:
    """Return how much (…, 1) a colour shares in the skin's, 0–1, by its chroma.

    Where the skin itself is nearly neutral (black-and-white pictures) everything shares in it.
    """
    own = float(np.hypot(*skin.mean[1:]))
    tells = _ramp(np.asarray((own - 4) / 8))
    share = _ramp(np.hypot(lab[..., 1:2], lab[..., 2:]) / (0.6 * max(own, 1e-6)))
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
