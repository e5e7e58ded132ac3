"""How far pixels depart from a face's own skin, by a model of that skin fitted to the picture.

Skin of one person under one light has nearly one chromaticity, and a brightness that follows the
surface: low-order spherical harmonics of its normal (R. Ramamoorthi, P. Hanrahan, "An efficient
representation for irradiance environment maps", SIGGRAPH 2001). Both are fitted robustly, starting
from the densest colour among the pixels that should be skin, so that half a face may be covered.
The residual shows everything else, regardless of light and complexion.
"""

from __future__ import annotations

import numpy as np

from gateway.arrays import F32, F64, U8
from gateway.imaging.color.log_chroma import features_of_logs

DARK = 8.0
"""Levels added before logarithms are taken: darker pixels carry no colour information."""
SPREAD_START = np.array([0.30, 0.07, 0.09])
"""Of brightness, red and blue over green (natural logarithms): how far skin may be from the densest
colour before its shading is known."""
SPREAD_LEAST, SPREAD_MOST = np.array([0.13, 0.035, 0.045]), np.array([0.30, 0.09, 0.12])
"""Bounds of skin's own spread about its shading."""
ROUNDS = 4
STARTS, SAMPLES = 32, 640
"""Pixels tried as the densest colour, and pixels that vote."""
FITTED = 1500
"""Pixels that are enough to fit nine coefficients."""
LEAST_PIXELS = 64
"""Fewer than so many show no skin."""

PLANES = 5
ZERO = 128
"""Level of a coded plane that means 0."""
STEPS = np.array([48.0, 160.0, 160.0, 32.0], np.float32)
"""Levels for a unit of each coded plane: departures of brightness, of red and of blue over green,
and brightness itself about its middle."""
MIDDLE = float(np.log(96 + DARK))


def skin_departures(rgb: U8, normals: F32, prior: F32) -> U8:
    """Return how far each pixel departs from a face's own skin, coded in levels.

    Args:
        rgb: uint8 (h, w, 3) RGB, the face.
        normals: float32 (h, w, 3), unit normals of its surface; z = -1 faces the viewer.
        prior: float32 (h, w) ≥ 0, how likely a pixel is skin before it is looked at.

    Returns:
        uint8 (h, w, 5): departure of log brightness, of log red over green, of log blue over green;
        log brightness itself; how squarely the surface faces the viewer (255 = squarely). The first
        four are 128 at 0.
    """
    features = features_of_logs(LOGS[rgb])
    facing = np.clip(-normals[..., 2], 0, 1)
    harmonics = _harmonics(normals)
    model = _fit(features, harmonics, prior * facing)
    planes = np.empty((*rgb.shape[:2], PLANES), np.float32)
    expected = (harmonics.reshape(-1, 9) @ model).reshape(features.shape)
    planes[..., :3] = ZERO + STEPS[:3] * (features - expected)
    planes[..., 3] = ZERO + STEPS[3] * (features[..., 0] - np.float32(MIDDLE))
    planes[..., 4] = 255 * facing
    np.rint(planes, out=planes)
    return np.clip(planes, 0, 255, out=planes).astype(np.uint8)


LOGS = np.log(np.arange(256) + DARK).astype(np.float32)
"""Logarithm of each level."""


def _harmonics(normals: F32) -> F32:
    """Return second-order spherical harmonics (h, w, 9) of normals; 0 but the first if frontal."""
    x, y, z = normals[..., 0], normals[..., 1], normals[..., 2]
    terms = [np.ones_like(x), x, y, z + 1, x * y, x * z, y * z, x * x - y * y, z * z - 1]
    return np.stack(terms, -1)


def _fit(features: F32, harmonics: F32, weight: F32) -> F32:
    """Return the skin's coefficients, float32 (9, 3); all 0 if there is hardly any skin."""
    chosen = np.flatnonzero(weight > 0)
    if len(chosen) < LEAST_PIXELS:
        return np.zeros((9, 3), np.float32)
    chosen = chosen[:: max(1, len(chosen) // FITTED)]
    colors = features.reshape(-1, 3)[chosen].astype(np.float64)
    shape = harmonics.reshape(-1, 9)[chosen].astype(np.float64)
    share = weight.reshape(-1)[chosen].astype(np.float64)
    return _fit_shading(colors, shape, share).astype(np.float32)


def _fit_shading(colors: F64, harmonics: F64, weight: F64) -> F64:
    """Return coefficients (9, 3) of skin among colours (N, 3), by reweighted least squares."""
    centre = _densest(colors, weight)
    ridge = np.diag([1e-3, 1, 1, 2, 6, 6, 6, 6, 6]) * (0.01 * weight.sum())
    model = np.zeros((9, 3))
    model[0] = centre
    spread = SPREAD_START
    for _ in range(ROUNDS):
        off = colors - harmonics @ model
        share = weight * np.exp(-0.5 * ((off / spread) ** 2).sum(1))
        weighted = harmonics * share[:, None]
        normal, right = weighted.T @ harmonics, weighted.T @ (colors - centre)
        model[:, :1] = np.linalg.solve(normal + ridge, right[:, :1])
        # Light changes its colour over a face less than its strength.
        model[:, 1:] = np.linalg.solve(normal + 6 * ridge, right[:, 1:])
        model[0] += centre
        off = colors - harmonics @ model
        own = np.sqrt((share[:, None] * off**2).sum(0) / share.sum())
        spread = np.clip(1.6 * own, SPREAD_LEAST, SPREAD_MOST)
    return model


def _densest(colors: F64, weight: F64) -> F64:
    """Return the mode (3,) of weighted colours (N, 3), by mean shift from the densest of some."""
    every = max(1, len(colors) // SAMPLES)
    points, share = colors[::every], weight[::every]
    starts = points[:: max(1, len(points) // STARTS)]

    def near(centres: F64) -> F64:
        apart = ((centres[:, None] - points) / SPREAD_START) ** 2
        return np.asarray(np.exp(-0.5 * apart.sum(-1)) * share)

    centre = starts[int(near(starts).sum(1).argmax())]
    for _ in range(5):
        votes = near(centre[None])[0]
        centre = votes @ points / votes.sum()
    return np.asarray(centre)
