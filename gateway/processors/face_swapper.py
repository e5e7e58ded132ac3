"""The mesh swapper: the source's skin on the target's head, carried over by geometry alone.

Source and target are two poses of one mesh. The source's shape is brought into the target's pose
by a similarity in space and mixed in, but not at the outline. Every pixel of the target inside the
mesh then knows its place in the source picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from gateway.arrays import F32, U8, AnyFloat, Mask
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.atlas import atlas
from gateway.faces.face import Face
from gateway.faces.morphable.expression import displacement, retarget
from gateway.faces.morphable.performance import openings_of, perform
from gateway.faces.regions import distance_to_eyes, distance_to_mouth, distance_to_outline
from gateway.faces.topology import N_MESH, neighbour_mean, topology
from gateway.imaging.color.lut import apply_cube, transfer_cube
from gateway.imaging.color.transfer import lab_statistics, statistics_transfer
from gateway.imaging.geometry.raster import rasterise, vertex_facing, vertex_visibility
from gateway.imaging.geometry.transforms import fit_similarity_3d
from gateway.imaging.geometry.warp import Region, bounding_region, remap
from gateway.imaging.masks.soft import sampled, smoothstep, withdrawn
from gateway.processors.base import Layer, Patch, Portrait
from gateway.processors.folds import folding, with_folds_of
from gateway.processors.kept import EYE_RIM, LIP_RIM, Eyes, Kept, kept_of, kept_pixels
from gateway.processors.openings import (
    LEFT,
    MOUTH,
    RIGHT,
    eye_distance,
    held_eye,
    lids_meet,
    on_lips,
    put_inside,
)
from gateway.processors.portraits import patch_weight
from gateway.processors.textures import PortraitFindings, Textures

Patches = Mapping[Patch, Portrait]

# Width in inter-ocular distances of the mean face.
SHAPE_TAPER = 0.45

NOISE = 0.02
"""Inter-ocular distances by which landmarks of one person differ from picture to picture."""
NOISE_OF_MOTION = 0.4
"""How much of an expression's motion is not as the model has it."""

# Skin that turns away further than this (cosine to the view) has too few pixels to be carried.
HIDDEN_BELOW, SEEN_ABOVE = -0.08, 0.15

LACKING, LACKING_SHARE = 0.1, 0.002
"""From where on something lacks in a portrait, and of how much of the region that is worth a look
at its other side."""
LEFT_OUT_PX = 3
"""Pixels of the atlas that are left out beside what covers a portrait: its shadow."""


@dataclass(frozen=True, slots=True)
class SwapSettings:
    """How the mesh swapper works.

    Attributes:
        shape: 0 keeps the target's geometry, 1 takes the source's inside the face, 0–1.
        edge: Width of the soft edge inside the outline, in inter-ocular distances, > 0.
        inset: Width left to the target along the outline, in inter-ocular distances, ≥ 0.
        wrinkles: Take the target's folds where its expression differs from the source's.
        eyes: Whose eyes the result has; those that a source keeps shut are the target's anyway.
    """

    shape: float = 0.8
    edge: float = 0.3
    inset: float = 0.03
    wrinkles: bool = True
    eyes: Eyes = "source"


class MeshSwapper:
    """`face_swapper` without a network."""

    name = "mesh"

    def __init__(
        self, settings: SwapSettings, compute: Compute, textures: Textures | None = None
    ) -> None:
        """Take the settings, the threads to compute in, and textures that are kept."""
        self._settings = settings
        self._compute = compute
        self._textures = textures

    async def process(
        self,
        image: U8,
        face: Face,
        portrait: Portrait,
        *,
        patches: Patches = MappingProxyType({}),
        deadline: Deadline,
    ) -> Layer | None:
        """Return the portrait's face warped onto `face`; see `Swapper.process`."""
        deadline.check()
        return await self._compute.run(
            swap_layer, image, face, portrait, self._settings, patches, self._textures
        )


