"""Deliberate errors, each of which a check must notice: that is what the stand-ins are for.

A mutant changes one number or function of an adaptor; `checks.ADAPTORS` must then fail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np

from gateway.faces import alignment
from gateway.imaging.enhance import tiles
from gateway.networks import (
    arcface,
    crops,
    crossface,
    keypoints,
    live_portrait,
    restoring,
    tensors,
    upscaling,
)
from gateway.networks.swapping import network, specs
from gateway.networks.swapping.identity import unit
from gateway.networks.swapping.specs import SourceCrop, SwapSpec
from tests.standins import looking_mutants
from tests.standins.mutant import Mutant, given_wrongly, in_bgr, spec_with, swapped


def _made_bgr(planes: np.ndarray, scale: tensors.Scale) -> np.ndarray:
    return tensors.pixels_of(planes[:, ::-1], scale)


def _not_clipped(planes: np.ndarray, scale: tensors.Scale) -> np.ndarray:
    mean, deviation = scale.mean[0], scale.deviation[0]
    levels = 255 * (np.moveaxis(planes, 1, -1) * deviation + mean)
    return np.rint(levels).astype(np.int64).astype(np.uint8)


def _made_turned(planes: np.ndarray, scale: tensors.Scale) -> np.ndarray:
    return tensors.pixels_of(planes.swapaxes(2, 3), scale)


def _made(module: Any, model: str) -> list[Mutant]:
    """Return errors of how what a network makes is read."""
    errors = {"BGR out": _made_bgr, "turned planes out": _made_turned}
    found = [Mutant(e, model, swapped(module, "pixels_of", f)) for e, f in errors.items()]
    throughout = {"planes_of": in_bgr, "pixels_of": _made_bgr}
    return [
        *found,
        Mutant("BGR throughout", model, lambda: patch.multiple(module, **throughout)),
    ]


def _placed(model: str) -> list[Mutant]:
    """Return errors of where crops lie."""

    def off(by: float) -> Callable[..., Any]:
        def matrix(points: np.ndarray, template: alignment.Template, side: int) -> np.ndarray:
            made = alignment.crop_from_image(points, template, side)
            made[:, 2] += by
            return made

        return matrix

    return [
        Mutant("half a pixel off", model, swapped(crops, "crop_from_image", off(0.5))),
        Mutant("a pixel off", model, swapped(crops, "crop_from_image", off(-1.0))),
    ]


def _scale_of(spec: SwapSpec, scale: tensors.Scale) -> tensors.Scale:
    """Return another scale than a swapper's own."""
    return tensors.SIGNED if scale == tensors.UNIT else tensors.UNIT


def _swapper(model: str) -> list[Mutant]:
    spec = specs.SWAPPERS[model]
    family, table = spec.family, specs.SWAPPERS
    other = "arcface_112_v2" if spec.template == "arcface_128" else "arcface_128"

    def told(error: str, **changes: Any) -> Mutant:
        return Mutant(error, model, spec_with(table, model, family=replace(family, **changes)))

    found = [
        *given_wrongly(network, model),
        *_made(network, model),
        *_placed(model),
        Mutant("another template", model, spec_with(table, model, template=other)),
        Mutant("wrong scale in", model, spec_with(table, model, given=_scale_of(spec, spec.given))),
        Mutant("wrong scale out", model, spec_with(table, model, made=_scale_of(spec, spec.made))),
        Mutant("tiles instead of a grid", model, swapped(network, "interleaved", _tiled)),
    ]
    if family.picture is not None:
        shown = family.picture
        pictures = {
            "portrait on another template": SourceCrop("arcface_128", shown.side_px, shown.scale),
            "wrong scale of the portrait": replace(shown, scale=tensors.SIGNED),
        }
        return found + [told(error, picture=picture) for error, picture in pictures.items()]
    found += [
        told("length of the latent", unit_length=not family.unit_length),
        Mutant("weight the other way round", model, swapped(network, "mixed", _mixed_wrongly)),
        Mutant("lengths of mean and vectors", model, swapped(network, "unit", lambda v: v)),
    ]
    if family.converter:
        found += [
            told("embedding normalised before the converter", embedding="unit"),
            told("no converter", converter=None),
            told("another converter", converter=_other_converter(family.converter)),
        ]
    elif family.emap:
        found += [
            told("no emap", emap=False),
            Mutant("emap turned", model, swapped(network.SwapNetwork, "__init__", _emap_turned)),
        ]
    else:
        found.append(told("mean of raw embeddings", embedding="raw"))
    if family.unit_length is False:
        found = [mutant for mutant in found if mutant.error != "lengths of mean and vectors"]
    return found


_made_with = network.SwapNetwork.__init__


