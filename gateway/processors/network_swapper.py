"""`face_swapper` with a network: it draws the new face, we say where it counts.

A network takes the new face's identity and an aligned crop of the old one; it keeps its pose,
expression and light. Its output becomes a layer like any other: bounded by the outline of the
mesh, brought to the picture's colours and sharpness, and blended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from gateway.arrays import F32, U8, AnyFloat
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.alignment import Template
from gateway.faces.atlas import atlas
from gateway.faces.face import Face
from gateway.faces.regions import distance_to_eyes, distance_to_mouth, distance_to_outline
from gateway.faces.topology import N_MESH, topology
from gateway.imaging.geometry.raster import rasterise, vertex_facing
from gateway.imaging.geometry.warp import bounding_region, uncrop
from gateway.imaging.masks.soft import from_crop, smoothstep
from gateway.networks import arcface
from gateway.networks.arcface import ArcFace
from gateway.networks.crops import aligned_crops, box, seen_from
from gateway.networks.swapping.identity import NEUTRAL, IdentityEmbedding
from gateway.networks.swapping.network import SwapNetwork
from gateway.processors.base import Layer, Patch, Portrait, Swapper
from gateway.processors.completing import well_seen
from gateway.processors.face_swapper import SwapSettings
from gateway.processors.kept import EYE_RIM, LIP_RIM

BOX_EDGE = 0.06
"""Width of the soft edge of a network's crop, as a share of its side."""


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """How a network swapper works.

    Attributes:
        side_px: Side of the crops it processes; a multiple of its own.
        weight: How much the new face is the source's, 0–1; 0.5 is neutral.
        edges: Where the new face ends; the rest of it does not concern networks.
    """

    side_px: int
    weight: float
    edges: SwapSettings


@dataclass(frozen=True, slots=True, eq=False)
class NetworkSwap:
    """One face of a picture that is to become a person's.

    Attributes:
        face: To be replaced.
        portraits: Of the person whose face it becomes.
        best: The one of them that comes nearest to it.
    """

    face: Face
    portraits: Sequence[Portrait]
    best: Portrait


class NetworkSwapper:
    """Swaps with one network; created once for a picture, or for a part of a video."""

    def __init__(
        self, network: SwapNetwork, arcface: ArcFace, compute: Compute, settings: NetworkSettings
    ) -> None:
        """Take the network, what recognises people, threads for array work, and the settings."""
        self.name = network.spec.name
        self._network = network
        self._arcface = arcface
        self._compute = compute
        self._settings = settings
        # The portraits are kept with their results: their ids stay unique for as long.
        self._known: dict[tuple[int, ...], tuple[tuple[Portrait, ...], F32]] = {}
        self._made: dict[int, tuple[Face, U8, AnyFloat]] = {}

    async def ahead(self, image: U8, orders: Sequence[NetworkSwap], *, deadline: Deadline) -> None:
        """Draw several faces of one picture in one go; `process` then finds them drawn.

        Networks that are shown the nearest portrait instead have to wait until it is known.

        Args:
            image: uint8 (H, W, 3) RGB.
            orders: The swaps to perform.
            deadline: When the result is of no use any more.

        Raises:
            InferenceError, DeadlineExceeded: from the networks.
        """
        if self._network.spec.takes_picture:
            return
        drawn, matrices = await self._drawn(image, orders, deadline)
        for order, pixels, matrix in zip(orders, drawn, matrices, strict=True):
            self._made[id(order.face)] = (order.face, pixels, matrix)

    def of(self, portraits: Sequence[Portrait]) -> Swapper:
        """Return a swapper that makes faces those of the portraits' person."""
        return _OfPerson(self, portraits)

    async def layer(self, image: U8, order: NetworkSwap, deadline: Deadline) -> Layer | None:
        """Return the layer of one face of a picture (H, W, 3); see `Swapper.process`."""
        deadline.check()
        if (made := self._made.pop(id(order.face), None)) is not None:
            _, pixels, matrix = made
        else:
            (pixels,), (matrix,) = await self._drawn(image, [order], deadline)
        return await self._compute.run(
            layer_of, pixels, matrix, order.face, image.shape, self._settings.edges
        )

    async def _drawn(
        self, image: U8, orders: Sequence[NetworkSwap], deadline: Deadline
    ) -> tuple[U8, AnyFloat]:
        """Return crops (N, B, B, 3) with the new faces, and where they lie (N, 2, 3)."""
        points = np.stack([order.face.landmarks_5 for order in orders])
        crops, matrices = await self._compute.run(
            aligned_crops, image, points, self._network.spec.template, self._settings.side_px
        )
        targets = await self._targets(image, points, deadline)
        latents = await asyncio.gather(
            *(
                self._latent(order, target, deadline)
                for order, target in zip(orders, targets, strict=True)
            )
        )
        return await self._network.swap(crops, np.stack(latents), deadline=deadline), matrices

    async def _targets(
        self, image: U8, points: AnyFloat, deadline: Deadline
    ) -> Sequence[F32 | None]:
        """Return the embeddings of the faces that are replaced, if they have a say."""
        if self._settings.weight == NEUTRAL or self._network.spec.takes_picture:
            return [None] * len(points)
        crops, _ = await self._compute.run(
            aligned_crops, image, points, arcface.TEMPLATE, arcface.SIDE_PX
        )
        return list(await self._arcface.embed(crops, deadline=deadline))

    async def _latent(self, order: NetworkSwap, target: F32 | None, deadline: Deadline) -> F32:
        """Return the network's conditioning on the new face."""
        picture = self._network.spec.family.picture
        asked = tuple(order.portraits) if picture is None else (order.best,)
        key = tuple(map(id, asked))
        if target is None and key in self._known:
            return self._known[key][1]
        if picture is None:
            identity = IdentityEmbedding.of(await self._embedded(asked, deadline))
        else:
            crop = await self._compute.run(_aligned, order.best, picture.template, picture.side_px)
            nobody = np.zeros((1, arcface.LENGTH), np.float32)
            identity = IdentityEmbedding.of(nobody, portrait=crop)
        latent = await self._network.latent(
            identity, target, self._settings.weight, deadline=deadline
        )
        if target is None:
            self._known[key] = (asked, latent)
        return latent

    async def _embedded(self, portraits: Sequence[Portrait], deadline: Deadline) -> F32:
        """Return ArcFace's embeddings (P, 512) of portraits, all in one call."""

        def crops() -> U8:
            return np.stack([_aligned(p, arcface.TEMPLATE, arcface.SIDE_PX) for p in portraits])

        return await self._arcface.embed(await self._compute.run(crops), deadline=deadline)