def swapped_geometry(source: F32, target: F32, shape: float, moved: AnyFloat | float = 0.0) -> F32:
    """Mix the source's shape, in the target's pose, into the target's landmarks.

    Args:
        source: (478, 3) landmarks of the source, with the expression that the result shows.
        target: (478, 3) landmarks of the target, any other picture.
        shape: 0–1, how much of the source's shape.
        moved: (478,), how far each landmark has moved from the source's own expression, in
            inter-ocular distances: the farther, the less is known of the shape there.

    Returns:
        float32 (478, 3); equal to `target` along the outline.
    """
    if shape == 0:
        return target.astype(np.float32)
    turned = fit_similarity_3d(source[:N_MESH], target[:N_MESH], topology().rigidity[:N_MESH])
    weight = np.empty((len(target), 1), np.float32)
    weight[:N_MESH, 0] = smoothstep(distance_to_outline() / SHAPE_TAPER)
    for which in (RIGHT, LEFT):  # an iris goes where its lids go
        weight[list(which.iris)] = weight[which.lids].mean()
    off = turned.apply(source) - target
    # A person's own shape differs from picture to picture by what is found wrong in each.
    apart = np.linalg.norm(off, axis=1)
    apart[:N_MESH] = neighbour_mean(apart[:N_MESH].astype(np.float32))
    noise = (NOISE + NOISE_OF_MOTION * moved) * eye_distance(target)
    certain = apart**2 / (apart**2 + noise**2)
    return np.asarray(target + shape * certain[:, None] * weight * off, np.float32)


def result_geometry(face: Face, portrait: Portrait, shape: float) -> F32:
    """Return where the landmarks (478, 3) lie when a portrait's person does what `face` does."""
    return _geometry(face, portrait, shape, _shown(face, portrait))


def _shown(face: Face, portrait: Portrait) -> F32:
    """Return the expression (K + C,) with which a portrait's person does what `face` does."""
    return retarget(face.expression, face.rest, portrait.face.rest)


def _geometry(face: Face, portrait: Portrait, shape: float, shown: F32) -> F32:
    """Return the landmarks (478, 3) of a portrait's person with an expression (K + C,)."""
    performing = perform(
        portrait.face.landmarks,
        portrait.face.fit,
        shown,
        rest=portrait.face.rest,
        openings=openings_of(face.landmarks, face.fit),
    )
    for which in (RIGHT, LEFT):
        performing = held_eye(which, portrait.face.landmarks, performing)
    moved = np.linalg.norm(displacement(shown, portrait.face.expression), axis=1)
    return swapped_geometry(performing, face.landmarks, shape, moved)


def swap_layer(
    image: U8,
    face: Face,
    portrait: Portrait,
    settings: SwapSettings,
    patches: Patches = MappingProxyType({}),
    textures: Textures | None = None,
) -> Layer | None:
    """Warp the portrait's face onto `face` of `image` (H, W, 3); None if it lies outside.

    Args:
        image: The target.
        face: To be replaced.
        portrait: Of the person whose face it becomes.
        settings: How.
        patches: Other portraits of that person, for parts of the face.
        textures: Those of the portraits that were computed already, if they are to be kept.
    """
    shown = _shown(face, portrait)
    target = _geometry(face, portrait, settings.shape, shown)
    kept = kept_of(face, portrait, settings.eyes)
    region = bounding_region(target[:N_MESH, :2], image.shape[:2], margin=1)
    if region is None:
        return None
    textures = textures or Textures()
    texture = textures.of(portrait, target[:N_MESH])
    vertices = target.copy()
    vertices[:, :2] -= region.origin_xy
    places = texture.places(on_lips(portrait.face.landmarks, target))
    changed = displacement(shown, portrait.face.expression)[:N_MESH]
    facing = vertex_facing(target[:N_MESH], topology().triangles)
    own, other = (
        _seen(textures.shown(side), facing) for side in (portrait, textures.other_side(portrait))
    )
    attributes = np.column_stack(
        [
            places[:N_MESH, :2],
            folding(changed),
            np.minimum(
                (distance_to_outline() - settings.inset) / settings.edge, np.maximum(own, other)
            ),
            np.maximum(np.clip(other, 0, 1) - np.clip(own, 0, 1), 0)
            * vertex_visibility(target[:N_MESH], topology().triangles),
            np.minimum(distance_to_eyes() / EYE_RIM, distance_to_mouth() / LIP_RIM),
            kept.distance(),
            atlas().place,
        ]
    )
    planes = rasterise(vertices[:N_MESH], topology().triangles, attributes, region.shape)
    x, y, folds, from_border, turned, from_openings, from_kept = planes[:7]
    support = smoothstep(from_border)
    own_openings(vertices, places, kept, x, y)
    pixels = remap(texture.pixels, x, y, smooth=False)
    other_side = textures.other_side(portrait)
    bare, other_bare = (_bare(side, planes[7:]) for side in (portrait, other_side))
    share = support * np.maximum(turned, 1 - bare) * other_bare
    if np.count_nonzero(share > LACKING) > LACKING_SHARE * share.size:
        _put(pixels, other_side, vertices, share, support * bare - turned, textures)
    for patch, from_ in patches.items():
        (weight,) = rasterise(
            vertices[:N_MESH],
            topology().triangles,
            patch_weight(patch)[:, None],
            region.shape,
        )
        _put(pixels, from_, vertices, weight * support, support * (weight < 0.6), textures)
    if settings.wrinkles:
        below = np.ascontiguousarray(region.of(image), np.uint8)
        pixels = with_folds_of(pixels, below, folds * support, eye_distance(target))
    return Layer(
        region=region,
        pixels=pixels,
        mask=support * smoothstep(from_kept),
        support=support > 0.02,
        skin=(support > 0.9) & (from_openings > 3),
        place=planes[7:],
        landmarks=target,
        kept=kept_pixels(image, face.landmarks, target, kept, region),
    )


