"""Runs a swapper: its conditioning on the new face, and the crops it changes."""

from __future__ import annotations

import numpy as np

from gateway.arrays import F32, U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import SetupIncomplete
from gateway.inference.protocol import Inference
from gateway.networks.arcface import LENGTH
from gateway.networks.crossface import CrossFace
from gateway.networks.swapping.boost import deinterleaved, interleaved
from gateway.networks.swapping.identity import NEUTRAL, IdentityEmbedding, mixed, unit
from gateway.networks.swapping.specs import SourceCrop, SwapSpec
from gateway.networks.tensors import answer_of, pixels_of, planes_of


class SwapNetwork:
    """One swapper, batched over faces, frames and the rows of a boost."""

    def __init__(
        self, spec: SwapSpec, inference: Inference, compute: Compute, *, emap: F32 | None = None
    ) -> None:
        """Take the swapper, and what runs networks and array work.

        Args:
            spec: One of `SWAPPERS`.
            inference: Runs it, and its converter.
            compute: Runs the array work.
            emap: float32 (512, 512), what embeddings are multiplied by, for those that have it.

        Raises:
            SetupIncomplete: it needs an `emap`, and this is none.
        """
        if spec.family.emap and (emap is None or emap.shape != (LENGTH, LENGTH)):
            raise SetupIncomplete(f"{spec.name} needs the 512×512 matrix that came with it.")
        self.spec = spec
        self._inference = inference
        self._compute = compute
        self._emap = emap if spec.family.emap else None

    async def latent(
        self,
        identity: IdentityEmbedding,
        target_raw: F32 | None,
        weight: float,
        *,
        deadline: Deadline,
    ) -> F32:
        """Return the network's conditioning on the new face: a row for `swap`.

        Args:
            identity: The identity.
            target_raw: float32 (512,), ArcFace's embedding of the face it takes the place of, not
                normalised; not needed at the neutral weight, nor by networks that are shown a
                portrait.
            weight: How much the new face is the source's, 0–1; 0.5 is neutral.
            deadline: When the answer is of no use any more.

        Returns:
            float32 (512,), or (3, S, S) for a network that is shown a portrait.

        Raises:
            ValueError: the portrait or the target's embedding is missing, or of another shape.
            UnknownModel: the converter has not been installed.
            InferenceError, DeadlineExceeded: from the converter.
        """
        if self.spec.family.picture is not None:
            return await self._compute.run(_shown, self.spec.family.picture, identity.portrait)
        source = identity.unit if self.spec.family.embedding == "unit" else identity.raw
        if weight == NEUTRAL:
            (vector,) = await self._told(source[None], deadline)
            return np.asarray(vector, np.float32)
        if target_raw is None or target_raw.shape != (LENGTH,):
            raise ValueError("a weight that is not neutral needs the target's embedding (512,)")
        own, others = await self._told(np.stack([source, target_raw]), deadline)
        vector = mixed(own, others, weight)
        return np.asarray(unit(vector) if self.spec.family.unit_length else vector, np.float32)

    async def swap(self, crops: U8, latents: F32, *, deadline: Deadline) -> U8:
        """Return crops (N, B, B, 3) of faces with the identity of others.

        Args:
            crops: uint8 RGB (N, B, B, 3), aligned to the spec's template; B is a multiple k of its
                side, and each is split into k² rows.
            latents: The results of `latent` for each, float32 (N, 512) or (N, 3, S, S).
            deadline: When the answer is of no use any more.

        Returns:
            uint8 RGB (N, B, B, 3).

        Raises:
            ValueError: B is no multiple of the network's side.
            UnknownModel: the network has not been installed.
            InferenceError, DeadlineExceeded: from the network.
        """
        times, rest = divmod(crops.shape[1], self.spec.side_px)
        if rest or not times:
            raise ValueError(f"{crops.shape[1]} is no multiple of {self.spec.side_px} pixels")
        if not len(crops):
            return crops.copy()

        def tensors() -> dict[str, F32]:
            target = planes_of(interleaved(crops, times), self.spec.given)
            source = np.repeat(np.asarray(latents, np.float32), times**2, axis=0)
            return {"target": target, "source": source}

        def made() -> U8:
            planes = answer_of(self.spec.name, outputs, given["target"].shape)
            return deinterleaved(pixels_of(planes, self.spec.made), times)

        given = await self._compute.run(tensors)
        outputs = await self._inference.infer(self.spec.name, given, deadline=deadline)
        return await self._compute.run(made)

    async def _told(self, vectors: F32, deadline: Deadline) -> F32:
        """Return embeddings (M, 512) in the space the network was trained with."""
        family = self.spec.family
        if family.converter is not None:
            converter = CrossFace(family.converter, self._inference)
            vectors = await converter.convert(vectors, deadline=deadline)
        elif self._emap is not None:
            vectors = np.asarray(unit(vectors) @ self._emap, np.float32)
        return np.asarray(unit(vectors) if family.unit_length else vectors, np.float32)


def _shown(picture: SourceCrop, portrait: U8 | None) -> F32:
    """Return a portrait as planes (3, S, S)."""
    shape = (picture.side_px, picture.side_px, 3)
    if portrait is None or portrait.shape != shape:
        found = None if portrait is None else portrait.shape
        raise ValueError(f"a portrait's crop of shape {shape} is needed, not {found}")
    (planes,) = planes_of(portrait[None], picture.scale)
    return np.asarray(planes, np.float32)
