"""Deliberate errors in adaptors of networks that look at faces; see `mutants`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from gateway.networks import bisenet, fairface, tensors, xseg
from gateway.networks.detecting import anchors, views, yolo_face, yunet
from gateway.networks.detecting import network as finding
from gateway.networks.detecting import spec as finding_spec
from gateway.networks.detecting.specs import DETECTORS
from tests.standins.mutant import Mutant, given_wrongly, spec_with, swapped


def _detector(model: str, module: Any) -> list[Mutant]:
    cells, seen_at, views_of = finding_spec.cells, views.LetterboxView.in_image, views.views_of

    def shown(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[], Any]:
        def wrong(image: np.ndarray, angles: Any) -> Any:
            pixels, made = views_of(image, angles)
            return change(pixels), made

        return swapped(finding, "views_of", wrong)

    def mapped(self: Any, points: np.ndarray) -> np.ndarray:
        return seen_at(self, points) + np.float32(0.5)

    def decoded(change: Callable[[Any], Any]) -> Callable[[], Any]:
        decode = DETECTORS[model].decode
        return spec_with(DETECTORS, model, decode=lambda *given: change(decode(*given)))

    def first(seen: finding_spec.DetectorHits) -> finding_spec.DetectorHits:
        return finding_spec.DetectorHits(seen.scores[1:], seen.boxes[1:], seen.points[1:])

    scale = tensors.SIGNED if module is yolo_face else tensors.IMAGENET
    errors = {
        "RGB in": shown(lambda pixels: pixels[..., ::-1]),
        "a pixel off": shown(lambda pixels: np.roll(pixels, 1, 2)),
        "turned in": shown(lambda pixels: np.ascontiguousarray(pixels.swapaxes(1, 2))),
        "wrong scale": spec_with(DETECTORS, model, scale=scale),
        "half a pixel off": swapped(views.LetterboxView, "in_image", mapped),
        "box as it is": swapped(views, "SIDE", 1.0),
        "the first left out": decoded(first),
    }
    if module is not yolo_face:
        middles = swapped(module, "cells", lambda stride: cells(stride) + stride / 2)
        errors["cells by their middles"] = middles
    if module is yunet:
        product = decoded(lambda seen: replace(seen, scores=seen.scores**2))
        errors["product of the two"] = product
    return [Mutant(error, model, how) for error, how in errors.items()]


def _xseg() -> list[Mutant]:
    def shown(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[], Any]:
        return swapped(xseg, "blue_first", change)

    def hidden(*given: Any) -> np.ndarray:
        return np.asarray(1 - tensors.answer_of(*given))

    first = xseg.blue_first
    errors = {
        "RGB in": shown(lambda crops: first(crops[..., ::-1])),
        "turned in": shown(lambda crops: first(crops.swapaxes(1, 2))),
        "levels instead of shares": shown(lambda crops: 255 * first(crops)),
        "from -1 to 1": shown(lambda crops: 2 * first(crops) - 1),
        "what hides instead of what is seen": swapped(xseg, "answer_of", hidden),
    }
    return [Mutant(error, "xseg_1", how) for error, how in errors.items()]


def _bisenet() -> list[Mutant]:
    model, answer_of = "bisenet_resnet_34", tensors.answer_of

    def read(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[], Any]:
        return swapped(bisenet, "answer_of", lambda *given: change(answer_of(*given)))

    errors = {
        "wrong scale": swapped(bisenet, "IMAGENET", tensors.SIGNED),
        "turned out": read(lambda scores: scores.swapaxes(2, 3)),
        "the least likely": read(lambda scores: -scores),
    }
    return [
        *given_wrongly(bisenet, model),
        *(Mutant(error, model, how) for error, how in errors.items()),
    ]


def _fairface() -> list[Mutant]:
    exclusive = tuple((first, last - 1) for first, last in fairface.AGES)
    errors = {
        "wrong scale": swapped(fairface, "IMAGENET", tensors.UNIT),
        "end years left out": swapped(fairface, "AGES", exclusive),
        "races in another order": swapped(fairface, "RACES", fairface.RACES[::-1]),
    }
    return [
        *given_wrongly(fairface, "fairface"),
        *(Mutant(error, "fairface", how) for error, how in errors.items()),
    ]


MUTANTS: Mapping[str, list[Mutant]] = {
    "anchors": _detector("scrfd_2.5g", anchors),
    "yolo_face": _detector("yolo_face", yolo_face),
    "yunet": _detector("yunet", yunet),
    "fairface": _fairface(),
    "xseg": _xseg(),
    "bisenet": _bisenet(),
}
"""By the name of the adaptor."""
