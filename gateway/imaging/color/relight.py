"""Light carried from one face to another: the target's shading under the source's features.

Low frequencies of a face's brightness and tint are the light on it (and its complexion); high
frequencies are the face. So the source gets, on skin alone, the broad part of the target's: the
ratio of the two pictures, averaged over a width that no feature has, by normalised convolution
(H. Knutsson, C.-F. Westin, "Normalized and differential convolution", CVPR 1993), so that brows,
lips, hair and occlusions have no say. Where hardly any skin is seen the average of a wider circle
counts.
"""

from __future__ import annotations

import cv2
import numpy as np

from gateway.arrays import F32
from gateway.imaging.blend.cells import Cells

BROAD = 0.22
"""Standard deviation of the average, in inter-ocular distances: features are finer."""
WIDER = 3.0
"""The wider circle is this much wider."""
TRUST, WIDE_TRUST = 0.08, 0.02
"""Share of skin within an average at which it counts half."""
COARSEST = 2.5
"""Cells to a standard deviation below which a coarser grid would be seen."""
DARK = 6.0
"""Levels added before ratios are taken: nearly black pixels have no reliable ratio."""
MOST = float(np.log(4.0))
"""Natural logarithm of the greatest ratio."""


def relight(cells: Cells, sigma_cells: float) -> F32:
    """Return the gain that puts the source under the target's light.

    Args:
        cells: Both pictures' means over skin.
        sigma_cells: Width of the average, in cells.

    Returns:
        float32 (h, w, 3) gains of red, green and blue; 1 if there is no skin.
    """
    weight = cells.share[..., None]
    if not weight.any():
        return np.ones(cells.target.shape, np.float32)
    dark = np.float32(DARK)
    ratio = np.clip(np.log((cells.target + dark) / (cells.source + dark)), -MOST, MOST)
    stack = np.concatenate([ratio * weight, weight], -1)
    total = stack.sum((0, 1))
    overall = total[:3] / total[3]
    height, width = stack.shape[:2]
    coarser = max(1, min(int(sigma_cells / COARSEST), height // 4, width // 4))
    size = -(-width // coarser), -(-height // coarser)
    small = _resized(stack, size, cv2.INTER_AREA)
    wide = _averaged(small, sigma_cells / coarser * WIDER, overall, WIDE_TRUST)
    near = _averaged(small, sigma_cells / coarser, wide, TRUST)
    near = _resized(near, (width, height), cv2.INTER_LINEAR)
    return np.exp(near, dtype=np.float32)


def _averaged(stack: F32, sigma: float, otherwise: F32, trust: float) -> F32:
    """Average planes (h, w, 3 + weight) over a circle; with little weight, `otherwise` counts."""
    blurred = cv2.GaussianBlur(stack, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    weight = blurred[..., 3:]
    return np.asarray((blurred[..., :3] + trust * otherwise) / (weight + trust), np.float32)


def _resized(planes: F32, size_wh: tuple[int, int], how: int) -> F32:
    if size_wh == (planes.shape[1], planes.shape[0]):
        return planes
    return np.asarray(cv2.resize(planes, size_wh, interpolation=how), np.float32)
