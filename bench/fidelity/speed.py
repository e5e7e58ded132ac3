"""What fusion costs, and the membrane against an exact solution and OpenCV's."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import splu

from bench import membrane
from bench.figures import Figure, figure, timed_ms
from bench.fusion import find_face
from bench.pictures import scene
from bench.running import Run
from gateway.arrays import F32, Mask
from gateway.faces.atlas import atlas
from gateway.faces.occlusion import Visibility
from gateway.imaging.blend.cells import cell_means
from gateway.imaging.blend.fuse import MEMBRANE_CELLS, ColorMode, fuse
from gateway.imaging.blend.membrane import cell_membrane, meeting_cells
from gateway.imaging.color.transfer import lab_statistics
from gateway.processors.base import Portrait
from gateway.processors.face_swapper import SwapSettings, swap_layer
from gateway.processors.masks import matte_of
from gateway.processors.openings import eye_distance


def fusion(run: Run) -> dict[str, Figure]:
    """Return what fusing a 400 px face into 1080p costs on one core, two ways."""
    source, target = scene("astronaut", (1920, 1080), 420), scene("hopper", (1920, 1080), 400)
    seen = Visibility(np.ones(atlas().face.shape, np.float32))
    portrait, face = Portrait(source, find_face(source), seen), find_face(target)
    unit = eye_distance(face.landmarks)

    def work(color: ColorMode, texture: bool) -> None:
        layer = swap_layer(target, face, portrait, SwapSettings())
        assert layer is not None
        matte = matte_of(layer, seen, portrait.seen)
        view = np.ascontiguousarray(layer.region.of(target))
        fuse(view, layer.pixels, matte, unit_px=unit, color=color, texture=texture)

    threads, n = cv2.getNumThreads(), run.size(60, 2)
    cv2.setNumThreads(1)
    try:
        plain = timed_ms(lambda: work("statistics", texture=False), n)
        adaptive = timed_ms(lambda: work("adaptive", texture=True), n)
    finally:
        cv2.setNumThreads(threads)
    what = "fusion of a 400 px face into 1920×1080, one core: "
    return {
        "fusion_statistics_ms": figure(plain, "ms", f"{what}statistics, no texture", "≤ 8"),
        "fusion_adaptive_ms": figure(adaptive, "ms", f"{what}adaptive, with texture", "≤ 12"),
    }


def exact(values: F32, known: Mask) -> F32:
    """Return the harmonic function (h, w, 3) with known values, by a direct sparse solve."""
    unknown = ~known
    index = np.full(known.shape, -1)
    index[unknown] = np.arange(unknown.sum())
    right = np.zeros((int(unknown.sum()), 3))
    degree = np.zeros(len(right))
    at = np.argwhere(unknown)
    rows, columns = [], []
    for step in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        y, x = (at + step).T
        own = np.flatnonzero((y >= 0) & (y < known.shape[0]) & (x >= 0) & (x < known.shape[1]))
        y, x = y[own], x[own]
        degree[own] += 1
        free = unknown[y, x]
        rows.append(own[free])
        columns.append(index[y[free], x[free]])
        right[own[~free]] += values[y[~free], x[~free]]
    row, column = np.concatenate(rows), np.concatenate(columns)
    ones = coo_matrix((np.ones(len(row)), (row, column)), shape=(len(right), len(right)))
    solve = splu((diags(degree) - ones).tocsc()).solve
    out = values.astype(np.float32).copy()
    out[unknown] = solve(right)
    return out


def against_exact(run: Run) -> dict[str, Figure]:
    """Return how far the membrane that fusion adds is from a direct solve, on a 400 px face.

    Both are given the same values on the border; the direct one solves for every pixel.
    """
    source, target = scene("astronaut", (1920, 1080), 420), scene("hopper", (1920, 1080), 400)
    face = find_face(target)
    layer = swap_layer(target, face, Portrait(source, find_face(source)), SwapSettings())
    assert layer is not None
    below = np.ascontiguousarray(layer.region.of(target))
    size = max(1, min(layer.support.shape) // MEMBRANE_CELLS)
    cells = cell_means(below, layer.pixels, layer.support, size)
    skins = [lab_statistics(image[layer.skin][::50]) for image in (below, layer.pixels)]
    assert skins[0] is not None
    assert skins[1] is not None
    known_skins = skins[0], skins[1]
    height, width = layer.support.shape

    def enlarged(grid: np.ndarray, how: int) -> np.ndarray:
        whole = (grid.shape[1] * size, grid.shape[0] * size)
        return cv2.resize(grid, whole, interpolation=how)[:height, :width]

    ours = enlarged(cell_membrane(cells, skin=known_skins), cv2.INTER_LINEAR)
    meeting = meeting_cells(cells, None, known_skins)
    known = enlarged(meeting.astype(np.uint8), cv2.INTER_NEAREST) > 0
    true = exact(ours, known)
    seen = (layer.mask > 0.02) & ~known
    off = (np.abs(ours - true) * layer.mask[..., None])[seen]
    what = "of what fusion adds, in the picture, from a sparse solve with the same border"
    return {
        "membrane_max_levels": figure([float(off.max())], "levels", what, "≤ 1.5"),
        "membrane_mean_levels": figure([float(off.mean())], "levels", "the same, mean", "≤ 0.4"),
    } | {"membrane_time_ratio": membrane.measure(run)["membrane_time_ratio"]}
