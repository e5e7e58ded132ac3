"""Gives a face in a picture another expression: its pixels follow its landmarks.

The mesh carries the skin, an apron around it what surrounds the face, ever less with distance;
eyes and mouth are seen to one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F32, F64, U8
from gateway.faces.topology import FACE_OVAL, LIPS_OUTER, N_MESH, topology
from gateway.imaging.geometry.apron import apron, apron_triangles
from gateway.imaging.geometry.raster import rasterise
from gateway.imaging.geometry.warp import Region, add_grid, bounding_region, carried
from gateway.processors.fillings import fill, hollow, smooth_rim
from gateway.processors.openings import (
    MOUTH,
    OPENINGS,
    Donor,
    InpaintingSource,
    Opening,
    best_donor,
    held_eye,
    lids_meet,
    needs_donor,
    on_lips,
    put_inside,
)

BRIGHTNESS, TINT = (0.4, 2.5), 0.3
"""Bounds of what skins say of the light on two faces, and how far their tints are its."""
EYE_GAIN = 1.6
"""Power of that gain in eyes: they lie in the shade, and their white is not as white as teeth."""
STILL_PX = 0.1
"""Pixels of motion below which a pixel stays as it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Reenacted:
    """A part of a picture in which a face shows another expression.

    Attributes:
        region: The part that changed.
        pixels: uint8 (h, w, 3) RGB, equal to the picture's where nothing moves.
        landmarks: float32 (478, 3), where the face's are now, in the whole picture.
        inpainting_sources: Which openings were filled from elsewhere, and from where.
    """

    region: Region
    pixels: U8
    landmarks: F32
    inpainting_sources: Mapping[str, InpaintingSource] = field(default_factory=dict)


def reenact(image: U8, before: F32, after: F32, donors: Sequence[Donor] = ()) -> Reenacted | None:
    """Move a face's pixels from one set of landmarks to another.

    Args:
        image: uint8 (H, W, 3) RGB.
        before: float32 (478, 3), the face's landmarks.
        after: float32 (478, 3), where they are to be.
        donors: Pictures that may lend the inside of eyes and mouth.

    Returns:
        What changed; None if nothing moves inside the picture. Its region is empty where nothing
        moves because no picture shows the request.
    """
    after, fillings = _openable(before, after, donors)
    kinds = {name: filling.kind for name, filling in fillings.items()}
    texture = on_lips(before, after)
    motion = _motion(texture, after, (image.shape[0], image.shape[1]))
    if motion is None:
        # An eye that should open, and does not because no picture shows it open, is to be reported.
        told = InpaintingSource.LEFT_SHUT in kinds.values()
        return Reenacted(Region(0, 0, 0, 0), image[:0, :0].copy(), after, kinds) if told else None
    region = motion.region
    x, y = add_grid(motion.dx, motion.dy, region)
    for which in OPENINGS:
        if which.name not in fillings and not lids_meet(which, after):
            put_inside(which, texture, after, region, x, y)
    pixels = carried(image, region, x, y, STILL_PX)
    for filling in fillings.values():
        if filling.donor is not None:
            gain = color_gain(image, before, filling.donor)
            if filling.which.iris:
                gain = gain**EYE_GAIN
            fill(pixels, region, filling.which, after, filling.donor, gain)
        elif filling.kind is InpaintingSource.INVENTED:
            hollow(pixels, region, after, _color(image, before, LIPS_OUTER))
    for which in OPENINGS:
        if np.abs(after[which.lids] - before[which.lids]).max() > 1:
            smooth_rim(pixels, region, which, after)
    return Reenacted(region, pixels, after, kinds)


def color_gain(image: U8, landmarks: F32, donor: Donor) -> F64:
    """Return (3,): what brings a donor's light to that of a face (478, 3) in a picture.

    Mostly brightness: white stays white under the same light, however dark the skin is.
    """
    own = _color(image, landmarks, range(0, N_MESH, 3)) + 4
    other = _color(donor.image, donor.landmarks, range(0, N_MESH, 3)) + 4
    brightness = np.clip(own.mean() / other.mean(), *BRIGHTNESS)
    tint = (own / own.mean()) / (other / other.mean())
    return np.asarray(np.sqrt(brightness) * tint**TINT)


