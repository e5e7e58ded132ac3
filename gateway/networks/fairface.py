"""Facial attributes, as predicted by FairFace's classifier.

K. Kärkkäinen and J. Joo, "FairFace: Face attribute dataset for balanced race, gender, and age"
(WACV 2021).
"""

from __future__ import annotations

import asyncio

from gateway.arrays import F32, U8, AnyFloat
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import ContractViolation
from gateway.faces.alignment import Template
from gateway.faces.attributes import FaceAttributes, Race
from gateway.inference.protocol import Inference
from gateway.networks.crops import aligned_crops
from gateway.networks.tensors import IMAGENET, answer_of, planes_of

FAIRFACE = "fairface"
TEMPLATE: Template = "arcface_112_v2"
SIDE_PX = 224
RACES: tuple[Race, ...] = ("white", "black", "latino", "asian", "asian", "indian", "arabic")
"""Of its classes; East and Southeast Asian are one here."""
AGES = ((0, 2), (3, 9), (10, 19), (20, 29), (30, 39), (40, 49), (50, 59), (60, 69), (70, 120))
"""First and last year of each of its classes."""


class FairFace:
    """Runs the classifier."""

    def __init__(self, inference: Inference, compute: Compute) -> None:
        """Take what runs the network, and what runs the array work."""
        self._inference = inference
        self._compute = compute

    async def look_at(
        self, image: U8, landmarks_5: AnyFloat, *, deadline: Deadline
    ) -> list[FaceAttributes]:
        """Return the attributes of the faces of a picture.

        Args:
            image: uint8 RGB (H, W, 3).
            landmarks_5: Five points (N, 5, 2) of each face, in pixels.
            deadline: When the answer is of no use any more.

        Raises:
            UnknownModel: the network has not been installed.
            InferenceError, DeadlineExceeded: from the network.
        """
        crops, _ = await self._compute.run(aligned_crops, image, landmarks_5, TEMPLATE, SIDE_PX)
        return await self.classify(crops, deadline=deadline)

    async def classify(self, crops: U8, *, deadline: Deadline) -> list[FaceAttributes]:
        """Return what faces look like.

        Args:
            crops: uint8 RGB (N, 224, 224, 3), aligned to `TEMPLATE`.
            deadline: When the answer is of no use any more.

        Raises:
            UnknownModel: the network has not been installed.
            InferenceError, DeadlineExceeded: from the network.
        """
        if not len(crops):
            return []
        planes = await self._compute.run(planes_of, crops, IMAGENET)
        # The graph takes the best class over all it is given: one face a call.
        faces = (planes[n : n + 1] for n in range(len(planes)))
        return list(await asyncio.gather(*(self._classify(one, deadline) for one in faces)))

    async def _classify(self, planes: F32, deadline: Deadline) -> FaceAttributes:
        outputs = await self._inference.infer(FAIRFACE, {"input": planes}, deadline=deadline)
        race, gender, age = (
            int(answer_of(FAIRFACE, outputs, (1,), place=place)[0]) for place in range(3)
        )
        if not (0 <= race < len(RACES) and 0 <= age < len(AGES)):
            raise ContractViolation(f"{FAIRFACE} answers with classes that it does not have.")
        return FaceAttributes("female" if gender == 1 else "male", RACES[race], *AGES[age])
