"""Face parsing, one class per pixel: BiSeNet, trained on CelebAMask-HQ.

C. Yu et al., "BiSeNet: Bilateral segmentation network for real-time semantic segmentation" (ECCV
2018); C.-H. Lee et al., "MaskGAN" (CVPR 2020).
"""

from __future__ import annotations

import numpy as np

from gateway.arrays import U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.inference.protocol import Inference
from gateway.networks.tensors import IMAGENET, answer_of, planes_of

MODELS = ("bisenet_resnet_18", "bisenet_resnet_34")
SIDE_PX = 512
CLASSES = 19


class BiSeNet:
    """Runs one of the networks."""

    def __init__(self, name: str, inference: Inference, compute: Compute) -> None:
        """Take the model's name, what runs it, and what runs the array work."""
        self.name = name
        self._inference = inference
        self._compute = compute

    async def classes(self, crops: U8, *, deadline: Deadline) -> U8:
        """Return which of the 19 classes each pixel shows, uint8 (N, 512, 512).

        Args:
            crops: uint8 RGB (N, 512, 512, 3).
            deadline: When the answer is of no use any more.

        Raises:
            UnknownModel: the network has not been installed.
            InferenceError, DeadlineExceeded: from the network.
        """
        if not len(crops):
            return np.zeros((0, SIDE_PX, SIDE_PX), np.uint8)
        planes = await self._compute.run(planes_of, crops, IMAGENET)
        outputs = await self._inference.infer(self.name, {"input": planes}, deadline=deadline)

        def best() -> U8:
            shape = (len(crops), CLASSES, SIDE_PX, SIDE_PX)
            return np.asarray(answer_of(self.name, outputs, shape).argmax(1), np.uint8)

        return await self._compute.run(best)
