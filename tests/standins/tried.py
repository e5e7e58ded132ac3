"""Everything that is tried: `checks` and `mutants`, and those of landmarkers and judges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gateway.inference.protocol import Inference
from gateway.networks import fan_68_5, landmarks, nsfw, tensors
from tests import tolerances
from tests.standins import checks, mutants, points, safety
from tests.standins.checks import INLINE, Adaptor, soon
from tests.standins.mutant import Mutant, given_wrongly, spec_with, swapped
from tests.standins.pictures import faces, picture
from tests.standins.templates import points_in

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


async def _five(inference: Inference, name: str) -> None:
    _, given = faces(200)
    found = await fan_68_5.FiveToSixtyEight(inference).landmarks(given, deadline=soon())
    square = (points_in("ffhq_512", 512) + 0.5) / 512
    for one, five in zip(found, given, strict=True):
        # Complex numbers turn and scale: five = a · square + b, in the sense of least squares.
        here, there = five @ [1, 1j], square @ [1, 1j]
        a = np.vdot(here - here.mean(), there - there.mean())
        a /= np.vdot(here - here.mean(), here - here.mean())
        inside = a * (here - here.mean()) + there.mean()
        told = points.guessed(np.stack([inside.real, inside.imag], 1)) @ [1, 1j]
        back = (told - there.mean()) / a + here.mean()
        expected = np.stack([back.real, back.imag], 1)
        assert np.abs(one - expected).max() <= tolerances.SEEN_PX


async def _judge(inference: Inference, name: str) -> None:
    shown = [picture(150, 260), picture(300, 200, 1), np.full((90, 90, 3), 250, np.uint8)]
    judge = nsfw.ContentAnalyser(inference, INLINE)
    found = await judge.margins(nsfw.NSFW[name], shown, deadline=soon())
    expected = np.array([safety.margin(name, one) for one in shown])
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= tolerances.VECTOR_SHARE * np.abs(expected).max()


ADAPTORS: Mapping[str, Adaptor] = {
    **checks.ADAPTORS,
    "landmarks": Adaptor(("2dfan4", "peppa_wutz"), _landmarker),
    "fan_68_5": Adaptor(("fan_68_5",), _five),
    "nsfw": Adaptor(tuple(nsfw.NSFW), _judge),
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


def _fives() -> list[Mutant]:
    made = fan_68_5.crop_from_image

    def edges(*given: Any) -> np.ndarray:
        matrix = made(*given)
        matrix[:, 2] += 0.5
        return matrix

    return [
        Mutant("another template", "fan_68_5", swapped(fan_68_5, "TEMPLATE", "arcface_128")),
        Mutant("half a crop off", "fan_68_5", swapped(fan_68_5, "crop_from_image", edges)),
        Mutant(
            "in pixels",
            "fan_68_5",
            swapped(fan_68_5, "crop_from_image", lambda p, t, s: made(p, t, 512)),
        ),
    ]


def _judges() -> list[Mutant]:
    table = nsfw.NSFW
    return [
        *given_wrongly(nsfw, "nsfw_3"),
        Mutant("not stretched", "nsfw_1", swapped(nsfw, "laid_into", _in_the_corner)),
        Mutant("wrong scale", "nsfw_2", spec_with(table, "nsfw_2", scale=tensors.UNIT)),
        Mutant("imagenet's scale", "nsfw_3", spec_with(table, "nsfw_3", scale=tensors.IMAGENET)),
        Mutant(
            "boxes for scores", "nsfw_1", spec_with(table, "nsfw_1", margin=lambda t: t.max((1, 2)))
        ),
        Mutant(
            "the other way round", "nsfw_2", spec_with(table, "nsfw_2", margin=lambda t: t[:, 1])
        ),
    ]


def _in_the_corner(shown: np.ndarray, side: int) -> np.ndarray:
    square = np.zeros((side, side, 3), np.uint8)
    square[: shown.shape[0], : shown.shape[1]] = shown[:side, :side]
    return square


MUTANTS: Mapping[str, list[Mutant]] = {
    **mutants.MUTANTS,
    "landmarks": _landmarkers(),
    "fan_68_5": _fives(),
    "nsfw": _judges(),
}
"""By the name of the adaptor."""
