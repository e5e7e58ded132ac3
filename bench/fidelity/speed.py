"""What fusion costs, and the membrane against an exact solution and OpenCV's."""

from __future__ import annotations

import asyncio
import time

import cv2
import numpy as np
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import splu

from bench import membrane
from bench.figures import Figure, figure, timed_ms
from bench.fusion import find_face
from bench.pictures import scene
from bench.running import Run
from gateway.arrays import F32, U8, Mask
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.atlas import HEIGHT, WIDTH, atlas
from gateway.faces.face import Face
from gateway.faces.occlusion import Visibility
from gateway.faces.refiner import FaceRefiner
from gateway.imaging.blend.cells import cell_means
from gateway.imaging.blend.fuse import MEMBRANE_CELLS, ColorMode, FrameTransition, fuse, fuse_frame
from gateway.imaging.blend.membrane import cell_membrane, meeting_cells
from gateway.imaging.color.light_field import LightField
from gateway.imaging.color.transfer import lab_statistics
from gateway.imaging.video.temporal import TemporalState, is_carried
from gateway.inference.local import LocalInference
from gateway.paths import PROJECT_ROOT
from gateway.pipeline.face.refining import both_unrolled
from gateway.processors.base import Portrait
from gateway.processors.face_swapper import SwapSettings, swap_layer
from gateway.processors.masks import matte_of
from gateway.processors.openings import eye_distance
from gateway.processors.textures import Textures

FRAME_S, WARM_UP = 0.04, 3


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
    refined = asyncio.run(_refined(run, target, face, portrait))
    return {
        "fusion_picture_ms": figure(refined[0], "ms", f"{what}all of it, with the refiner", "≤ 18"),
        "fusion_frame_ms": figure(refined[1], "ms", f"{what}a frame of a video", "≤ 10"),
        "fusion_statistics_ms": figure(plain, "ms", f"{what}statistics, no texture", "≤ 8"),
        "fusion_adaptive_ms": figure(adaptive, "ms", f"{what}adaptive, with texture", "≤ 12"),
    }


async def _refined(
    run: Run, target: U8, face: Face, portrait: Portrait
) -> tuple[list[float], list[float]]:
    """Return what all of fusion costs, with the refiner's network: of pictures, of frames."""
    cv2.setNumThreads(1)
    inference, compute = LocalInference(PROJECT_ROOT / "model_repository"), Compute(inline=True)
    refiner, unit = FaceRefiner(inference, compute), eye_distance(face.landmarks)
    place = np.eye(2, 3) / unit

    async def work(textures: Textures, before: TemporalState | None) -> TemporalState:
        layer = swap_layer(target, face, portrait, SwapSettings(), textures=textures)
        assert layer is not None
        matte, light = matte_of(layer, portrait.seen, portrait.seen), None
        if before is None or not is_carried(before, FRAME_S):
            planes = both_unrolled(target, face, layer, portrait, portrait.seen)
            gains = await refiner.gains(planes, deadline=Deadline.after(60))
            light = LightField(gains, layer.place, (HEIGHT, WIDTH))
        view = np.ascontiguousarray(layer.region.of(target))
        passage = FrameTransition(place, before, FRAME_S)
        _, state = fuse_frame(view, layer.pixels, matte, passage, unit_px=unit, light=light)
        return state

    pictures, frames = [], []
    kept, state = Textures(), None
    for n in range(run.size(60, 2) + WARM_UP):
        start = time.perf_counter()
        await work(Textures(), None)
        between = time.perf_counter()
        state = await work(kept, state)
        if n >= WARM_UP:
            pictures.append(1e3 * (between - start))
            frames.append(1e3 * (time.perf_counter() - between))
    await inference.close()
    return pictures, frames


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
