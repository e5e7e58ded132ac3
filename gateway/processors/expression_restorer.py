"""`expression_restorer`: gives any face an expression.

By itself it gives a face the expression of another picture, of a library, or of named controls:
so a picture whose face was swapped, by any swapper, gets the original's expression back. After
our own swapper it corrects landmarks that are not at their target position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gateway.arrays import F32, U8, AnyFloat
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.face import Face
from gateway.faces.morphable.expression import ALL_REGIONS, ExpressionRegion, displacement, within
from gateway.faces.morphable.performance import Openings, perform
from gateway.faces.regions import distance_to_outline
from gateway.faces.topology import N_MESH, topology
from gateway.imaging.geometry.raster import rasterise
from gateway.imaging.geometry.warp import bounding_region, remap
from gateway.imaging.masks.soft import smoothstep
from gateway.processors.folds import folding, with_folds_of
from gateway.processors.openings import LEFT, RIGHT, Donor, eye_distance, is_shut
from gateway.processors.reenact import Reenacted, reenact

NOISE = 0.02
"""Inter-ocular distances by which landmarks of the same face differ from picture to picture."""
OUTLINE_FADE = 0.3
"""Distance from the outline, in inter-ocular distances, over which folds fade in."""


@dataclass(frozen=True, slots=True, eq=False)
class Performance:
    """An expression and where it is seen.

    Attributes:
        expression: float32 (K + C,), as the face that is to show it would.
        regions: Its regions to show.
        seen_in: The picture that shows it, for its folds; None without one.
        donors: Pictures that may lend the inside of eyes and mouth.
        openings: How far mouth and eyes are to be open; None where no face shows it.
        actor: The picture of another face that shows it, for networks that look at one; None
            where there is none.
        factor: How strongly it is to be shown, beside what `expression` says already.
    """

    expression: F32
    regions: tuple[ExpressionRegion, ...] = ALL_REGIONS
    seen_in: Donor | None = None
    donors: Sequence[Donor] = ()
    openings: Openings | None = None
    actor: Donor | None = None
    factor: float = 1.0


class ExpressionRestorer:
    """`expression_restorer` without a network."""

    name = "expression_restorer"

    def __init__(self, compute: Compute) -> None:
        """Take the threads to compute in."""
        self._compute = compute

    async def process(
        self, image: U8, face: Face, performance: Performance, *, deadline: Deadline
    ) -> Reenacted | None:
        """Return what of `image` (H, W, 3) changes; None if nothing does."""
        deadline.check()
        return await self._compute.run(restore_expression, image, face, performance)


def restore_expression(image: U8, face: Face, performance: Performance) -> Reenacted | None:
    """Give a face of `image` (H, W, 3) an expression; None if nothing changes."""
    wanted = performed(face, performance)
    result = reenact(image, face.landmarks, wanted, performance.donors)
    if result is None or performance.seen_in is None:
        return result
    changed = displacement(performance.expression, face.expression, performance.regions)
    return _with_folds(result, performance.seen_in, changed)


def performed(face: Face, performance: Performance) -> F32:
    """Return where the landmarks (478, 3) of a face lie when it shows an expression."""
    return perform(
        face.landmarks,
        face.fit,
        performance.expression,
        performance.regions,
        rest=face.rest,
        openings=performance.openings,
    )


def settle(image: U8, found: F32, expected: F32, donors: Sequence[Donor] = ()) -> Reenacted | None:
    """Move a swapped face's landmarks to where the swap should have put them.

    Differences below the landmark networks' error are left alone.

    Args:
        image: uint8 (H, W, 3) RGB.
        found: float32 (478, 3), where they are in it.
        expected: float32 (478, 3).
        donors: Pictures that may lend the inside of eyes and mouth.
    """
    off = expected - found
    off[:, 2] = 0
    length = np.linalg.norm(off, axis=1, keepdims=True)
    noise = NOISE * eye_distance(found)
    share = np.maximum(length - noise, 0) / np.maximum(length, 1e-6)
    for eye in (RIGHT, LEFT):
        if is_shut(eye, found) and not is_shut(eye, expected):
            share[eye.lids] = 1  # half-way open is not wanted
    return reenact(image, found, found + share * off, donors)


def shown_by(face: Face, result: Reenacted, performance: Performance) -> Face:
    """Return the state of a face after it was given an expression."""
    shown = within(performance.expression, face.expression, performance.regions)
    skin = result.landmarks[:N_MESH, :2]
    return replace(
        face,
        landmarks=result.landmarks,
        box_xyxy=np.concatenate([skin.min(0), skin.max(0)]).astype(np.float32),
        fit=replace(face.fit, expression=shown[None]),
    )


def _with_folds(result: Reenacted, seen_in: Donor, changed: AnyFloat) -> Reenacted:
    """Put the folds of the picture an expression is seen in where the skin has moved."""
    folds = folding(changed[:N_MESH]) * smoothstep(distance_to_outline() / OUTLINE_FADE)
    if not folds.any():
        return result
    region = result.region
    face = bounding_region(result.landmarks[:N_MESH, :2], (region.y1, region.x1), 1)
    part = None if face is None else face.shared_with(region)
    if part is None:
        return result
    vertices = result.landmarks[:N_MESH].copy()
    vertices[:, :2] -= part.origin_xy
    attributes = np.column_stack([seen_in.landmarks[:N_MESH, :2], folds])
    x, y, weight = rasterise(
        vertices, topology().triangles, attributes.astype(np.float32), part.shape
    )
    pixels = result.pixels.copy()
    inner = pixels[part.slices_in(region)]
    expressive = remap(seen_in.image, x, y, smooth=False)
    inner[...] = with_folds_of(
        np.ascontiguousarray(inner), expressive, weight, eye_distance(result.landmarks)
    )
    return replace(result, pixels=pixels)