def _emap_turned(self: Any, *given: Any, emap: np.ndarray) -> None:
    _made_with(self, *given, emap=emap.T)


def _other_converter(name: str) -> str:
    return "crossface_ghost" if name != "crossface_ghost" else "crossface_simswap"


def _mixed_wrongly(source: np.ndarray, target: np.ndarray, weight: float) -> np.ndarray:
    share = -0.35 + 0.7 * weight
    return np.asarray(source * (1 - share) + target * share, np.float32)


def _tiled(whole: np.ndarray, times: int) -> np.ndarray:
    side = whole.shape[1] // times
    split = whole.reshape(len(whole), times, side, times, side, 3)
    return split.transpose(0, 1, 3, 2, 4, 5).reshape(-1, side, side, 3)


def _arcface() -> list[Mutant]:
    model = "arcface_w600k_r50"
    return [
        *given_wrongly(arcface, model),
        *_placed(model),
        Mutant("another template", model, swapped(arcface, "TEMPLATE", "arcface_112_v1")),
        Mutant("wrong scale in", model, swapped(arcface, "SIGNED", tensors.UNIT)),
        Mutant("normalised", model, swapped(arcface, "answer_of", _answered_unit)),
    ]


def _answered_unit(*given: Any, **more: Any) -> np.ndarray:
    return np.asarray(unit(tensors.answer_of(*given, **more)), np.float32)


def _crossface() -> list[Mutant]:
    def given(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[], Any]:
        convert = crossface.CrossFace.convert

        async def wrong(self: Any, raw: np.ndarray, **more: Any) -> np.ndarray:
            return await convert(self, change(raw), **more)

        return lambda: patch.object(crossface.CrossFace, "convert", wrong)

    return [
        Mutant("normalised before", "crossface_ghost", given(unit)),
        Mutant("rows mixed up", "crossface_hififace", given(lambda raw: raw[::-1])),
        Mutant(
            "normalised after",
            "crossface_simswap",
            swapped(crossface, "answer_of", _answered_unit),
        ),
    ]


def _restorer() -> list[Mutant]:
    model, table = "gfpgan_1.4", restoring.RESTORERS
    spec = spec_with(table, model, template="arcface_112_v2")
    gpen = spec_with(table, "gpen_bfr_256", template="ffhq_512")
    return [
        *given_wrongly(restoring, model),
        *_made(restoring, model),
        *_placed(model),
        Mutant("another template", model, spec),
        Mutant("the other restorers' template", "gpen_bfr_256", gpen),
        Mutant("wrong scale", model, swapped(restoring, "SIGNED", tensors.UNIT)),
        Mutant("imagenet's scale", model, swapped(restoring, "SIGNED", tensors.IMAGENET)),
        Mutant("wrapped", model, swapped(restoring, "pixels_of", _not_clipped)),
        Mutant("weight upside down", "codeformer", _weight(lambda weight: 1 - weight)),
        Mutant("weight in percent", "codeformer", _weight(lambda weight: 100 * weight)),
    ]


def _weight(change: Callable[[float], float]) -> Callable[[], Any]:
    restore = restoring.FaceRestorer.restore

    async def wrong(self: Any, crops: np.ndarray, *, weight: float, **more: Any) -> np.ndarray:
        return await restore(self, crops, weight=change(weight), **more)

    return lambda: patch.object(restoring.FaceRestorer, "restore", wrong)


def _upscaler() -> list[Mutant]:
    model = "span_kendata_x4"
    add = tiles.TileCanvas.add

    def tile(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[], Any]:
        return swapped(upscaling, "tile_of", lambda *of: change(tiles.tile_of(*of)))

    def made(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[], Any]:
        return swapped(tiles.TileCanvas, "add", lambda *of: add(*of[:3], change(of[3])))

    def without_edge(start: int, number: int, length: int) -> np.ndarray:
        there = np.arange(start, start + number) % (2 * length - 2)
        return np.minimum(there, 2 * length - 2 - there)

    def weaker(length: int, tiling: tiles.Tiling) -> tuple[tiles.TileSpan, ...]:
        first, *others = tiles.spans_of(length, tiling)
        return first, *(replace(one, weights=0.97 * one.weights) for one in others)

    errors = {
        "tiles a pixel off": tile(lambda one: np.roll(one, 1, 1)),
        "tiles turned": tile(lambda one: one.swapaxes(0, 1)),
        "BGR out": made(lambda planes: planes[::-1]),
        "turned planes out": made(lambda planes: planes.swapaxes(1, 2)),
        "a result's pixel off": made(lambda planes: np.roll(planes, 1, 2)),
        "levels out": made(lambda planes: planes / 255),
        "mirrored without the edge": swapped(tiles, "_mirrored", without_edge),
        "wrapped around": swapped(
            tiles, "_mirrored", lambda start, n, size: np.arange(start, start + n) % size
        ),
        "weights that do not add up": swapped(upscaling, "spans_of", weaker),
    }
    found = [Mutant(error, model, how) for error, how in errors.items()]
    return [*given_wrongly(upscaling, model), *found]