def _color(image: U8, landmarks: F32, which: Sequence[int]) -> F64:
    """Return the median colour (3,) at some landmarks (478, 3)."""
    at = np.rint(landmarks[list(which), :2]).astype(int)
    x = np.clip(at[:, 0], 0, image.shape[1] - 1)
    y = np.clip(at[:, 1], 0, image.shape[0] - 1)
    return np.asarray(np.median(image[y, x].astype(np.float64), axis=0))


@dataclass(frozen=True, slots=True, eq=False)
class _Filling:
    """The filling of an opening that its own picture lacks; no donor: paint, or nothing."""

    which: Opening
    kind: InpaintingSource
    donor: Donor | None = None


def _openable(before: F32, after: F32, donors: Sequence[Donor]) -> tuple[F32, dict[str, _Filling]]:
    """Return what each opening is filled from; landmarks (478, 3) are held to what can be shown."""
    fillings: dict[str, _Filling] = {}
    for which in OPENINGS:
        if not needs_donor(which, before, after):
            if which.iris:
                after = held_eye(which, before, after)
            continue
        donor = best_donor(which, after, donors)
        if donor is not None:
            fillings[which.name] = _Filling(which, donor.kind, donor)
        elif which is MOUTH:
            fillings[which.name] = _Filling(which, InpaintingSource.INVENTED)
        else:
            # An eye that was shut and that no picture shows open: better shut than empty.
            after = after.copy()
            lids = which.lids
            after[lids] = before[lids] + (after[lids] - before[lids]).mean(0)
            fillings[which.name] = _Filling(which, InpaintingSource.LEFT_SHUT)
    return after, fillings


@dataclass(frozen=True, slots=True, eq=False)
class _Motion:
    """Where each pixel of a region came from, relative to itself: float32 (h, w) each way."""

    dx: F32
    dy: F32
    region: Region


def _motion(before: F32, after: F32, shape: tuple[int, int]) -> _Motion | None:
    """Return the motion of all that is around landmarks (478, 3); None if nothing moves."""
    oval = list(FACE_OVAL)
    earlier, later = apron(before[oval, :2], after[oval, :2])
    vertices = np.concatenate(
        [after[:N_MESH], np.column_stack([later, np.zeros(len(later))])]
    ).astype(np.float32)
    vertices[N_MESH:, 2] = float(after[:N_MESH, 2].max()) + 1e4  # behind the face
    offsets = np.concatenate([before[:N_MESH, :2] - after[:N_MESH, :2], earlier - later])
    moving = np.linalg.norm(offsets, axis=1) > STILL_PX
    touched = set(np.unique(_triangles()[moving[_triangles()].any(1)]).tolist())
    for which in OPENINGS:
        iris = list(which.iris)
        if iris and np.abs(after[iris, :2] - before[iris, :2]).max() > STILL_PX:
            touched |= set(which.ring)
    if not touched:
        return None
    region = bounding_region(vertices[sorted(touched), :2], shape, margin=1)
    if region is None:
        return None
    local = vertices.copy()
    local[:, :2] -= region.origin_xy
    dx, dy = rasterise(local, _triangles(), offsets.astype(np.float32), region.shape)
    return _Motion(dx, dy, region)


def _triangles() -> NDArray[np.int32]:
    """Return the mesh's triangles and the apron's (T, 3); the apron's points follow the mesh's."""
    around = apron_triangles(len(FACE_OVAL))
    oval = np.array(FACE_OVAL, np.int32)
    n = len(oval)
    lookup = np.concatenate([oval, N_MESH + np.arange(around.max() + 1 - n, dtype=np.int32)])
    return np.concatenate([topology().triangles, lookup[around]]).astype(np.int32)
