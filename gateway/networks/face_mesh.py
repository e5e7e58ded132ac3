"""Face Mesh of a file of one's own (Y. Kartynnik et al., 2019)."""

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
        """Take what runs it, and what runs the array work."""
        self._inference = inference
        self._compute = compute

    async def landmarks(self, crops: U8, *, deadline: Deadline) -> F32:
        """Return the points (N, 468, 3) of faces, in pixels of their crops, 0 at their edges.

        Args:
            crops: uint8 RGB (N, 192, 192, 3), as the embedded `face_mesh` wants them.
            deadline: When the answer is of no use any more.

        Raises:
            UnknownModel: the network has not been added.
            InferenceError, DeadlineExceeded: from the network.
        """
        if not len(crops):
            return np.zeros((0, POINTS, 3), np.float32)
        given = await self._compute.run(lambda: crops.astype(np.float32) / np.float32(255))
        outputs = await self._inference.infer(FACE_MESH, {"input_1": given}, deadline=deadline)
        return answer_of(FACE_MESH, outputs, (len(crops), POINTS, 3), loose=True)
