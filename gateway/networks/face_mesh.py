"""The 468 points of Face Mesh, from a network that was pulled or added.

Y. Kartynnik et al., "Real-time facial surface geometry from monocular video on mobile GPUs" (2019).
"""

from __future__ import annotations

import numpy as np

from gateway.arrays import F32, U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.inference.protocol import Inference
from gateway.networks.tensors import answer_of

FACE_MESH = "face_mesh_468"
SIDE_PX = 192
POINTS = 468


class FaceMesh:
    """Runs the network."""

    def __init__(self, inference: Inference, compute: Compute) -> None:
        """Take what runs the network, and what runs the array work."""
        self._inference = inference
        self._compute = compute

    async def landmarks(self, crops: U8, *, deadline: Deadline) -> F32:
        """Return x, y and z of the points, float32 (N, 468, 3), in pixels from the crop's edge.

        Args:
            crops: uint8 RGB (N, 192, 192, 3).
            deadline: When the answer is of no use any more.

        Raises:
            UnknownModel: the network has not been pulled.
            InferenceError, DeadlineExceeded: from the network.
        """
        if not len(crops):
            return np.zeros((0, POINTS, 3), np.float32)
        given = await self._compute.run(shares, crops)
        outputs = await self._inference.infer(FACE_MESH, {"input_1": given}, deadline=deadline)
        return answer_of(FACE_MESH, outputs, (len(crops), POINTS, 3), loose=True)


def shares(crops: U8) -> F32:
    """Return crops, uint8 (N, h, w, 3), as float32 (N, h, w, 3), 0–1."""
    return np.ascontiguousarray(crops, np.float32) / np.float32(255)