class _OfPerson:
    """A swapper for one person; see `Swapper`."""

    def __init__(self, swapper: NetworkSwapper, portraits: Sequence[Portrait]) -> None:
        self.name = swapper.name
        self._swapper = swapper
        self._portraits = portraits

    async def process(
        self,
        image: U8,
        face: Face,
        portrait: Portrait,
        *,
        patches: Mapping[Patch, Portrait] = MappingProxyType({}),
        others: Sequence[Portrait] = (),
        deadline: Deadline,
    ) -> Layer | None:
        """Return the layer for `face`; all portraits have a say anyway, patches none."""
        return await self._swapper.layer(
            image, NetworkSwap(face, self._portraits, portrait), deadline
        )


def layer_of(
    pixels: U8, crop_from_image: AnyFloat, face: Face, shape: Sequence[int], edges: SwapSettings
) -> Layer | None:
    """Return a crop's new face as a layer; None if the face lies outside the picture.

    Args:
        pixels: uint8 (n, n, 3) RGB, the crop with the new face.
        crop_from_image: (2, 3), where in the picture it lies.
        face: The old face.
        shape: (height, width, …) of the picture.
        edges: Where the new face ends.
    """
    landmarks = face.landmarks[:N_MESH]
    region = bounding_region(landmarks[:, :2], (shape[0], shape[1]), margin=1)
    if region is None:
        return None
    vertices = landmarks.astype(np.float32).copy()
    vertices[:, :2] -= region.origin_xy
    facing = vertex_facing(landmarks, topology().triangles)
    attributes = np.column_stack(
        [
            np.minimum(
                (distance_to_outline() - edges.inset) / edges.edge,
                well_seen(facing, np.ones(N_MESH, np.bool_)),
            ),
            np.minimum(distance_to_eyes() / EYE_RIM, distance_to_mouth() / LIP_RIM),
            atlas().place,
        ]
    )
    planes = rasterise(vertices, topology().triangles, attributes, region.shape)
    from_border, from_openings = planes[:2]
    matrix = seen_from(crop_from_image, region)
    drawn = from_crop(box(len(pixels), BOX_EDGE), matrix, region.shape)
    mask = np.minimum(smoothstep(from_border), drawn)
    return Layer(
        region=region,
        pixels=uncrop(pixels, matrix, region.shape),
        mask=mask,
        support=mask > 0.02,
        skin=(mask > 0.9) & (from_openings > 3),
        place=planes[2:],
        landmarks=face.landmarks,
    )


def _aligned(portrait: Portrait, template: Template, side_px: int) -> U8:
    """Return a portrait's face as a crop (S, S, 3)."""
    points = portrait.face.landmarks_5[None]
    crops, _ = aligned_crops(portrait.image, points, template, side_px)
    return np.asarray(crops[0], np.uint8)
