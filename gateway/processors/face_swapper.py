"""The mesh swapper: the source's skin on the target's head, carried over by geometry alone.

Source and target are two poses of one mesh. The source's shape is brought into the target's pose
by a similarity in space and mixed in, but not at the outline. Every pixel of the target inside the
mesh then knows its place in the source picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from gateway.arrays import U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.atlas import atlas
from gateway.faces.face import Face
from gateway.faces.morphable.expression import displacement
from gateway.faces.regions import distance_to_eyes, distance_to_mouth, distance_to_outline
from gateway.faces.topology import N_MESH, topology
from gateway.imaging.geometry.raster import rasterise, vertex_facing
from gateway.imaging.geometry.warp import bounding_region, remap
from gateway.imaging.masks.soft import smoothstep
from gateway.processors.base import Layer, Patch, Portrait
from gateway.processors.completing import complete, own_openings, put_portrait, well_seen
from gateway.processors.folds import folding, with_folds_of
from gateway.processors.kept import EYE_RIM, LIP_RIM, Eyes, kept_of, kept_pixels
from gateway.processors.openings import eye_distance, on_lips
from gateway.processors.portraits import patch_weight
from gateway.processors.result_geometry import result_geometry, shown_by
from gateway.processors.textures import Textures

Patches = Mapping[Patch, Portrait]


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

    shape: float = 1.0
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
        others: Sequence[Portrait] = (),
        deadline: Deadline,
    ) -> Layer | None:
        """Return the portrait's face warped onto `face`; see `Swapper.process`."""
        deadline.check()

        def swap() -> Layer | None:
            return swap_layer(
                image,
                face,
                portrait,
                self._settings,
                patches=patches,
                others=others,
                textures=self._textures,
            )

        return await self._compute.run(swap)


def swap_layer(
    image: U8,
    face: Face,
    portrait: Portrait,
    settings: SwapSettings,
    *,
    patches: Patches = MappingProxyType({}),
    others: Sequence[Portrait] = (),
    textures: Textures | None = None,
) -> Layer | None:
    """Warp the portrait's face onto `face` of `image` (H, W, 3); None if it lies outside.

    Args:
        image: The target.
        face: To be replaced.
        portrait: Of the person whose face it becomes.
        settings: How.
        patches: Other portraits of that person, for parts of the face.
        others: All other portraits of that person, for what this one does not show.
        textures: Those of the portraits that were computed already, if they are to be kept.
    """
    target = result_geometry(face, portrait, settings.shape)
    kept = kept_of(face, portrait, settings.eyes)
    region = bounding_region(target[:N_MESH, :2], image.shape[:2], margin=1)
    if region is None:
        return None
    textures = textures or Textures()
    texture = textures.of(portrait, target[:N_MESH])
    vertices = target.copy()
    vertices[:, :2] -= region.origin_xy
    places = texture.places(on_lips(portrait.face.landmarks, target))
    changed = displacement(shown_by(face, portrait), portrait.face.expression)[:N_MESH]
    facing = vertex_facing(target[:N_MESH], topology().triangles)
    everyone = [
        (one, well_seen(np.minimum(shown.facing, facing), shown.visible))
        for one in (portrait, *others, textures.other_side(portrait))
        for shown in (textures.shown(one),)
    ]
    seen = np.max([well for _, well in everyone], axis=0)
    attributes = np.column_stack(
        [
            places[:N_MESH, :2],
            folding(changed),
            np.minimum((distance_to_outline() - settings.inset) / settings.edge, seen),
            np.minimum(distance_to_eyes() / EYE_RIM, distance_to_mouth() / LIP_RIM),
            kept.distance(),
            atlas().place,
        ]
    )
    planes = rasterise(vertices[:N_MESH], topology().triangles, attributes, region.shape)
    x, y, folds, from_border, from_openings, from_kept = planes[:6]
    support = smoothstep(from_border)
    own_openings(vertices, places, kept, x, y)
    pixels = remap(texture.pixels, x, y, smooth=False)
    complete(pixels, everyone, vertices, support, planes[6:], textures)
    for patch, from_ in patches.items():
        (weight,) = rasterise(
            vertices[:N_MESH],
            topology().triangles,
            patch_weight(patch)[:, None],
            region.shape,
        )
        put_portrait(pixels, from_, vertices, weight * support, support * (weight < 0.6), textures)
    if settings.wrinkles:
        below = np.ascontiguousarray(region.of(image), np.uint8)
        pixels = with_folds_of(pixels, below, folds * support, eye_distance(target))
    return Layer(
        region=region,
        pixels=pixels,
        mask=support * smoothstep(from_kept),
        support=support > 0.02,
        skin=(support > 0.9) & (from_openings > 3),
        place=planes[6:],
        landmarks=target,
        kept=kept_pixels(image, face.landmarks, target, kept, region),
    )