def own_openings(vertices: F32, places: F32, kept: Kept, x: F32, y: F32) -> None:
    """Put where the source's own eyes and mouth are into maps (h, w) that are ours to change.

    Args:
        vertices: float32 (478, 3), where the landmarks lie in the maps.
        places: float32 (478, 3), where they lie in the source's texture.
        kept: What is the target's.
        x: float32 (h, w), columns in the texture.
        y: float32 (h, w), rows.
    """
    region = Region(0, 0, x.shape[1], x.shape[0])
    for which, share in ((RIGHT, kept.right), (LEFT, kept.left), (MOUTH, kept.mouth)):
        if share < 1 and not lids_meet(which, vertices):
            put_inside(which, places, vertices, region, x, y)


def _bare(portrait: Portrait, place: F32) -> F32 | float:
    """Return how surely (h, w) a portrait shows its face at places (2, h, w) of the atlas."""
    if portrait.seen is None or portrait.seen.visible.min() > 0.5:
        return 1.0
    # As where its own pixels are left out for good: at some distance from what covers it.
    return sampled(withdrawn(portrait.seen.visible >= 0.5, LEFT_OUT_PX, LEFT_OUT_PX / 2), place)


def _put(
    pixels: U8, portrait: Portrait, vertices: F32, share: F32, own: F32, textures: Textures
) -> None:
    """Blend another portrait's face into warped pixels (h, w, 3) that are ours to change.

    Its colours are brought to theirs by what both show.

    Args:
        pixels: uint8 (h, w, 3), changed in place.
        portrait: The other portrait of the person.
        vertices: float32 (478, 3), where the landmarks lie in `pixels`.
        share: float32 (h, w), how much of it is to be seen, 0–1.
        own: float32 (h, w), how far the pixels are known already.
        textures: Where the portrait's comes from.
    """
    texture = textures.of(portrait, vertices[:N_MESH])
    places = texture.places(portrait.face.landmarks)
    x, y = rasterise(
        vertices[:N_MESH], topology().triangles, places[:N_MESH, :2].copy(), share.shape
    )
    own_openings(vertices, places, Kept(0, 0, 1), x, y)
    other = remap(texture.pixels, x, y, smooth=False)
    common = (own > 0.5) & (share < 0.95)
    mine, lent = lab_statistics(pixels[common]), lab_statistics(other[common])
    if mine is not None and lent is not None:
        other = apply_cube(other, transfer_cube(statistics_transfer(lent, mine)))
    mixed = pixels + share[..., None] * (other.astype(np.float32) - pixels)
    pixels[...] = np.clip(np.rint(mixed), 0, 255)


def _seen(source: PortraitFindings, facing: F32) -> F32:
    """Return how well each landmark (468,) is seen in both pictures; ≤ 0 not at all, ≥ 1 well.

    Near the outline a landmark must face both viewers; further inside (under the nose, in the
    corners of the eyes) it is enough that nothing lies before it.
    """
    return well_seen(np.minimum(source.facing, facing), source.visible)


def well_seen(facing: F32, visible: Mask) -> F32:
    """Return how well each landmark (468,) is seen, given that; ≤ 0 not at all, ≥ 1 well.

    Args:
        facing: float32 (468,), cosine of the angle to the view.
        visible: bool (468,), that nothing of the face hides it.
    """
    squarely = (facing - HIDDEN_BELOW) / (SEEN_ABOVE - HIDDEN_BELOW)
    inner = (distance_to_outline() - 0.5) / 0.3
    seen = np.clip(np.maximum(squarely, inner), 0, 1) * visible
    # One that is hidden alone among its neighbours (a nostril's rim) would only be a speck.
    return np.asarray(np.maximum(seen, neighbour_mean(seen)), np.float32)
