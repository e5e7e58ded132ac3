"""Eyes and mouth: what shows where a face opens.

Skin is carried along by the mesh; what lies behind it is not. An iris moves as a disc of its own
and the white follows; where an eye or a mouth opens that was shut, its inside comes from a
*donor*, another picture of a face, fitted into the opening and to its light.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F32, F64, U8, AnyFloat
from gateway.faces.morphable.performance import LIDS, LIPS, opening, true_lips
from gateway.faces.topology import LEFT_EYE, LEFT_IRIS, LIPS_INNER, RIGHT_EYE, RIGHT_IRIS, topology
from gateway.imaging.geometry.raster import rasterise
from gateway.imaging.geometry.warp import Region, bounding_region
from gateway.imaging.masks.soft import depth_inside, smoothstep

LIPS_MEET = 0.016
"""Inter-ocular distances between lips below which a rendered mouth is shut."""
LIP_DEPTH = 0.035
"""Inter-ocular distances from the inner rim at which a lip is surely lip."""
SMALLEST_GAP = 0.035
"""Inter-ocular distances: what opens less than this shows nothing."""
SHUT_EYE = 0.05
"""Inter-ocular distances between lids below which an eye in a picture is shut: the landmark
networks never bring them quite together."""
LIDS_MEET = 0.03
"""Inter-ocular distances between lids below which a rendered eye is shut."""
WIDEST = 1.35
"""How much wider an eye may open than in its own picture."""
LIDS_STILL = 0.005
"""Inter-ocular distances that lids may move and still be left as they are."""
LID_MEETS = 0.15
"""Where the lids of a shut eye meet: 0 at the lower one."""
STRETCH = 2.2
"""How much further an opening may gape than in its own picture before another one is used."""


class InpaintingSource(StrEnum):
    """Where the inside of an opening came from."""

    SOURCE = "source"
    """A source portrait."""
    LIBRARY = "library"
    """An expression library."""
    TARGET = "target"
    """The target."""
    INVENTED = "invented"
    """No picture showed it: a dark hollow was painted."""
    LEFT_SHUT = "left_shut"
    """No picture showed it: it stayed as it was."""


@dataclass(frozen=True, slots=True, eq=False)
class Donor:
    """A picture that may lend the inside of its eyes and mouth.

    Attributes:
        image: uint8 (H, W, 3) RGB.
        landmarks: float32 (478, 3).
        kind: Its name.
    """

    image: U8
    landmarks: F32
    kind: InpaintingSource


@dataclass(frozen=True, slots=True)
class Opening:
    """One of the three.

    Attributes:
        name: For people.
        ring: Landmarks of its rim.
        pairs: Landmarks that meet when it is shut.
        iris: The iris behind it; empty for the mouth.
    """

    name: str
    ring: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]
    iris: tuple[int, ...] = ()

    @property
    def lids(self) -> list[int]:
        """All landmarks of the rim."""
        return sorted({*self.ring, *(i for pair in self.pairs for i in pair)})


RIGHT = Opening("right_eye", RIGHT_EYE, LIDS["right"], RIGHT_IRIS)
LEFT = Opening("left_eye", LEFT_EYE, LIDS["left"], LEFT_IRIS)
MOUTH = Opening("mouth", LIPS_INNER, LIPS)
OPENINGS = (RIGHT, LEFT, MOUTH)


def needs_donor(which: Opening, before: AnyFloat, after: AnyFloat) -> bool:
    """Return whether an opening gapes more than its own picture can fill.

    Args:
        which: The opening.
        before: (478, 3) landmarks in the picture.
        after: (478, 3) landmarks wanted.
    """
    unit = eye_distance(after)
    wanted, shown = (opening(points, which.pairs) / unit for points in (after, before))
    if which.iris:  # half an eye is enough: it holds the iris and the white
        return wanted > 1.4 * SHUT_EYE and shown < SHUT_EYE
    return wanted > SMALLEST_GAP and wanted > STRETCH * shown


def is_shut(which: Opening, landmarks: AnyFloat) -> bool:
    """Return whether an eye, found in a picture (478, 3), is shut; a mouth never is."""
    return bool(which.iris) and gap(which, landmarks) < SHUT_EYE


def lids_meet(which: Opening, landmarks: AnyFloat) -> bool:
    """Return whether an eye to render (478, 3) is shut; a mouth never is."""
    return bool(which.iris) and gap(which, landmarks) < LIDS_MEET


def is_open(landmarks: AnyFloat) -> bool:
    """Return whether the mouth of landmarks (478, 3) is open."""
    return gap(MOUTH, landmarks) > SMALLEST_GAP


def gap(which: Opening, landmarks: AnyFloat) -> float:
    """Return how far an opening of landmarks (478, 3) gapes, in inter-ocular distances."""
    return opening(landmarks, which.pairs) / eye_distance(landmarks)


def held_eye(which: Opening, before: F32, after: F32) -> F32:
    """Return landmarks (478, 3) in which an eye shows no more than its own picture can.

    Lids that nearly meet do meet: a sliver of white between them is no shut eye. And a lid lifts
    only so far off what it covers, which no picture shows.

    Args:
        which: An eye.
        before: float32 (478, 3), in the picture.
        after: float32 (478, 3), wanted.
    """
    out = after.copy()
    turned = after[which.lids, :2] - before[which.lids, :2]
    if np.abs(turned).max() < LIDS_STILL * eye_distance(after):
        return out
    if lids_meet(which, after):
        above, below = (list(side) for side in zip(*which.pairs, strict=True))
        out[above] = out[below] = out[below] + LID_MEETS * (out[above] - out[below])
        return out
    unit = eye_distance(after) / eye_distance(before)
    shown, wanted = opening(before, which.pairs) * unit, opening(after, which.pairs)
    if wanted > WIDEST * shown:
        share = max(WIDEST * shown - shown, 0) / max(wanted - shown, 1e-6)
        out[which.lids] = before[which.lids] + share * (after[which.lids] - before[which.lids])
    return out


def met_lips(landmarks: F32) -> F32:
    """Return landmarks (478, 3) in which lips that nearly meet do meet.

    A slit of a pixel between them would show teeth, or the dark of the mouth's corners.
    """
    shown = (gap(MOUTH, landmarks) - LIPS_MEET) / (SMALLEST_GAP - LIPS_MEET)
    left = smoothstep(np.asarray(shown, np.float32))
    if left >= 1:
        return landmarks
    out = landmarks.copy()
    above, below = (list(side) for side in zip(*LIPS, strict=True))
    middle = (out[above] + out[below]) / 2
    for side in (above, below):
        out[side] = middle + left * (out[side] - middle)
    return out


def on_lips(texture: F32, made: AnyFloat) -> F32:
    """Return landmarks (N, …) of a picture whose rims of the lips lie a little inside them.

    For a mouth that is shut over: in a picture where it is open its rims lie on the teeth's edge,
    and a line of white would stay between the lips.

    Args:
        texture: float32 (N, …), N ≥ 468, in the picture.
        made: (M, …), M ≥ 468, in the picture to render.
    """
    shown = gap(MOUTH, texture)
    share = np.clip((shown - gap(MOUTH, made)) / max(shown, 1e-6), 0, 1)
    if shown < SMALLEST_GAP or share == 0:
        return texture
    out = texture + np.float32(share) * (true_lips(texture) - texture)
    above, below = (list(side) for side in zip(*LIPS, strict=True))
    apart = out[below, :2] - out[above, :2]
    apart /= np.maximum(np.linalg.norm(apart, axis=1, keepdims=True), 1e-6)
    step = np.float32(share * LIP_DEPTH * eye_distance(texture)) * apart
    out[below, :2] += step
    out[above, :2] -= step
    return out


def best_donor(which: Opening, after: AnyFloat, donors: Sequence[Donor]) -> Donor | None:
    """Return the donor that shows an opening most like the one wanted; None if none is enough.

    Args:
        which: The opening.
        after: (478, 3) landmarks wanted.
        donors: Those of the same stretch are taken in their order.
    """
    wanted = gap(which, after)

    def stretch(donor: Donor) -> float:
        return wanted / max(gap(which, donor.landmarks), 1e-6)

    def misfit(donor: Donor) -> float:
        off = float(np.log(stretch(donor)))
        return 2 * off if off > 0 else -off  # stretching is worse than covering up

    able = [d for d in donors if stretch(d) <= STRETCH]
    return min(able, key=misfit, default=None)


def eye_distance(landmarks: AnyFloat) -> float:
    """Return the distance of the eyes of landmarks (478, …) in pixels, on screen or in space."""
    points = np.asarray(landmarks)
    across = (points[33] + points[133] - points[263] - points[362]) / 2
    return max(math.sqrt(float(across @ across)), 1e-6)


def inside(
    which: Opening, at: AnyFloat, texture: AnyFloat, region: Region
) -> tuple[Region, F32, F32, NDArray[np.bool_]] | None:
    """Return where each pixel of an opening lies in a texture.

    Args:
        which: The opening.
        at: (478, 3) landmarks in the picture to render.
        texture: (478, 3) landmarks in the picture to take pixels from.
        region: Pixels outside it do not matter.

    Returns:
        The part of `region` (in the picture's coordinates), columns and rows in the texture
        (h, w) each, and where (h, w) they are known; None if it is empty.
    """
    ring = list(which.ring)
    part = bounding_region(np.asarray(at)[ring, :2], (region.y1, region.x1), margin=4)
    if part is None:
        return None
    vertices, positions = np.asarray(at)[:, :2], np.asarray(texture)[:, :2]
    triangles = _mouth_triangles()
    if which.iris:
        vertices, positions, triangles = _eye_strip(which, at, texture)
    elif gap(which, at) < LIPS_MEET:
        # The remaining area between lips that meet is theirs: each triangle shows one point of the
        # rim.
        vertices = vertices[triangles].reshape(-1, 2)
        positions = np.repeat(positions[triangles[:, 0]], 3, axis=0)
        triangles = np.arange(len(vertices), dtype=np.int32).reshape(-1, 3)
    flat = np.zeros((len(vertices), 3), np.float32)
    flat[:, :2] = vertices - part.origin_xy
    x, y = rasterise(
        flat, triangles, positions.astype(np.float32), part.shape, background=float("nan")
    )
    known = np.isfinite(x)
    return part, np.nan_to_num(x), np.nan_to_num(y), known


def put_inside(
    which: Opening, texture: AnyFloat, at: AnyFloat, region: Region, x: F32, y: F32
) -> None:
    """Put where an opening's own pixels lie in a texture into the maps of a region, in place.

    Args:
        which: The opening.
        texture: (478, ≥ 2) landmarks in the picture to take pixels from.
        at: (478, 3) landmarks in the picture to render.
        region: Where the maps lie in that picture.
        x: float32 (h, w), columns in the texture, ours to change.
        y: float32 (h, w), rows.
    """
    found = inside(which, at, texture, region)
    if found is None:
        return
    part, column, row, known = found
    common = part.shared_with(region)
    if common is None:
        return
    inner, outer = common.slices_in(part), common.slices_in(region)
    np.copyto(x[outer], column[inner], where=known[inner])
    np.copyto(y[outer], row[inner], where=known[inner])


@cache
def _mouth_triangles() -> NDArray[np.int32]:
    """Return the triangles (T, 3) that span the inside of the lips."""
    triangles = topology().triangles
    return np.ascontiguousarray(triangles[np.isin(triangles, LIPS_INNER).all(1)])


def _eye_strip(
    which: Opening, at: AnyFloat, texture: AnyFloat
) -> tuple[F64, F64, NDArray[np.int32]]:
    """Return an eye as a disc, the iris, and a strip, the white, around it.

    The disc keeps its size and moves with the iris; the strip spans the rest up to the lids.
    """
    ring, eyes = list(which.ring), []
    scale = eye_distance(at) / eye_distance(texture)
    for points in (np.asarray(at, np.float64), np.asarray(texture, np.float64)):
        rim = points[ring, :2]
        centre = _within(points[which.iris[0], :2], rim)
        away = rim - centre
        along = points[which.pairs[-1][0], :2] - points[which.pairs[0][0], :2]
        eyes.append((rim, centre, np.hypot(*away.T), math.atan2(along[1], along[0])))
    (rim, centre, far, tilt), (rim_t, centre_t, far_t, tilt_t) = eyes
    radius = _iris_radius(which, texture)
    # The disc is cut where a lid covers the iris in either picture, and turns with the eye only.
    edge = np.minimum(np.minimum(radius, 0.85 * far_t), 0.85 * far / scale)[:, None]
    out = (rim_t - centre_t) / np.maximum(far_t, 1e-6)[:, None]
    cos, sin = math.cos(tilt - tilt_t), math.sin(tilt - tilt_t)
    turned = out @ np.array([[cos, sin], [-sin, cos]])
    made = np.concatenate([rim, centre + scale * edge * turned, centre[None]])
    return (
        made,
        np.concatenate([rim_t, centre_t + edge * out, centre_t[None]]),
        (_strip_triangles(len(ring))),
    )


@cache
def _strip_triangles(n: int) -> NDArray[np.int32]:
    """Return triangles of a rim (0 … n - 1), a disc's edge (n … 2n - 1) and its centre (2n)."""
    a = np.arange(n)
    b = (a + 1) % n
    parts = [
        np.stack([a, b, a + n], 1),
        np.stack([b, b + n, a + n], 1),
        np.stack([a + n, b + n, np.full(n, 2 * n)], 1),
    ]
    return np.concatenate(parts).astype(np.int32)


def _iris_radius(which: Opening, landmarks: AnyFloat) -> float:
    points = np.asarray(landmarks)[list(which.iris), :2]
    return max(float(np.linalg.norm(points[1:] - points[0], axis=1).mean()), 0.5) * 1.1


def _within(centre: F64, rim: F64) -> F64:
    """Return a centre (2,) drawn so far into its rim (n, 2) that it sees every point of it."""
    middle = rim.mean(0)
    least = 0.02 * float(np.ptp(rim[:, 0]))
    for share in (1.0, 0.75, 0.5, 0.25):
        x, y = (float(v) for v in middle + share * (centre - middle))
        if depth_inside(rim, x, y) > least:
            return np.array([x, y])
    return np.asarray(middle)
