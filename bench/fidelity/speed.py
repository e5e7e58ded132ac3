"""What fusion costs, and the membrane against an exact solution and OpenCV's."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import spsolve

from bench import membrane
from bench.figures import Figure, figure, timed_ms
from bench.fusion import find_face
from bench.pictures import scene
from gateway.arrays import F32, U8, Mask
from gateway.faces.atlas import atlas
from gateway.faces.occlusion import Seen
from gateway.imaging.blend import border_of
from gateway.imaging.blend import membrane as solved
from gateway.imaging.fuse import MEMBRANE_CELLS, ColourMode, fuse
from gateway.processors.base import Portrait
from gateway.processors.face_swapper import SwapSettings, swap_layer
from gateway.processors.masks import matte_of
from gateway.processors.openings import eye_distance


def fusion(n: int = 60) -> dict[str, Figure]:
    """Return what fusing a 400 px face into 1080p costs on one core, two ways."""
    source, target = scene("astronaut", (1920, 1080), 420), scene("hopper", (1920, 1080), 400)
    seen = Seen(np.ones(atlas().face.shape, np.float32))
    portrait, face = Portrait(source, find_face(source), seen), find_face(target)
    unit = eye_distance(face.landmarks)

    def work(colour: ColourMode, texture: bool) -> None:
        layer = swap_layer(target, face, portrait, SwapSettings())
        assert layer is not None
        matte = matte_of(layer, seen, portrait.seen)
        view = np.ascontiguousarray(layer.region.of(target))
        fuse(view, layer.pixels, matte, unit_px=unit, colour=colour, texture=texture)

    threads = cv2.getNumThreads()
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


def exact(target: U8, source: U8, support: Mask, border: F32, known: Mask) -> F32:
    """Return the membrane (h, w, 3) by a direct sparse solve, given its values on the border."""
    unknown = support & ~known
    index = np.full(support.shape, -1)
    index[unknown] = np.arange(unknown.sum())
    rows, columns, values = [], [], []
    right = np.zeros((int(unknown.sum()), 3))
    degree = np.zeros(int(unknown.sum()))
    at = np.argwhere(unknown)
    for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        y, x = at[:, 0] + dy, at[:, 1] + dx
        inside = (y >= 0) & (y < support.shape[0]) & (x >= 0) & (x < support.shape[1])
        yi, xi, own = y[inside], x[inside], np.flatnonzero(inside)
        free, fixed = unknown[yi, xi], known[yi, xi]
        rows.append(own[free])
        columns.append(index[yi[free], xi[free]])
        values.append(np.full(int(free.sum()), -1.0))
        right[own[fixed]] += border[yi[fixed], xi[fixed]]
        degree[own[free | fixed]] += 1
    diagonal = np.arange(len(degree))
    matrix = coo_matrix(
        (
            np.concatenate([*values, degree]),
            (np.concatenate([*rows, diagonal]), np.concatenate([*columns, diagonal])),
        )
    ).tocsc()
    out = np.where(known[..., None], border, 0).astype(np.float32)
    out[unknown] = np.column_stack([spsolve(matrix, right[:, c]) for c in range(3)])
    return out


def against_exact() -> dict[str, Figure]:
    """Return how far the membrane is from the exact one, on a 400 px face."""
    source, target = scene("astronaut", (1920, 1080), 420), scene("hopper", (1920, 1080), 400)
    face = find_face(target)
    layer = swap_layer(target, face, Portrait(source, find_face(source)), SwapSettings())
    assert layer is not None
    below = np.ascontiguousarray(layer.region.of(target))
    known = border_of(layer.support)
    border = below.astype(np.float32) - layer.pixels
    true = exact(below, layer.pixels, layer.support, border, known)
    reduction = max(1, min(layer.support.shape) // MEMBRANE_CELLS)
    inner = layer.support & (layer.mask > 0.02)
    full = np.abs(solved(below, layer.pixels, layer.support) - true)[inner]
    coarse = np.abs(solved(below, layer.pixels, layer.support, reduction=reduction) - true)
    deep = cv2.erode(layer.support.astype(np.uint8), np.ones((2 * 3 * reduction + 1,) * 2)) > 0
    return {
        "membrane_max_levels": figure(
            [float(full.max())], "levels", f"from a sparse solve (mean {full.mean():.2f})", "≤ 1.5"
        ),
        "membrane_mean_levels": figure([float(full.mean())], "levels", "the same, mean", "≤ 0.4"),
        "membrane_reduced_max_levels": figure(
            [float(coarse[deep & inner].max())],
            "levels",
            f"on the grid fusion uses, three cells inside (mean {coarse[inner].mean():.2f})",
        ),
    } | {"membrane_time_ratio": membrane.measure()["membrane_time_ratio"]}
