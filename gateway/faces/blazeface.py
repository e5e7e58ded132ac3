"""BlazeFace: views of a picture in, boxes with six points out.

(V. Bazarevsky et al., "BlazeFace: sub-millisecond neural face detection on mobile GPUs", 2019.)
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F32, F64, U8
from gateway.imaging.geometry.transforms import (
    invert_affine,
    rotated_square_to_crop,
    transform_points,
)
from gateway.imaging.geometry.warp import crop_affine

POINTS = 6
"""Right eye, left eye, nose tip, mouth centre, right ear, left ear (the subject's own)."""
_EYES, _MOUTH = slice(0, 2), 3


@dataclass(frozen=True, slots=True)
class Detector:
    """Parameters that differ between the two networks.

    Attributes:
        model: Name in the model repository.
        side: Side of the square input in pixels.
        grids: (cells per side, anchors per cell) of each layer, in the order of the outputs.
    """

    model: str
    side: int
    grids: tuple[tuple[int, int], ...]

    def anchors(self) -> F32:
        """Return the anchor centres, float32 (A, 2), as fractions of the input's side."""
        layers = []
        for cells, repeats in self.grids:
            axis = (np.arange(cells, dtype=np.float32) + 0.5) / cells
            grid = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
            layers.append(np.repeat(grid, repeats, axis=0))
        return np.concatenate(layers)


SHORT_RANGE = Detector("blazeface_short", 128, ((16, 2), (8, 6)))
FULL_RANGE = Detector("blazeface_full", 192, ((48, 1),))


@dataclass(frozen=True, slots=True, eq=False)
class DetectorView:
    """One square crop that a detector processes.

    Attributes:
        pixels: uint8 (S, S, 3) RGB, black outside the picture.
        image_from_crop: float64 (2, 3).
    """

    pixels: U8
    image_from_crop: F64


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Detections in picture pixels.

    Attributes:
        scores: float32 (D,).
        boxes: float32 (D, 4) left, top, right, bottom, of the upright box around the (possibly
            rotated) detection.
        sides: float32 (D,) longer side of each detection, along its own axes.
        points: float32 (D, 6, 2).
    """

    scores: F32
    boxes: F32
    sides: F32
    points: F32

    @classmethod
    def joined(cls, parts: list[Candidates]) -> Candidates:
        """Concatenate; of nothing comes nothing."""
        if not parts:
            empty = np.zeros((0, 18), np.float32)
            return cls(empty[:, 0], empty[:, :4], empty[:, 0], empty[:, :12].reshape(0, 6, 2))
        return cls(
            np.concatenate([p.scores for p in parts]),
            np.concatenate([p.boxes for p in parts]),
            np.concatenate([p.sides for p in parts]),
            np.concatenate([p.points for p in parts]),
        )

    def largest(self, count: int) -> Candidates:
        """Return at most `count` of them, the largest first."""
        order = np.argsort(-self.sides, kind="stable")[:count]
        return Candidates(
            self.scores[order], self.boxes[order], self.sides[order], self.points[order]
        )


def whole_view(
    image: U8, side: int, *, angle_deg: float = 0.0, zoom_out: float = 1.0
) -> DetectorView:
    """Return the whole picture, letterboxed, optionally rotated and with more margin.

    Args:
        image: uint8 (H, W, 3).
        side: Side of the view in pixels.
        angle_deg: The picture is seen turned by this much counter-clockwise.
        zoom_out: Side of the square as a multiple of the picture's longer side.
    """
    height, width = image.shape[:2]
    square = max(height, width) * zoom_out
    matrix = rotated_square_to_crop(
        ((width - 1) / 2, (height - 1) / 2), square, np.radians(angle_deg), side
    )
    return DetectorView(crop_affine(image, matrix, side), invert_affine(matrix))


def tiled_views(image: U8, side: int, scale: float, overlap: float = 0.34) -> list[DetectorView]:
    """Cut the picture, scaled by `scale` ≤ 1, into overlapping square views.

    Args:
        image: uint8 (H, W, 3).
        side: Side of a view in pixels.
        scale: Scale of the views' pixels to the picture's.
        overlap: Least overlap of neighbours as a fraction of the side; it must exceed the
            largest face this scale is designed for.
    """
    height, width = image.shape[:2]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1 else image
    to_x, to_y = width / size[0], height / size[1]
    views = []
    for top in _starts(size[1], side, overlap):
        for left in _starts(size[0], side, overlap):
            pixels = np.zeros((side, side, 3), np.uint8)
            part = small[top : top + side, left : left + side]
            pixels[: part.shape[0], : part.shape[1]] = part
            offset_x, offset_y = (left + 0.5) * to_x - 0.5, (top + 0.5) * to_y - 0.5
            views.append(DetectorView(pixels, np.array([[to_x, 0, offset_x], [0, to_y, offset_y]])))
    return views


def _starts(length: int, side: int, overlap: float) -> list[int]:
    if length <= side:
        return [0]
    count = int(np.ceil((length - side) / (side * (1 - overlap)))) + 1
    return [round(i * (length - side) / (count - 1)) for i in range(count)]


def decode(
    detector: Detector, view: DetectorView, boxes: F32, scores: F32, *, min_score: float
) -> Candidates:
    """Turn one view's raw outputs into detections.

    Args:
        detector: The detector that produced the outputs.
        view: The view it was detected in.
        boxes: float32 (A, 16) centre, size and six points, crop pixels from the anchor's centre.
        scores: float32 (A,), 0–1.
        min_score: Detections below it are dropped.
    """
    keep = np.flatnonzero(scores >= min_score)
    raw = boxes[keep].reshape(-1, 8, 2)
    # Pixel centres at whole numbers: the input's left edge is at -0.5.
    origin = detector.anchors()[keep, None] * detector.side - 0.5
    centre, half = raw[:, :1] + origin, raw[:, 1:2] / 2
    corners = centre + half * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32)
    corners = transform_points(view.image_from_crop, corners)
    points = transform_points(view.image_from_crop, raw[:, 2:] + origin)
    bounds = np.concatenate([corners.min(1), corners.max(1)], 1)
    scale = np.sqrt(abs(np.linalg.det(view.image_from_crop[:, :2])))
    sides = 2 * scale * np.abs(half).max((1, 2))
    return Candidates(
        scores[keep],
        bounds.astype(np.float32),
        sides.astype(np.float32),
        points.astype(np.float32),
    )


def suppress(candidates: Candidates, *, overlap: float = 0.3) -> Candidates:
    """Merge detections of the same face, best first, averaged by score.

    Two belong together when their boxes' intersection over union exceeds `overlap`. A small box
    inside a large one stays: only the landmark network can say which of them is a face. Those that
    have the face upside down, seen from the best one, are dropped, not averaged.
    """
    left = list(np.argsort(-candidates.scores, kind="stable"))
    merged: list[Candidates] = []
    while left:
        near = _overlaps(candidates.boxes[left[0]], candidates.boxes[left]) > overlap
        near[0] = True
        group = np.array(left)[near]
        scores = candidates.scores[group] * _same_way_up(candidates.points[group])
        weight = scores / max(scores.sum(), 1e-9)
        merged.append(
            Candidates(
                candidates.scores[group[:1]],
                (weight[:, None] * candidates.boxes[group]).sum(0, keepdims=True),
                (weight * candidates.sides[group]).sum(keepdims=True),
                (weight[:, None, None] * candidates.points[group]).sum(0, keepdims=True),
            )
        )
        left = [i for i, taken in zip(left, near, strict=True) if not taken]
    return Candidates.joined(merged)


def _same_way_up(points: F32) -> NDArray[np.bool_]:
    """Return which of several detections (N, 6, 2) are within 120° of the first one's direction.

    The directions of a face that lies on its side differ by up to a right angle between views.
    """
    down = points[:, _MOUTH] - points[:, _EYES].mean(axis=1)
    lengths = np.linalg.norm(down, axis=1)
    return np.asarray(down @ down[0] >= -0.5 * lengths * lengths[0])


def _overlaps(box: F32, boxes: F32) -> F32:
    """Return the intersections over unions (N,) of boxes with `box`."""
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[2:], boxes[:, 2:])
    common = np.prod(np.maximum(high - low, 0), axis=1)
    own = float(np.prod(np.maximum(box[2:] - box[:2], 0)))
    other = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1)
    return np.asarray(common / np.maximum(own + other - common, 1e-9), np.float32)
