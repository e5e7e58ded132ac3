"""What of a target's face stays its own when its skin becomes another person's.

The inside of a mouth does, as far as it is open: no portrait shows it lit and opened like that.
Eyes do where the source keeps its own shut, hidden or behind dark glasses, or on request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from gateway.arrays import F32, U8
from gateway.faces.atlas import area_of, atlas
from gateway.faces.face import Face
from gateway.faces.occlusion import Visibility
from gateway.faces.regions import distance_to_eyes, distance_to_mouth
from gateway.faces.topology import N_MESH, topology
from gateway.imaging.geometry.raster import rasterise
from gateway.imaging.geometry.warp import Region, bounding_region, remap
from gateway.imaging.masks.soft import smoothstep
from gateway.processors.base import KeptPixels, Portrait
from gateway.processors.openings import LEFT, MOUTH, RIGHT, Opening, gap, is_shut, put_inside

Eyes = Literal["source", "target"]
"""Whose eyes a result has."""

# Widths in inter-ocular distances of the mean face.
EYE_RIM = 0.06
LIP_RIM = 0.045

PARTED = (0.02, 0.06)
"""Gaps between lips, in inter-ocular distances, from which on a mouth's inside shows, and is wholly
the target's."""
HIDDEN = 0.4
"""Share of an eye that may be hidden in a portrait that is to give it."""
REACH = (0.07, 0.16)
"""Distances from what is kept, in inter-ocular distances, up to which its surroundings go where it
goes, and from which on they stay."""
STILL_PX = 0.3
"""Pixels that what is kept may be off and still stay where it is."""
AWAY = 4.0
"""Of distances in widths of a rim: as far from what is kept as counts."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How far openings of a face stay the target's, 0–1 each.

    Attributes:
        right: The right eye.
        left: The left eye.
        mouth: The inside of the mouth.
    """

    right: float
    left: float
    mouth: float

    def eyes(self) -> F32:
        """Return how far the eye next to each landmark (468,) is kept."""
        right = topology().mean[:N_MESH, 0] < 0
        return np.where(right, self.right, self.left).astype(np.float32)

    def distance(self) -> F32:
        """Return how far each landmark (468,) is from what is kept, in widths of its rim.

        0 inside, 1 where nothing is kept any more; the less something is kept, the smaller it is.
        """
        eyes = distance_to_eyes() / EYE_RIM + AWAY * (1 - self.eyes())
        mouth = distance_to_mouth() / LIP_RIM + AWAY * (1 - self.mouth)
        return np.asarray(np.minimum(eyes, mouth), np.float32)


def kept_of(face: Face, portrait: Portrait, eyes: Eyes) -> Kept:
    """Return what stays of a target's face that becomes that of a portrait."""
    low, high = PARTED
    parted = np.asarray((gap(MOUTH, face.landmarks) - low) / (high - low), np.float32)
    right, left = (_eye_kept(which, face, portrait, eyes) for which in (RIGHT, LEFT))
    return Kept(right, left, float(smoothstep(parted)))


def _eye_kept(which: Opening, face: Face, portrait: Portrait, eyes: Eyes) -> float:
    if eyes == "target" or portrait.eyes_unknown:
        return 1.0
    # Shut lids of a source could never open; a target that shuts its own needs none that are open.
    unseen = is_shut(which, portrait.face.landmarks) and not is_shut(which, face.landmarks)
    return float(unseen or (portrait.seen is not None and _hidden(which, portrait.seen)))


def _hidden(which: Opening, seen: Visibility) -> bool:
    area = area_of(atlas().place, (which.ring,))
    return bool((seen.visible[area] < 0.5).mean() > HIDDEN)


def kept_pixels(
    image: U8, before: F32, after: F32, kept: Kept, region: Region
) -> KeptPixels | None:
    """Return what is kept of a face, where it belongs in a region of its picture.

    Args:
        image: uint8 (H, W, 3) RGB.
        before: float32 (478, 3), the landmarks in it.
        after: float32 (478, 3), where they are to be.
        kept: What is kept.
        region: The part.

    Returns:
        Its pixels; None if all of it stays as it is.
    """
    out = None
    for which, share, away in (
        (RIGHT, kept.right, distance_to_eyes()),
        (LEFT, kept.left, distance_to_eyes()),
        (MOUTH, kept.mouth, distance_to_mouth()),
    ):
        moved = np.abs(after[which.lids, :2] - before[which.lids, :2]).max()
        if share > 0 and moved > STILL_PX:
            if out is None:
                pixels = np.array(region.of(image), np.uint8)
                out = KeptPixels(pixels, np.zeros(region.shape, np.float32))
            _carry(image, before, after, (which, away), region, out)
    return out


def _carry(
    image: U8,
    before: F32,
    after: F32,
    what: tuple[Opening, F32],
    region: Region,
    out: KeptPixels,
) -> None:
    """Move an opening and what is around it into the pixels of a region, in place."""
    which, away = what
    near, far = REACH
    side = np.asarray(after)[which.lids, 0]
    around = (away < far) & (np.abs(after[:N_MESH, 0] - side.mean()) < np.ptp(side))
    part = bounding_region(after[:N_MESH][around, :2], (region.y1, region.x1), 1)
    part = None if part is None else part.shared_with(region)
    if part is None:
        return
    vertices = after[:N_MESH].copy()
    vertices[:, :2] -= part.origin_xy
    weight = np.clip((far - away) / (far - near), 0, 1) * around
    attributes = np.column_stack([before[:N_MESH, :2], weight]).astype(np.float32)
    x, y, share = rasterise(vertices, topology().triangles, attributes, part.shape)
    local = after.copy()
    local[:, :2] -= part.origin_xy
    put_inside(which, before, local, Region(0, 0, part.shape[1], part.shape[0]), x, y)
    inner, share = part.slices_in(region), smoothstep(share)
    chosen = share > out.share[inner]
    np.copyto(out.pixels[inner], remap(image, x, y, smooth=False), where=chosen[..., None])
    np.copyto(out.share[inner], share, where=chosen)
