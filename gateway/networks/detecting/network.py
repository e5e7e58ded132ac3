"""Finds faces with a third-party detector."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from gateway.arrays import F32, U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.blazeface import Candidates, suppress
from gateway.inference.protocol import Inference
from gateway.networks.detecting.spec import DetectorSpec
from gateway.networks.detecting.views import LetterboxView, candidates_of, views_of
from gateway.networks.tensors import answer_of, planes_of

DetectorOutputs = Mapping[str, NDArray[Any]]


class NetworkDetector:
    """Runs a detector."""

    def __init__(self, spec: DetectorSpec, inference: Inference, compute: Compute) -> None:
        """Take one of `DETECTORS`, what runs it, and what runs the array work."""
        self.spec = spec
        self._inference = inference
        self._compute = compute

    async def find(
        self, image: U8, *, min_score: float, angles: Sequence[int] = (), deadline: Deadline
    ) -> Candidates:
        """Return where faces may be in a picture, in BlazeFace's format.

        Args:
            image: uint8 RGB (H, W, 3).
            min_score: Detections below it are dropped, 0–1.
            angles: Further upright directions to try at the same time, out of 90, 180 and 270
                degrees.
            deadline: When the answer is of no use any more.

        Raises:
            UnknownModel: the network has not been installed.
            InferenceError, DeadlineExceeded: from the network.
        """

        def prepared() -> tuple[list[F32], list[LetterboxView]]:
            pixels, views = views_of(image, angles)
            planes = planes_of(pixels[..., ::-1], self.spec.scale)
            if self.spec.batched:
                return [planes], views
            return [planes[n : n + 1] for n in range(len(views))], views

        calls, views = await self._compute.run(prepared)
        name = self.spec.name
        answers = await asyncio.gather(
            *(self._inference.infer(name, {"input": one}, deadline=deadline) for one in calls)
        )
        return await self._compute.run(self._read, answers, views, min_score)

    def _read(
        self, answers: Sequence[DetectorOutputs], views: list[LetterboxView], min_score: float
    ) -> Candidates:
        """Return the detections of all views, each face once."""
        if self.spec.batched:
            whole = self._outputs(answers[0], (len(views),))
            rows = [[output[n] for output in whole] for n in range(len(views))]
        else:
            rows = [self._outputs(answer, ()) for answer in answers]
        seen = (self.spec.decode(outputs, min_score) for outputs in rows)
        return suppress(Candidates.joined([*map(candidates_of, seen, views)]))

    def _outputs(self, outputs: DetectorOutputs, rows: tuple[int, ...]) -> list[F32]:
        return [
            answer_of(self.spec.name, outputs, (*rows, *shape), place=place)
            for place, shape in enumerate(self.spec.shapes)
        ]
