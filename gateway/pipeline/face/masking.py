"""Visibility of a new face: occlusions of either face, and the requested masks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from gateway.arrays import F32, U8
from gateway.deadline import Deadline
from gateway.faces.delight import FaceDelighter
from gateway.faces.face import Face
from gateway.faces.glasses import GlassesRemoval, GlassesRemover, with_frames
from gateway.faces.occlusion import OcclusionFinder, Visibility
from gateway.imaging.geometry.warp import Region
from gateway.imaging.masks.matte import Matte
from gateway.pipeline.options.choices import MESH, OWN_OCCLUDER
from gateway.pipeline.options.groups import MaskOptions
from gateway.pipeline.options.swap import SwapOptions
from gateway.pipeline.selection.models import ModelSelector
from gateway.processors.base import Layer, Portrait
from gateway.processors.delight import under_even_light
from gateway.processors.deocclude import without_glasses, without_red_eyes
from gateway.processors.face_enhancer import visible_in
from gateway.processors.maskers import NetworkMaskers, area_mask, part_mask
from gateway.processors.masks import matte_of
from gateway.processors.mirroring import with_other_side


def looks_for_covers(options: SwapOptions) -> bool:
    """Return whether options ask for what covers faces, found by our own network."""
    return "occlusion" in options.masks.types and options.masks.occlusion_model == OWN_OCCLUDER


class Masking:
    """Makes the masks that options ask for.

    Attributes:
        networks: Those that are at hand.
    """

    def __init__(self, networks: ModelSelector) -> None:
        """Take the networks that are at hand, and what runs them and the array work."""
        self.networks = networks
        self._finder = OcclusionFinder(networks.inference, networks.compute)
        self._remover = GlassesRemover(networks.inference, networks.compute)
        self._delighter = FaceDelighter(networks.inference, networks.compute)
        self._maskers = NetworkMaskers(networks.inference, networks.compute)
        self._compute = networks.compute

    async def known(
        self, portraits: Sequence[Portrait], options: SwapOptions, *, deadline: Deadline
    ) -> list[Portrait]:
        """Return portraits as they are used: with the occlusions of their faces, if those count.

        Red eyes are mended; where options ask for it, glasses are taken off, and the face is
        brought under even light.

        Raises:
            InferenceError, DeadlineExceeded: from the networks.
        """

        async def look(portrait: Portrait) -> Portrait:
            if "occlusion" in options.masks.types or options.source_deocclude:
                portrait = await self._uncovered(portrait, options, deadline)
            if options.source_delight:
                portrait = await self._evenly_lit(portrait, deadline)
            return portrait

        return list(await asyncio.gather(*map(look, portraits)))

    async def _uncovered(
        self, portrait: Portrait, options: SwapOptions, deadline: Deadline
    ) -> Portrait:
        """Return a portrait with what covers its face; without glasses where options ask for it."""
        (seen,) = await self._finder.find(
            portrait.image, [portrait.face], doubting=True, deadline=deadline
        )
        known = await self._compute.run(without_red_eyes, replace(portrait, seen=seen))
        if not options.source_deocclude:
            return known
        image, landmarks = known.image, known.face.landmarks
        removal = await self._remover.find(image, landmarks, deadline=deadline)
        if not removal.worn:
            return known
        return await self._compute.run(without_glasses, known, removal)

    async def _evenly_lit(self, portrait: Portrait, deadline: Deadline) -> Portrait:
        change = await self._delighter.find(
            portrait.image, portrait.face.landmarks, portrait.seen, deadline=deadline
        )
        return await self._compute.run(under_even_light, portrait, change)

    async def look(
        self,
        image: U8,
        faces: Sequence[Face],
        options: SwapOptions,
        *,
        glasses: Sequence[GlassesRemoval] | None = None,
        deadline: Deadline,
    ) -> list[Visibility | None]:
        """Return where each face of a picture (H, W, 3) is seen, as far as that is requested.

        Args:
            image: uint8 (H, W, 3) RGB.
            faces: In it.
            options: What is requested.
            glasses: The faces' own, as `glasses` has found them shortly before; else it looks.
            deadline: When the answer is of no use any more.

        Raises:
            InferenceError, DeadlineExceeded: from the network.
        """
        if not looks_for_covers(options):
            return [None] * len(faces)
        return list(await self._seen(image, faces, deadline, glasses))

    async def glasses(
        self, image: U8, faces: Sequence[Face], *, deadline: Deadline
    ) -> list[GlassesRemoval]:
        """Return the glasses of each face of a picture (H, W, 3), which may wear none.

        Raises:
            InferenceError, DeadlineExceeded: from the network.
        """
        looks = [self._remover.find(image, face.landmarks, deadline=deadline) for face in faces]
        return list(await asyncio.gather(*looks))

    async def _seen(
        self,
        image: U8,
        faces: Sequence[Face],
        deadline: Deadline,
        glasses: Sequence[GlassesRemoval] | None = None,
    ) -> list[Visibility]:
        """Return where each face of a target is seen, beside its glasses, too."""
        found = self._finder.find(image, faces, deadline=deadline)
        if glasses is None:
            found_glasses = self.glasses(image, faces, deadline=deadline)
            seen, removals = await asyncio.gather(found, found_glasses)
        else:
            seen, removals = await found, list(glasses)
        return [
            with_frames(one, removal) if removal.worn else one
            for one, removal in zip(seen, removals, strict=True)
        ]

    async def matte(
        self,
        image: U8,
        face: Face,
        layer: Layer,
        portrait: Portrait,
        masks: MaskOptions,
        *,
        seen: Visibility | None = None,
        deadline: Deadline,
    ) -> Matte:
        """Return where a layer counts.

        Args:
            image: uint8 (H, W, 3) RGB, with the old face.
            face: That face.
            layer: The new one.
            portrait: Where it is from.
            masks: The requested masks.
            seen: Where the old face is seen, if that is known already.
            deadline: When the answer is of no use any more.

        Raises:
            UnknownModel: a network is requested that has not been installed.
            InferenceError, DeadlineExceeded: from the networks.
        """
        limits: list[F32] = []
        own = portrait.seen if "occlusion" in masks.types else None
        own = own and with_other_side(own)
        if "occlusion" in masks.types and seen is None:
            if masks.occlusion_model == OWN_OCCLUDER:
                (seen,) = await self._seen(image, [face], deadline)
            else:
                limits.append(
                    await self._maskers.occlusion(
                        image, face, layer.region, masks.occlusion_model, deadline=deadline
                    )
                )
        if "area" in masks.types:
            limits.append(area_mask(face.landmarks, layer.region, masks.areas))
        if "region" in masks.types:
            limits.append(await self._parts(image, face, layer, masks, deadline))
        return await self._compute.run(matte_of, layer, seen, own, limits)

    async def visible(
        self, image: U8, face: Face, region: Region, masks: MaskOptions, *, deadline: Deadline
    ) -> F32 | None:
        """Return how far a face itself is seen in a region (h, w), 0–1; None: everywhere.

        Args:
            image: uint8 (H, W, 3) RGB.
            face: In it.
            region: A part of the picture.
            masks: Whether and how to detect its occlusions.
            deadline: When the answer is of no use any more.

        Raises:
            UnknownModel: a network is requested that has not been installed.
            InferenceError, DeadlineExceeded: from the networks.
        """
        if "occlusion" not in masks.types:
            return None
        model = masks.occlusion_model
        if model != "face_occlusion":
            return await self._maskers.occlusion(image, face, region, model, deadline=deadline)
        (seen,) = await self._seen(image, [face], deadline)
        return await self._compute.run(visible_in, seen, face.landmarks, region)

    async def _parts(
        self, image: U8, face: Face, layer: Layer, masks: MaskOptions, deadline: Deadline
    ) -> F32:
        if masks.region_model == MESH:
            return part_mask(layer.place, masks.regions)
        return await self._maskers.parts(
            image, face, layer.region, masks.region_model, masks.regions, deadline=deadline
        )
