"""Embeddings of one recogniser in the space of another: CrossFace's converters."""

from __future__ import annotations

from typing import Literal

import numpy as np

from gateway.arrays import F32
from gateway.deadline import Deadline
from gateway.inference.protocol import Inference
from gateway.networks.arcface import LENGTH
from gateway.networks.tensors import answer_of

Converter = Literal["crossface_ghost", "crossface_hififace", "crossface_simswap"]


class CrossFace:
    """Converts ArcFace's embeddings into what one family of swappers was trained with."""

    def __init__(self, name: Converter, inference: Inference) -> None:
        """Take the model's name and what runs it."""
        self.name = name
        self._inference = inference

    async def convert(self, raw: F32, *, deadline: Deadline) -> F32:
        """Return embeddings (N, 512) in the other space, as the network gives them.

        Args:
            raw: float32 (N, 512) from `ArcFace.embed`, not normalised.
            deadline: When the answer is of no use any more.

        Raises:
            UnknownModel: the network has not been installed.
            InferenceError, DeadlineExceeded: from the network.
        """
        if not len(raw):
            return np.zeros((0, LENGTH), np.float32)
        given = np.ascontiguousarray(raw, np.float32)
        outputs = await self._inference.infer(self.name, {"input": given}, deadline=deadline)
        return answer_of(self.name, outputs, (len(raw), LENGTH))
