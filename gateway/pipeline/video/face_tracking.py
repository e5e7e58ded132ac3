"""The part of a frame searched for a face, its resolution, and the result."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gateway.arrays import U8
from gateway.faces.face import Face
from gateway.faces.landmarks import square_of_landmarks
from gateway.faces.morphable.fit import fit_landmarks
from gateway.faces.topology import N_MESH, five_points
from gateway.imaging.geometry.flow import carried
from gateway.imaging.geometry.warp import Region, bounding_region

REACH = 1.08
"""How much larger the part of a frame is that is converted than the crop that is looked at."""
FINE_ENOUGH, COARSEST = 250.0, 8
"""Pixels of the side of the searched part from which on it need not be finer, and how much coarser
than the frame it is at the most."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameCrop:
    """A part of a frame, as finely as networks look at it.

    Attributes:
        region: The part.
        reduction: Side in pixels of the squares whose means are kept.
        pixels: uint8 (h, w, 3) RGB.
    """

    region: Region
    reduction: int
    pixels: U8

    def inside(self, face: Face) -> Face:
        """Return a face of the frame as it is in these pixels."""
        scale = 1 / self.reduction
        return face.moved((float(self.region.x0), float(self.region.y0)), (scale, scale))

    def outside(self, face: Face) -> Face:
        """Return a face of these pixels as it is in the frame."""
        scale = float(self.reduction)
        return face.moved((-self.region.x0 / scale, -self.region.y0 / scale), (scale, scale))


@dataclass(frozen=True, slots=True, eq=False)
class TrackedFace:
    """A person's face in one frame.

    Attributes:
        track: The person's number; never used again once lost for good.
        face: In pixels of the frame, as this frame by itself shows it.
        view: The part of the frame that was looked at.
        interpolated: Whether no network saw it here.
    """

    track: int
    face: Face
    view: FrameCrop
    interpolated: bool = False


def around(face: Face, shape: tuple[int, int]) -> tuple[Region | None, int]:
    """Return the part of a picture of `shape` (height, width) that a face is looked for in.

    And how many times coarser than the picture it may be looked at. The part begins and ends at
    multiples of twice that, except where the picture ends.
    """
    square = square_of_landmarks(face.landmarks)
    reach = REACH * square.side / 2
    turned = abs(np.cos(square.angle)) + abs(np.sin(square.angle))
    half = np.full(2, reach * turned)
    middle = np.array([square.x, square.y])
    region = bounding_region(np.stack([middle - half, middle + half]), shape, margin=0)
    reduction = 1
    while square.side >= 2 * reduction * FINE_ENOUGH and reduction < COARSEST:
        reduction *= 2
    if region is None or reduction == 1:
        return region, 1
    step = 2 * reduction
    x0, y0 = region.x0 // step * step, region.y0 // step * step
    width, height = (
        (end - start) // step * step for start, end in ((x0, region.x1), (y0, region.y1))
    )
    return Region(x0, y0, x0 + width, y0 + height), reduction


def carry_on(before: TrackedFace, again: U8, shape: tuple[int, int]) -> Face | None:
    """Return a face where the pixels have gone, of which `again` (h, w, 3) shows the same part."""
    view = before.view
    face = view.inside(before.face)
    points = carried(view.pixels, again, face.landmarks[:, :2])
    if points is None:
        return None
    landmarks = face.landmarks.copy()
    landmarks[:, :2] = points
    there = view.outside(replace(face, landmarks=landmarks))
    skin = there.landmarks[:N_MESH, :2]
    size = np.array([[shape[1], shape[0]]], np.float32)
    return replace(
        there,
        box_xyxy=np.concatenate([skin.min(0), skin.max(0)]).astype(np.float32),
        landmarks_5=five_points(there.landmarks),
        fit=fit_landmarks(there.landmarks[None], size),
    )
