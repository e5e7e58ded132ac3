"""Colours as logarithms: brightness, and red and blue over green.

Light and complexion multiply a surface's reflectance; here they add.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from gateway.arrays import F32, F64

RED, BLUE = 0.3, 0.11
"""Shares of brightness; green has the rest."""

Floats = TypeVar("Floats", F32, F64)


def features_of_logs(logs: Floats) -> Floats:
    """Return brightness, red over green and blue over green (…, 3) of logarithms (…, 3) by RGB."""
    red, green, blue = (logs[..., channel] for channel in range(3))
    brightness = logs.dtype.type(RED) * red + logs.dtype.type(BLUE) * blue
    brightness = brightness + logs.dtype.type(1 - RED - BLUE) * green
    return np.stack([brightness, red - green, blue - green], -1)


def logs_of_features(features: Floats) -> Floats:
    """Return logarithms (…, 3) of red, green and blue; the inverse of `features_of_logs`."""
    number = features.dtype.type
    brightness, red, blue = (features[..., channel] for channel in range(3))
    green = brightness - number(RED) * red - number(BLUE) * blue
    return np.stack([green + red, green, green + blue], -1)
