"""Guesses the 68 points of a face by five: what a detector's points say of the rest."""

from __future__ import annotations

import numpy as np

from gateway.arrays import F32, AnyFloat
from gateway.deadline import Deadline
from gateway.faces.alignment import Template, crop_from_image
from gateway.inference.protocol import Inference
from gateway.networks.landmarks import POINTS
from gateway.networks.tensors import answer_of

FAN_68_5 = "fan_68_5"
TEMPLATE: Template = "ffhq_512"


class FiveToSixtyEight:
    """Runs the network."""

    def __init__(self, inference: Inference) -> None:
        """Take what runs it."""
        self._inference = inference

    async def landmarks(self, landmarks_5: AnyFloat, *, deadline: Deadline) -> F32:
        """Return 68 points (N, 68, 2) of faces, in pixels of the picture.

        Args:
            landmarks_5: (N, 5, 2), in pixels of the picture.
            deadline: When the answer is of no use any more.

        Raises:
            ValueError: a face's points coincide.
            UnknownModel: the network has not been pulled.
            InferenceError, DeadlineExceeded: from the network.
        """
        if not len(landmarks_5):
            return np.zeros((0, POINTS, 2), np.float32)
        # A crop of one pixel: the template's unit square, whose middle is that pixel's centre.
        matrices = [crop_from_image(points, TEMPLATE, 1) for points in landmarks_5]
        given = [
            np.asarray(points, np.float64) @ matrix[:, :2].T + matrix[:, 2] + 0.5
            for points, matrix in zip(landmarks_5, matrices, strict=True)
        ]
        inputs = {"input": np.stack(given).astype(np.float32)}
        outputs = await self._inference.infer(FAN_68_5, inputs, deadline=deadline)
        told = answer_of(FAN_68_5, outputs, (len(given), POINTS, 2))
        back = [
            (one - 0.5 - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
            for one, matrix in zip(told, matrices, strict=True)
        ]
        return np.asarray(np.stack(back), np.float32)
