"""Poisson blending as a membrane.

Poisson image editing (P. Pérez, M. Gangnet, A. Blake, SIGGRAPH 2003) solves for the picture whose
gradients are the source's inside a region and whose values are the target's on its border. With
the source's own gradients the answer is the source plus a *membrane*: the harmonic function that
equals target - source on the border. It is smooth, so a small grid holds all of it but the
boundary's pixel noise, which a soft mask hides better than it should be copied inwards.
"""

from __future__ import annotations

import cv2
import numpy as np

from gateway.arrays import F32, U8, Mask
from gateway.imaging.blend.cells import Cells, cell_means
from gateway.imaging.blend.multigrid import fill_harmonic, fill_poisson
from gateway.imaging.color.lut import apply_cube
from gateway.imaging.color.transfer import LabStatistics, lab_from_rgb

LEAST_SHARE = 0.1
"""Share of a cell that must lie inside for it to count as inside. So little that the middles of
the outermost cells lie on the border on average, not inside of it."""
SKIN_SPREADS = 2.5
"""Deviations from the mean colour up to which a border pixel counts as skin."""
LEAST_DEVIATION = np.array([8.0, 4.0, 4.0])
"""L*, a*, b*: skin varies at least this much."""
COLORLESS = 0.5
"""Deviations of a* and b* below which a skin is that of a picture without colours."""
MOST_APART = 17.0
"""Difference of L* up to which two skins without colours are under the same light: where it is
more, meeting there would wash the whole cheek out."""
_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)


def membrane(
    target: U8,
    source: U8,
    support: Mask,
    *,
    reduction: int = 1,
    cube: F32 | None = None,
    skin: tuple[LabStatistics, LabStatistics] | None = None,
) -> F32:
    """Return what to add to `source` so that it meets `target` along the border of `support`.

    The outermost pixels (with a reduction: the outermost cells) are where the two meet; along
    the array's own edge nothing is met. Given skin statistics, they meet only where both show
    skin, so that hair or background beside the face does not bleed into it.

    Args:
        target: uint8 (H, W, 3) RGB.
        source: uint8 (H, W, 3) RGB, aligned with the target; read only inside `support`.
        support: bool (H, W), where the source is defined.
        reduction: Solve on a grid this many times smaller; 1 is exact to the pixel.
        cube: float32 (n, n, n, 3), a lookup cube the source's colours go through first.
        skin: Statistics of the target's and of the source's skin, after the cube.

    Returns:
        float32 (H, W, 3) in levels. Outside the support it continues smoothly and is of no use.
        All 0 if the two meet nowhere.
    """
    if cube is not None and reduction == 1:
        source, cube = apply_cube(source, cube), None
    cells = cell_means(target, source, support, reduction, cube)
    offset = cell_membrane(cells, skin=skin, even=reduction > 1)
    if reduction == 1:
        return offset
    height, width = support.shape
    size = offset.shape[1] * reduction, offset.shape[0] * reduction
    enlarged = cv2.resize(offset, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(enlarged[:height, :width], np.float32)


def cell_membrane(
    cells: Cells,
    *,
    clear: Mask | None = None,
    skin: tuple[LabStatistics, LabStatistics] | None = None,
    even: bool = True,
) -> F32:
    """Return the membrane of a grid's cells, float32 (h, w, 3); see `membrane`.

    Args:
        cells: Means over the support.
        clear: bool (h, w), cells in which the two may meet; all of them if not given.
        skin: See `membrane`.
        even: Even out the difference along the border first: details finer than a grid's cells
            would reach no further than a cell, and are better hidden by the mask.
    """
    border = meeting_cells(cells, clear, skin)
    difference = cells.target - cells.source
    return fill_harmonic(_along(difference, border) if even else difference, border)


def meeting_cells(
    cells: Cells,
    clear: Mask | None = None,
    skin: tuple[LabStatistics, LabStatistics] | None = None,
) -> Mask:
    """Return the cells (h, w) in which the two pictures meet; see `cell_membrane`."""
    border = border_of(cells.share >= LEAST_SHARE)
    if clear is not None:
        border &= clear
    if skin is not None:
        pair = np.stack([cells.target[border], cells.source[border]])
        border[border] = _looks_like(pair, skin)
    return border


def _along(values: F32, border: Mask) -> F32:
    """Return values (h, w, 3) averaged over what of a border is near."""
    weight = border.astype(np.float32)[..., None]
    stack = np.concatenate([values * weight, weight], -1)
    near = cv2.GaussianBlur(stack, (5, 5), 0, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(near[..., :3] / np.maximum(near[..., 3:], np.float32(1e-6)), np.float32)


def mixed_membrane(
    target: U8,
    source: U8,
    support: Mask,
    *,
    clear: Mask,
    skin: tuple[LabStatistics, LabStatistics] | None = None,
) -> F32:
    """Return what to add to `source` so that everywhere the stronger gradient of the two is kept.

    "Mixing gradients" of the paper: the target's freckles, folds and stubble stay. This is not
    smooth, so it is solved for every pixel.

    Args:
        target: uint8 (H, W, 3) RGB.
        source: uint8 (H, W, 3) RGB, already in the target's colors.
        support: bool (H, W), where the source is defined.
        clear: bool (H, W), where the target shows its own skin: only there does it have a say.
        skin: See `membrane`.

    Returns:
        float32 (H, W, 3) in levels.
    """
    difference = target.astype(np.float32) - source
    border = border_of(support) & clear
    if skin is not None:
        border[border] = _looks_like(np.stack([target[border], source[border]]), skin)
    inside = support & clear
    sources = np.zeros_like(difference)
    for axis in (0, 1):
        near, far = _shifted(axis)
        steps = [np.diff(p.astype(np.float32), axis=axis) for p in (target, source)]
        stronger = np.abs(steps[0]).sum(-1) > np.abs(steps[1]).sum(-1)
        stronger &= inside[near] & inside[far]
        flow = np.where(stronger[..., None], steps[0] - steps[1], 0)
        sources[near] += flow
        sources[far] -= flow
    return fill_poisson(difference, border, sources)


def _shifted(axis: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Return what takes pixels that have a next one along an axis, and these next ones."""
    near, far = slice(None, -1), slice(1, None)
    return ((near,), (far,)) if axis == 0 else ((slice(None), near), (slice(None), far))


def border_of(support: Mask) -> Mask:
    """Return the outermost pixels of a region (h, w), but for those along the array's own edge."""
    inner = cv2.erode(
        support.view(np.uint8), _CROSS, borderType=cv2.BORDER_CONSTANT, borderValue=(1.0,)
    )
    return np.asarray(support & ~inner.view(np.bool_))


def _looks_like(rgb: F32, skin: tuple[LabStatistics, LabStatistics]) -> Mask:
    """Return where (N,) the colours of both pictures (2, N, 3) lie within their skin's spread."""
    mean = np.stack([s.mean for s in skin])[:, None]
    spread = np.maximum(np.stack([s.deviation for s in skin])[:, None], LEAST_DEVIATION)
    levels = np.clip(np.rint(rgb), 0, 255).astype(np.uint8)
    lab = lab_from_rgb(levels)
    distance = (lab - mean) / spread
    alike = np.asarray(((distance**2).sum(-1) < SKIN_SPREADS**2).all(0))
    if max(s.deviation[1:].max() for s in skin) < COLORLESS:
        # Only brightness distinguishes the shadow at a face's edge, and hair, from skin here.
        alike &= np.abs(lab[0, :, 0] - lab[1, :, 0]) < MOST_APART
    return alike