def _live_portrait() -> list[Mutant]:
    model, network = "live_portrait_generator", live_portrait.LivePortrait
    express, rotations, no_limit = network.express, keypoints.rotations, np.full((21, 3), 9.0)

    def called(**changes: Callable[[dict[str, Any]], Any]) -> Callable[[], Any]:
        async def wrong(self: Any, shown: Any, wanted: Any, **more: Any) -> np.ndarray:
            given = {"shown": shown, "wanted": wanted, **more}
            changed = {name: change(given) for name, change in changes.items()}
            return await express(self, **{**given, **changed})

        return lambda: patch.object(network, "express", wrong)

    def wished(change: Callable[..., np.ndarray]) -> Callable[[], Any]:
        return swapped(live_portrait, "wished", change)

    def turned(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[], Any]:
        return swapped(keypoints, "rotations", change)

    errors = {
        "whose expression": called(
            shown=lambda given: given["wanted"], wanted=lambda given: given["shown"]
        ),
        "regions mixed up": called(
            upper=lambda given: given["lower"], lower=lambda given: given["upper"]
        ),
        "factor in percent": called(factor=lambda given: 100 * given["factor"]),
        "no overshoot": swapped(keypoints, "OVERSHOOT", 1.0),
        "no limits": lambda: patch.multiple(keypoints, LEAST=-no_limit, MOST=no_limit),
        "all keypoints moved": swapped(keypoints, "LOWER", tuple(range(21))),
        "driving and origin mixed up": wished(_mirrored_wish),
        "rotation the other way": turned(lambda angles: rotations(-angles)),
        "rotation transposed": turned(lambda angles: rotations(angles).swapaxes(1, 2)),
        "yaw and pitch mixed up": turned(lambda angles: rotations(angles[:, [1, 0, 2]])),
        "roll before yaw": turned(_roll_first),
        "radians": turned(lambda angles: rotations(np.degrees(angles))),
        "no translation": swapped(live_portrait, "placed", _without("translation", 0.0)),
        "no scale": swapped(live_portrait, "placed", _without("scale", 1.0)),
        "another template": swapped(live_portrait, "TEMPLATE", "ffhq_512"),
        "made from -1 to 1": swapped(
            live_portrait, "pixels_of", lambda planes, _: tensors.pixels_of(planes, tensors.SIGNED)
        ),
    }
    return [
        *given_wrongly(live_portrait, model),
        *_made(live_portrait, model),
        *_placed(model),
        *(Mutant(error, model, how) for error, how in errors.items()),
    ]


def _mirrored_wish(own: np.ndarray, wanted: np.ndarray, factor: float, **where: Any) -> np.ndarray:
    return 2 * own - keypoints.wished(own, wanted, factor, **where)


def _roll_first(angles: np.ndarray) -> np.ndarray:
    """Return rotations whose angles are applied in the opposite order."""
    return np.stack(
        [
            _about(0, pitch) @ _about(1, yaw) @ _about(2, roll)
            for pitch, yaw, roll in np.radians(angles)
        ]
    ).astype(np.float32)


def _about(axis: int, angle: float) -> np.ndarray:
    turn = np.eye(3)
    first, second = [(1, 2), (2, 0), (0, 1)][axis]
    turn[first, first] = turn[second, second] = np.cos(angle)
    turn[second, first], turn[first, second] = np.sin(angle), -np.sin(angle)
    return turn


def _without(field: str, value: float) -> Callable[..., np.ndarray]:
    def placed(motion: keypoints.Motion, expression: np.ndarray) -> np.ndarray:
        nothing = np.full_like(getattr(motion, field), value)
        return keypoints.placed(replace(motion, **{field: nothing}), expression)

    return placed


MUTANTS: Mapping[str, list[Mutant]] = {
    **looking_mutants.MUTANTS,
    "arcface": _arcface(),
    "crossface": _crossface(),
    "inswapper": _swapper("inswapper_128"),
    "hyperswap": _swapper("hyperswap_1a_256"),
    "simswap": _swapper("simswap_256"),
    "ghost": _swapper("ghost_1_256"),
    "hififace": _swapper("hififace_unofficial_256"),
    "blendswap": _swapper("blendswap_256"),
    "uniface": _swapper("uniface_256"),
    "restoring": _restorer(),
    "live_portrait": _live_portrait(),
    "upscaling": _upscaler(),
}
"""By the name of the adaptor."""
