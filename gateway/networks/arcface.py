"""Face identity in the form that swappers take: ArcFace's embedding.

J. Deng et al., "ArcFace: Additive angular margin loss for deep face recognition" (CVPR 2019), as
InsightFace's `w600k_r50` computes it.
"""

from __future__ import annotations

import numpy as np

from gateway.arrays import F32, U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.alignment import Template
from gateway.inference.protocol import Inference
from gateway.networks.tensors import SIGNED, answer_of, planes_of

ARCFACE = "arcface_w600k_r50"
TEMPLATE: Template = "arcface_112_v2"
SIDE_PX = 112
LENGTH = 512
"""Numbers of an embedding."""


class ArcFace:
    """Computes embeddings of aligned faces."""

    def __init__(self, inference: Inference, compute: Compute) -> None:
        """Take what runs the network, and what runs the array work."""
        self._inference = inference
        self._compute = compute

    async def embed(self, crops: U8, *, deadline: Deadline) -> F32:
        """Return the embeddings (N, 512) of faces, as the network gives them: not normalised.

        Args:
            crops: uint8 RGB (N, 112, 112, 3), aligned to `TEMPLATE`.
            deadline: When the answer is of no use any more.

        Raises:
            UnknownModel: the network has not been installed.
            InferenceError, DeadlineExceeded: from the network.
        """
        if not len(crops):
            return np.zeros((0, LENGTH), np.float32)
        planes = await self._compute.offload(len(crops), planes_of, crops, SIGNED)
        outputs = await self._inference.infer(ARCFACE, {"input": planes}, deadline=deadline)
        return answer_of(ARCFACE, outputs, (len(crops), LENGTH))
