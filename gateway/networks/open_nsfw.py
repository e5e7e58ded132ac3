"""How likely a picture is sexual, as Yahoo's Open NSFW predicts it.

J. Mahadeokar and G. Pesavento, "Open sourcing a deep learning solution for detecting NSFW images"
(Yahoo Engineering, 2016): a thin ResNet-50, of which scores below 0.2 mean that a picture is safe
and above 0.8 that it is not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gateway.arrays import F32, U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.imaging.geometry.warp import stretched
from gateway.inference.protocol import Inference

OPEN_NSFW = "open_nsfw"
SIDE_PX, _STRETCHED_PX = 224, 256


class OpenNsfw:
    """Runs the network."""

    def __init__(self, inference: Inference, compute: Compute) -> None:
        """Take what runs the network, and what runs the array work."""
        self._inference = inference
        self._compute = compute

    async def scores(self, pictures: Sequence[U8], *, deadline: Deadline) -> F32:
        """Return how likely each picture is sexual: float32 (N,), 0–1.

        Args:
            pictures: uint8 (H, W, 3) RGB each.
            deadline: When the answer is of no use any more.

        Raises:
            InferenceError, DeadlineExceeded: from the network.
        """
        if not pictures:
            return np.zeros(0, np.float32)
        batch = await self._compute.run(lambda: np.stack([_middle(one) for one in pictures]))
        out = await self._inference.infer(OPEN_NSFW, {"image": batch}, deadline=deadline)
        return np.asarray(out["probability"][:, 1], np.float32)


def _middle(picture: U8) -> U8:
    """Return a picture stretched to a square, and its middle: uint8 (224, 224, 3)."""
    square = stretched(picture, (_STRETCHED_PX, _STRETCHED_PX))
    begin = (_STRETCHED_PX - SIDE_PX) // 2
    return np.ascontiguousarray(square[begin : begin + SIDE_PX, begin : begin + SIDE_PX])
