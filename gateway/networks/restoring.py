"""Makes faces clear: networks that restore them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F32, U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.alignment import Template
from gateway.inference.protocol import Inference
from gateway.networks.tensors import SIGNED, answer_of, pixels_of, planes_of

RawOutputs = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class RestoreSpec:
    """One restorer. All take and give RGB from -1 to 1.

    Attributes:
        name: Of the model.
        template: Where the five points lie in a crop.
        side_px: Side of the crop.
        weighted: Whether it takes a weight.
    """

    name: str
    template: Template = "ffhq_512"
    side_px: int = 512
    weighted: bool = False


RESTORERS: Mapping[str, RestoreSpec] = {
    spec.name: spec
    for spec in (
        RestoreSpec("gfpgan_1.4"),
        RestoreSpec("gfpgan_1.3"),
        RestoreSpec("gfpgan_1.2"),
        RestoreSpec("restoreformer_plus_plus"),
        RestoreSpec("codeformer", weighted=True),
        RestoreSpec("gpen_bfr_512"),
        RestoreSpec("gpen_bfr_1024", side_px=1024),
        RestoreSpec("gpen_bfr_2048", side_px=2048),
        RestoreSpec("gpen_bfr_256", "arcface_128", 256),
    )
}
"""All restorers, by name, the best first: `auto` takes the first that is installed.

No measurement of this project stands behind the order, as it has run only stand-ins of these
networks. First come those of 512 pixels that take a batch, later versions first; then CodeFormer,
which takes one crop a call; then GPEN, of which the larger sides cost four and sixteen times as
much and the smallest is coarser than most faces.

GFPGAN: X. Wang et al. (CVPR 2021); CodeFormer: S. Zhou et al. (NeurIPS 2022); GPEN: T. Yang et al.
(CVPR 2021); RestoreFormer++: Z. Wang et al. (PAMI 2023).
"""


class FaceRestorer:
    """Runs a restorer."""

    def __init__(self, spec: RestoreSpec, inference: Inference, compute: Compute) -> None:
        """Take one of `RESTORERS`, what runs it, and what runs the array work."""
        self.spec = spec
        self._inference = inference
        self._compute = compute

    async def restore(self, crops: U8, *, weight: float, deadline: Deadline) -> U8:
        """Return crops (N, S, S, 3) with clear faces.

        Args:
            crops: uint8 RGB (N, S, S, 3), aligned to the spec's template.
            weight: 0–1, for those that take one: higher keeps more of the face as it is, lower
                restores harder.
            deadline: When the answer is of no use any more.

        Returns:
            uint8 RGB (N, S, S, 3).

        Raises:
            UnknownModel: the network has not been installed.
            InferenceError, DeadlineExceeded: from the network.
        """
        if not len(crops):
            return crops.copy()
        given = await self._compute.run(planes_of, crops, SIGNED)
        # A weight is not of a row but of a request, so there each crop is one.
        size = 1 if self.spec.weighted else len(given)
        parts = [given[start : start + size] for start in range(0, len(given), size)]
        answers = await asyncio.gather(*(self._run(part, weight, deadline) for part in parts))

        def made() -> U8:
            planes = [
                answer_of(self.spec.name, outputs, part.shape)
                for outputs, part in zip(answers, parts, strict=True)
            ]
            return np.concatenate([pixels_of(part, SIGNED) for part in planes])

        return await self._compute.run(made)

    async def _run(self, planes: F32, weight: float, deadline: Deadline) -> RawOutputs:
        inputs: dict[str, NDArray[Any]] = {"input": planes}
        if self.spec.weighted:
            inputs["weight"] = np.array([weight], np.float64)
        return await self._inference.infer(self.spec.name, inputs, deadline=deadline)
