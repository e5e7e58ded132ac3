"""Views of a picture for detectors, and the mapping of detections back to the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gateway.arrays import F32, U8
from gateway.faces.blazeface import Candidates
from gateway.imaging.geometry.warp import shrink_area
from gateway.networks.detecting.spec import SIDE_PX, DetectorHits

SIDE = 0.95
"""Side of BlazeFace's square over the geometric mean of a box's sides. The third-party models
learned boxes from hairline to chin; BlazeFace's square ends at brows and chin."""
DOWN = 0.18
"""How far its centre lies below that of a box, in distances from the eyes to the mouth."""
EAR_ACROSS, EAR_DOWN = 1.1, 0.04
"""Where the mean face's ears lie seen from the middle of its eyes: to either side, in distances of
the eyes, and down, in distances from the eyes to the mouth."""


@dataclass(frozen=True, slots=True)
class LetterboxView:
    """Transform of a picture into a view: shrunk, then turned, put into the upper left corner.

    Attributes:
        quarters: Quarter turns, counter-clockwise.
        size_wh: Of the shrunk picture, before it was turned.
        scale_xy: Its pixels over the picture's.
    """

    quarters: int
    size_wh: tuple[int, int]
    scale_xy: tuple[float, float]

    def in_image(self, points: F32) -> F32:
        """Return where points (…, 2) of the view lie in the picture, whose centres are whole.

        Points of the view count from its edge.
        """
        x, y = points[..., 0], points[..., 1]
        width, height = self.size_wh
        turned = [(x, y), (width - y, x), (width - x, height - y), (y, height - x)][self.quarters]
        return np.asarray(np.stack(turned, -1) / np.array(self.scale_xy) - 0.5, np.float32)


def views_of(image: U8, angles: Sequence[int]) -> tuple[U8, list[LetterboxView]]:
    """Return a detector's input, uint8 RGB (N, 640, 640, 3), upright first.

    Pictures are scaled down where they are too large, never up; the rest of a view is black.

    Args:
        image: uint8 RGB (H, W, 3).
        angles: Further directions, degrees out of 90, 180 and 270, by which it is seen turned
            counter-clockwise.
    """
    height, width = image.shape[:2]
    small, scale_xy = image, (1.0, 1.0)
    if max(height, width) > SIDE_PX:
        small, scale_xy = shrink_area(image, max(height, width) / SIDE_PX)
    turns = sorted({0, *(angle // 90 % 4 for angle in angles)})
    canvas = np.zeros((len(turns), SIDE_PX, SIDE_PX, 3), np.uint8)
    for view, quarters in zip(canvas, turns, strict=True):
        turned = np.rot90(small, quarters)
        view[: turned.shape[0], : turned.shape[1]] = turned
    size_wh = small.shape[1], small.shape[0]
    return canvas, [LetterboxView(quarters, size_wh, scale_xy) for quarters in turns]


def candidates_of(seen: DetectorHits, view: LetterboxView) -> Candidates:
    """Return the detections of a view in BlazeFace's format, in pixels of the picture.

    Boxes become the squares that BlazeFace draws, see `SIDE` and `DOWN`. Of its six points the
    five tell four; the ears are where a mean face under the same affine map has them, foreshortened
    as the eyes are, though they lie deeper.
    """
    corners = view.in_image(seen.boxes.reshape(-1, 2, 2))
    points = view.in_image(seen.points)
    eyes, mouth = points[:, :2].mean(1), points[:, 3:].mean(1)
    across, down = points[:, 1] - points[:, 0], mouth - eyes
    extent = np.abs(corners[:, 1] - corners[:, 0])
    sides = (SIDE * np.sqrt(extent.prod(1))).astype(np.float32)
    centres = corners.mean(1) + np.float32(DOWN) * down
    half = sides[:, None] / 2
    ears = [eyes + sign * EAR_ACROSS * across + EAR_DOWN * down for sign in (-1, 1)]
    six = np.stack([points[:, 0], points[:, 1], points[:, 2], mouth, *ears], axis=1)
    boxes = np.concatenate([centres - half, centres + half], axis=1)
    return Candidates(seen.scores, boxes, sides, six.astype(np.float32))
