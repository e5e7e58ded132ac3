"""Where a face is seen and nothing before it: XSeg, as DeepFaceLab trained it.

I. Perov et al., "DeepFaceLab: Integrated, flexible and extensible face-swapping framework" (2020).
"""

from __future__ import annotations

import numpy as np

from gateway.arrays import F32, U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.inference.protocol import Inference
from gateway.networks.tensors import answer_of

MODELS = ("xseg_1", "xseg_2", "xseg_3")
SIDE_PX = 256


class XSeg:
    """Runs one of the networks."""

    def __init__(self, name: str, inference: Inference, compute: Compute) -> None:
        """Take the model's name, what runs it, and what runs the array work."""
        self.name = name
        self._inference = inference
        self._compute = compute

    async def seen(self, crops: U8, *, deadline: Deadline) -> F32:
        """Return where faces are seen, float32 (N, 256, 256), 1 where they are, 0 elsewhere.

        Args:
            crops: uint8 RGB (N, 256, 256, 3).
            deadline: When the answer is of no use any more.

        Raises:
            UnknownModel: the network has not been installed.
            InferenceError, DeadlineExceeded: from the network.
        """
        if not len(crops):
            return np.zeros((0, SIDE_PX, SIDE_PX), np.float32)
        given = await self._compute.run(blue_first, crops)
        outputs = await self._inference.infer(self.name, {"input": given}, deadline=deadline)
        shape = (len(crops), SIDE_PX, SIDE_PX, 1)
        return np.clip(answer_of(self.name, outputs, shape)[..., 0], 0, 1)


def blue_first(crops: U8) -> F32:
    """Return crops, uint8 RGB (N, h, w, 3), as float32 BGR (N, h, w, 3), 0–1."""
    return np.ascontiguousarray(crops[..., ::-1], np.float32) / np.float32(255)
