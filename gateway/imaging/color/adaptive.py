"""Adaptive colour: white balance, complexion and tone of one skin given to another.

Light and complexion multiply a surface's reflectance, so this works on logarithms: brightness, and
red and blue over green. Pixels as colourful as the source's skin become as colourful as the
target's, and so does shine; dark neutral areas beside it (brows, a grey beard) keep their hue
but for the light's cast.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.arrays import F64, U8
from gateway.imaging.color.log_chroma import features_of_logs, logs_of_features
from gateway.imaging.color.transfer import centre_and_spread

DARK = 6.0
"""Levels added before logarithms are taken: nearly black pixels carry no colour information."""
TONE_GAINS = (0.85, 1.15)
"""Least and most that contrast is stretched: spread is mostly light, which is seen to elsewhere."""
LEAST_GAIN = 0.5
"""Least that differences of colour are kept; they never grow."""
COLORLESS, COLORFUL = 0.03, 0.09
"""Chromaticity of a picture without colours (black-and-white video), and of one surely with."""
NEUTRAL, NEUTRAL_SHARE = 0.5, 0.4
"""Share of the skin's chromaticity below which something counts as ever more neutral, and how much
of the skin's change the wholly neutral shares in: part of that is always the light."""
SHINE = 0.2
"""How much brighter than skin, logarithm, something is that shines on it: a grey spot on a warm
face would be seen at once, a warm one is not."""
TELLS = (0.06, 0.18)
"""Chromaticity of a skin from which on, and from which fully, others are neutral beside it."""
SKINS = np.array([[-0.02, -0.62], [0.72, 0.06]])
"""Least and most log red and log blue over green of all complexions under white light."""
LEAST_SPREAD = np.array([0.05, 0.02, 0.02])


@dataclass(frozen=True, slots=True, eq=False)
class LogStatistics:
    """Median and half the 16–84 % range, float64 (3,) each: brightness, red and blue over green."""

    mean: F64
    deviation: F64

    @classmethod
    def of(cls, rgb: U8) -> LogStatistics:
        """Take them of pixels (N, 3) RGB, N ≥ 1."""
        return cls(*centre_and_spread(_features(rgb.astype(np.float64))))


@dataclass(frozen=True, slots=True, eq=False)
class AdaptiveTransfer:
    """How levels under one light become those under another.

    Attributes:
        source: Statistics of the skin that is changed.
        target: Statistics of the one whose colour it gets.
        gains: float64 (3,), by how much departures from the mean are stretched.
        cast: float64 (2,), the change of the red and blue over green of neutral pixels.
        colors: How much of the source's colours the target's picture has room for, 0–1: none in
            black-and-white video.
    """

    source: LogStatistics
    target: LogStatistics
    gains: F64
    cast: F64
    colors: float = 1.0

    @classmethod
    def between(cls, source: LogStatistics, target: LogStatistics) -> AdaptiveTransfer:
        """Make the transfer from one skin to another."""
        ratio = np.maximum(target.deviation, LEAST_SPREAD) / np.maximum(
            source.deviation, LEAST_SPREAD
        )
        room, own = (_colorful(skin) + 1e-3 for skin in (target, source))
        colors = min(room / own, 1.0)
        stretched = np.clip(ratio[1:], LEAST_GAIN, 1) * colors
        gains = np.concatenate([np.clip(ratio[:1], *TONE_GAINS), stretched])
        return cls(source, target, gains, _beyond_skins(target) - _beyond_skins(source), colors)

    def __call__(self, levels: F64) -> F64:
        """Map levels (…, 3) of red, green and blue; the result may lie outside 0–255."""
        own, wanted = self.source.mean, self.target.mean
        features = _features(levels)
        brightness = wanted[:1] + self.gains[:1] * (features[..., :1] - own[:1])
        moved = wanted[1:] + self.gains[1:] * (features[..., 1:] - own[1:])
        shift = NEUTRAL_SHARE * (wanted[1:] - own[1:]) + (1 - NEUTRAL_SHARE) * self.cast
        kept = features[..., 1:] + shift
        color = kept + self._skin_colored(features) * (moved - kept)
        return _levels(np.concatenate([brightness, color], -1))

    def _skin_colored(self, features: F64) -> F64:
        """Return how much (…, 1) of the skin's own colour something has, 0–1.

        Where there are no colours nothing is neutral beside others.
        """
        own = self.source.mean[1:]
        length = float(np.hypot(*own))
        along = (features[..., 1:] @ own)[..., None] / max(length**2, 1e-9)
        tells = self.colors * _ramp(np.asarray((length - TELLS[0]) / (TELLS[1] - TELLS[0])))
        brighter = _ramp((features[..., :1] - self.source.mean[:1]) / SHINE)
        return np.asarray(1 - tells * (1 - _ramp(along / NEUTRAL)) * (1 - brighter))


def _features(levels: F64) -> F64:
    return features_of_logs(np.log(np.maximum(levels, 0) + DARK))


def _levels(features: F64) -> F64:
    return np.asarray(np.exp(logs_of_features(features)) - DARK)


def _beyond_skins(skin: LogStatistics) -> F64:
    """Return how far (2,) a skin's chromaticity lies outside of what white light gives."""
    return np.asarray(skin.mean[1:] - np.clip(skin.mean[1:], *SKINS))


def _colorful(skin: LogStatistics) -> float:
    """Return how surely a skin is from a picture with colours, 0–1."""
    color = float(np.abs(skin.mean[1:]).max() + skin.deviation[1:].max())
    return float(_ramp((color - COLORLESS) / (COLORFUL - COLORLESS)))


def _ramp(t: F64 | float) -> F64:
    t = np.clip(t, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))
