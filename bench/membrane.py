"""The membrane against `cv2.seamlessClone`, on the same problem, in the same run.

The region is a 400 px square inside a larger face. OpenCV shrinks the mask by three pixels before
it solves, so ours gets the square without its two outermost (its own outermost are where the two
pictures meet). On any shape but a rectangle the two problems differ: OpenCV's solution spills over
the mask's border into the target. What differs is measured ten pixels and more inside.
"""

from __future__ import annotations

import cv2
import numpy as np

from bench.figures import Figure, figure, timed_ms
from bench.fusion import find_face
from bench.pictures import scene
from bench.running import Run
from gateway.imaging.blend.cells import cell_means
from gateway.imaging.blend.composite import Correction, composite
from gateway.imaging.blend.fuse import MEMBRANE_CELLS
from gateway.imaging.blend.membrane import cell_membrane
from gateway.processors.base import Portrait
from gateway.processors.face_swapper import SwapSettings, swap_layer

SIDE, AROUND, INSIDE, SHRUNK = 400, 40, 10, 2


def measure(run: Run) -> dict[str, Figure]:
    """Return `membrane_time_ratio` and `membrane_max_levels`."""
    source, target = scene("astronaut", (1920, 1080), 640), scene("hopper", (1920, 1080), 640)
    face = find_face(target)
    layer = swap_layer(target, face, Portrait(source, find_face(source)), SwapSettings())
    assert layer is not None
    warped = target.copy()
    layer.region.of(warped)[...] = layer.pixels
    x, y = (round(v) - SIDE // 2 for v in face.centre_xy)
    rows = slice(y - AROUND, y + SIDE + AROUND)
    columns = slice(x - AROUND, x + SIDE + AROUND)
    below, above = (np.ascontiguousarray(i[rows, columns]) for i in (target, warped))
    square = np.zeros(below.shape[:2], np.uint8)
    square[AROUND:-AROUND, AROUND:-AROUND] = 255
    support = np.zeros(below.shape[:2], np.bool_)
    support[AROUND + SHRUNK : -AROUND - SHRUNK, AROUND + SHRUNK : -AROUND - SHRUNK] = True
    mask, reduction = support.astype(np.float32), SIDE // MEMBRANE_CELLS
    centre = (AROUND + SIDE // 2, AROUND + SIDE // 2)

    def ours() -> np.ndarray:
        cells = cell_means(below, above, support, reduction)
        return composite(below, above, mask, Correction.of(cell_membrane(cells), None, reduction))

    def theirs() -> np.ndarray:
        return cv2.seamlessClone(above, below, square, centre, cv2.NORMAL_CLONE)

    rounds = range(2 + run.size(24, 1))  # the first two warm up
    ratios = [timed_ms(ours, 1, 0)[0] / timed_ms(theirs, 1, 0)[0] for _ in rounds][2:]
    inner = slice(AROUND + INSIDE, -AROUND - INSIDE)
    difference = np.abs(ours()[inner, inner].astype(int) - theirs()[inner, inner])
    return {
        "membrane_time_ratio": figure(
            ratios, "×", "our membrane and blend ÷ cv2.seamlessClone", "< 1"
        ),
        "membrane_max_levels": figure(
            [float(difference.max())],
            "levels",
            f"largest difference between the two (mean {difference.mean():.2f})",
        ),
    }
