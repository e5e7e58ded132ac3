"""CPU time of the array work around networks, which themselves cost nothing here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.figures import Figure, figure
from bench.running import Run
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces import blazeface
from gateway.inference.protocol import ModelState, Tensors
from gateway.networks import arcface, live_portrait
from gateway.networks.crops import aligned_crops
from gateway.networks.restoring import RESTORERS, FaceRestorer
from gateway.networks.swapping.network import SwapNetwork
from gateway.networks.swapping.specs import SWAPPERS
from gateway.networks.tensors import SIGNED, UNIT, planes_of
from gateway.networks.upscaling import UPSCALERS, Upscaler
from tests.standins.pictures import picture

ROUNDS = 15
FACES = 4
INLINE = Compute(inline=True)
Answers = Callable[[Tensors], dict[str, NDArray[Any]]]


class Instant:
    """An `Inference` whose networks take no time."""

    def __init__(self, **answers: Answers) -> None:
        self._answers = answers

    async def infer(
        self, model: str, inputs: Tensors, *, deadline: Deadline
    ) -> dict[str, NDArray[Any]]:
        return self._answers[model](inputs)

    async def model_states(self) -> list[ModelState]:
        return []

    async def close(self) -> None:
        return None


def measure(run: Run) -> dict[str, Figure]:
    image = picture(1080, 1920)
    shape = np.array([[-90, -60], [90, -60], [0, 20], [-70, 100], [70, 100]], np.float32)
    points = shape + np.array([[400, 400], [800, 500], [1200, 450], [1500, 600]])[:, None]
    return asyncio.run(_measure(run, image, points.astype(np.float32)))


async def _measure(run: Run, image: NDArray[Any], points: NDArray[Any]) -> dict[str, Figure]:
    figures: dict[str, Figure] = {}

    async def add(key: str, work: Callable[[], Awaitable[object]], per: float, what: str) -> None:
        for _ in range(2):
            await work()
        values = []
        for _ in range(run.size(ROUNDS, 1)):
            begin = time.process_time()
            await work()
            values.append(1e3 * (time.process_time() - begin) / per)
        figures[f"cpu_{key}_ms"] = figure(values, "ms", f"CPU time, {what}")

    for name, sides in (("inswapper_128", (128, 256, 512)), ("hyperswap_1a_256", (256, 512))):
        work = _swapping(name, sides, image, points)
        for side, one in work.items():
            about = f"per face: crop of 1080p, in and out of {name} at {side} px"
            await add(f"{name}_{side}", one, FACES, about)
    await add("arcface", _embedding(image, points), FACES, "per face: crop, in and out of ArcFace")
    about = "per face: crop, in and out of gfpgan_1.4 at 512 px"
    await add("gfpgan_512", _restoring(image, points), FACES, about)
    about = "per face: crops, three networks of LivePortrait"
    await add("live_portrait", _expressing(image, points), FACES, about)
    for name in ("real_esrgan_x2", "real_esrgan_x4"):
        some = image[:1000, :1000]
        await add(name, _upscaling(name, some), 1, f"per megapixel that goes into {name}, by tiles")

    async def look() -> object:
        view = blazeface.whole_view(image, 640, angle_deg=0)
        return planes_of(view.pixels[None], SIGNED)

    await add("detector_640", look, 1, "per frame: 1080p to 640 px and to planes, boxes not read")
    return figures


def _swapping(
    name: str, sides: tuple[int, ...], image: NDArray[Any], points: NDArray[Any]
) -> dict[int, Callable[[], Awaitable[object]]]:
    spec = SWAPPERS[name]
    instant = Instant(**{name: lambda given: {"output": given["target"]}})
    network = SwapNetwork(spec, instant, INLINE, emap=np.eye(512, dtype=np.float32))
    latents = np.zeros((FACES, 512), np.float32)

    def at(side: int) -> Callable[[], Awaitable[object]]:
        async def work() -> object:
            crops, _ = aligned_crops(image, points, spec.template, side)
            return await network.swap(crops, latents, deadline=Deadline.after(60))

        return work

    return {side: at(side) for side in sides}


def _embedding(image: NDArray[Any], points: NDArray[Any]) -> Callable[[], Awaitable[object]]:
    def answer(given: Tensors) -> dict[str, NDArray[Any]]:
        return {"output": np.ones((len(given["input"]), arcface.LENGTH), np.float32)}

    network = arcface.ArcFace(Instant(**{arcface.ARCFACE: answer}), INLINE)

    async def work() -> object:
        crops, _ = aligned_crops(image, points, arcface.TEMPLATE, arcface.SIDE_PX)
        return await network.embed(crops, deadline=Deadline.after(60))

    return work


def _restoring(image: NDArray[Any], points: NDArray[Any]) -> Callable[[], Awaitable[object]]:
    spec = RESTORERS["gfpgan_1.4"]
    instant = Instant(**{spec.name: lambda given: {"output": given["input"]}})
    network = FaceRestorer(spec, instant, INLINE)

    async def work() -> object:
        crops, _ = aligned_crops(image, points, spec.template, spec.side_px)
        return await network.restore(crops, weight=0.5, deadline=Deadline.after(60))

    return work


def _expressing(image: NDArray[Any], points: NDArray[Any]) -> Callable[[], Awaitable[object]]:
    side = live_portrait.SIDE_PX
    moved = ((1,), (1,), (1,), (1,), (3,), (21, 3), (21, 3))
    volume = np.zeros((FACES, *live_portrait.VOLUME), np.float32)
    made = np.zeros((FACES, 3, side, side), np.float32)
    motion = {str(i): np.zeros((2 * FACES, *shape), np.float32) for i, shape in enumerate(moved)}
    answers: dict[str, Answers] = {
        live_portrait.FEATURE_EXTRACTOR: lambda given: {"output": volume},
        live_portrait.MOTION_EXTRACTOR: lambda given: motion,
        live_portrait.GENERATOR: lambda given: {"output": made},
    }
    network = live_portrait.LivePortrait(Instant(**answers), INLINE)

    async def work() -> object:
        crops, _ = aligned_crops(image, points, live_portrait.TEMPLATE, side)
        return await network.express(
            crops, crops, factor=1, upper=True, lower=True, deadline=Deadline.after(60)
        )

    return work


def _upscaling(name: str, image: NDArray[Any]) -> Callable[[], Awaitable[object]]:
    spec = UPSCALERS[name]
    side = spec.tiling.side_px * spec.tiling.scale
    made = planes_of(np.zeros((4, side, side, 3), np.uint8), UNIT)
    instant = Instant(**{name: lambda given: {"output": made[: len(given["input"])]}})
    network = Upscaler(spec, instant, INLINE)

    async def work() -> object:
        return await network.upscale(image, deadline=Deadline.after(60), batch=4)

    return work
