"""Everything that is tried: `checks` and `mutants`, and those of landmarkers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gateway.inference.protocol import Inference
from gateway.networks import landmarks, tensors
from tests import tolerances
from tests.standins import checks, mutants, points
from tests.standins.checks import INLINE, Adaptor, soon
from tests.standins.mutant import Mutant, spec_with, swapped
from tests.standins.pictures import picture

BOXES = np.array(
    [[40.2, 50.7, 120.4, 160.1], [60.0, 20.5, 260.3, 120.9], [-30.0, 100.0, 90.0, 200.0]]
)
TURNS = (0, 1, 3)


async def _landmarker(inference: Inference, name: str) -> None:
    image, spec = picture(240, 300), landmarks.LANDMARKERS[name]
    found, scores = await landmarks.Landmarker(spec, inference, INLINE).landmarks(
        image, BOXES, TURNS, deadline=soon()
    )
    sure = {"2dfan4": 0.9, "peppa_wutz": 0.95}[name]
    for one, score, box, turn in zip(found, scores, BOXES, TURNS, strict=True):
        told = points.read(points.crop_around(image, box, turn))
        expected = points.placed(told[:, :2], box, turn)
        assert np.abs(one - expected).max() <= tolerances.SEEN_PX
        assert abs(score - min(told[:, 2].mean() / sure, 1)) <= tolerances.VECTOR_SHARE


ADAPTORS: Mapping[str, Adaptor] = {
    **checks.ADAPTORS,
    "landmarks": Adaptor(("2dfan4", "peppa_wutz"), _landmarker),
}
"""By the name of the adaptor."""


def _unbent(planes_of: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """Return conversions that are fed in RGB where BGR is meant."""
    return lambda crops, scale: planes_of(crops[..., ::-1], scale)


def _landmarkers() -> list[Mutant]:
    table = landmarks.LANDMARKERS
    made = landmarks.crop_of_box

    def off(by: float) -> Callable[..., Any]:
        def crop(box: np.ndarray) -> np.ndarray:
            matrix = made(box)
            matrix[:, 2] += by
            return matrix

        return crop

    _placed = landmarks.in_image
    return [
        Mutant("RGB in", "2dfan4", swapped(landmarks, "planes_of", _unbent(tensors.planes_of))),
        Mutant("signed", "peppa_wutz", swapped(landmarks, "UNIT", tensors.SIGNED)),
        Mutant("larger box", "2dfan4", swapped(landmarks, "FACE_PX", 200.0)),
        Mutant("a pixel off", "2dfan4", swapped(landmarks, "crop_of_box", off(1.0))),
        Mutant("another grid", "peppa_wutz", swapped(landmarks, "GRID", 63)),
        Mutant(
            "turned the other way",
            "2dfan4",
            swapped(landmarks, "in_image", lambda p, m, t: _placed(p, m, -t)),
        ),
        Mutant(
            "half a unit off",
            "peppa_wutz",
            swapped(landmarks, "in_image", lambda p, m, t: _placed(p + 0.5, m, t)),
        ),
        Mutant("sure of less", "2dfan4", spec_with(table, "2dfan4", sure=1.0)),
        Mutant("sure of other things", "2dfan4", spec_with(table, "2dfan4", heatmaps=False)),
    ]


MUTANTS: Mapping[str, list[Mutant]] = {
    **mutants.MUTANTS,
    "landmarks": _landmarkers(),
}
"""By the name of the adaptor."""
