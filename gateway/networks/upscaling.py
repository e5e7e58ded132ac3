"""Makes pictures finer: networks of super-resolution, which see a tile at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gateway.arrays import F32, U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.imaging.enhance.tiles import TileCanvas, TileSpan, Tiling, spans_of, tile_of
from gateway.inference.protocol import Inference
from gateway.networks.tensors import UNIT, answer_of, planes_of

IN_FLIGHT = 3
"""Batches of one picture that are worked on at a time: one is prepared, one runs, one is
written."""


@dataclass(frozen=True, slots=True)
class UpscaleSpec:
    """One network of super-resolution. All take and give RGB from 0 to 1.

    Attributes:
        name: Of the model.
        tiling: The side of its tiles, and how much larger they become.
        automatic: Whether `auto` may take it; others only by their name.
    """

    name: str
    tiling: Tiling
    automatic: bool = False


_SMALL = Tiling(64, 2, 4, 4)
_USUAL = Tiling(128, 4, 8, 4)
_LARGE = Tiling(1024, 32, 64, 4)
_X2, _X4, _X8 = (Tiling(256, 8, 16, scale) for scale in (2, 4, 8))
UPSCALERS: Mapping[str, UpscaleSpec] = {
    spec.name: spec
    for spec in (
        UpscaleSpec("real_esrgan_x2", _X2, automatic=True),
        UpscaleSpec("real_esrgan_x4", _X4, automatic=True),
        UpscaleSpec("span_kendata_x4", _USUAL, automatic=True),
        UpscaleSpec("real_esrgan_x2_fp16", _X2, automatic=True),
        UpscaleSpec("real_esrgan_x4_fp16", _X4),
        UpscaleSpec("real_esrgan_x8", _X8),
        UpscaleSpec("real_esrgan_x8_fp16", _X8),
        UpscaleSpec("real_hatgan_x4", _X4),
        UpscaleSpec("clear_reality_x4", _USUAL),
        UpscaleSpec("ultra_sharp_x4", _USUAL),
        UpscaleSpec("ultra_sharp_2_x4", _LARGE),
        UpscaleSpec("nomos8k_sc_x4", _USUAL),
        UpscaleSpec("realistic_rescaler_x4", _USUAL),
        UpscaleSpec("remacri_x4", _USUAL),
        UpscaleSpec("siax_x4", _USUAL),
        UpscaleSpec("swin2_sr_x4", _USUAL),
        UpscaleSpec("real_web_photo_x4", _SMALL),
        UpscaleSpec("face_dat_x4", _USUAL),
        UpscaleSpec("tghq_face_x8", Tiling(128, 4, 8, 8)),
    )
}
"""All of them, by name, the best first: `auto` takes the first automatic one that is installed
and enlarges enough.

No measurement of this project stands behind the order, as it has run only stand-ins of these
networks. Real-ESRGAN comes first as it is trained for all kinds of damage and content, the smaller
scale first as most of a larger one's output is discarded; SPAN is lighter; half precision comes
last. The others are for one kind of picture, or a matter of taste.

The margin of a tile is the one that common programs crop; over twice that, it goes over
into its neighbour here.
"""

TilePlaces = Sequence[tuple[TileSpan, TileSpan]]


class Upscaler:
    """Runs a network of super-resolution over pictures of any size."""

    def __init__(self, spec: UpscaleSpec, inference: Inference, compute: Compute) -> None:
        """Take one of `UPSCALERS`, what runs it, and what runs the array work."""
        self.spec = spec
        self._inference = inference
        self._compute = compute

    async def upscale(self, image: U8, *, deadline: Deadline, batch: int) -> U8:
        """Return a picture, `scale` times as large on each side.

        Memory is that of the result, and of a few batches of tiles.

        Args:
            image: uint8 RGB (H, W, 3).
            deadline: When the answer is of no use any more.
            batch: Tiles of one request, at least 1.

        Returns:
            uint8 RGB (H · scale, W · scale, 3).

        Raises:
            UnknownModel: the network has not been installed.
            InferenceError, DeadlineExceeded: from the network.
        """
        tiling = self.spec.tiling
        rows, columns = (spans_of(length, tiling) for length in image.shape[:2])
        places = [(row, column) for row in rows for column in columns]
        canvas = TileCanvas(rows, columns, tiling.scale)
        running: deque[tuple[TilePlaces, asyncio.Task[F32]]] = deque()
        try:
            for start in range(0, len(places), batch):
                some = places[start : start + batch]
                running.append((some, asyncio.create_task(self._made(image, some, deadline))))
                if len(running) == IN_FLIGHT:
                    await self._lay_first(canvas, running)
            while running:
                await self._lay_first(canvas, running)
        finally:
            for _, task in running:
                task.cancel()
            # Their errors are of no interest any more, but they must have ended.
            await asyncio.gather(*(task for _, task in running), return_exceptions=True)
        return await self._compute.run(canvas.finished)

    async def _lay_first(
        self, canvas: TileCanvas, running: deque[tuple[TilePlaces, asyncio.Task[F32]]]
    ) -> None:
        """Await the batch that was begun first, and lay down what became of it."""
        places, task = running[0]
        planes = await task
        running.popleft()

        def lay() -> None:
            for (row, column), tile in zip(places, planes, strict=True):
                canvas.add(row, column, tile)

        await self._compute.run(lay)

    async def _made(self, image: U8, places: TilePlaces, deadline: Deadline) -> F32:
        """Return what becomes of some tiles: planes (N, 3, n, n), 0–1."""
        name, tiling = self.spec.name, self.spec.tiling

        def tensor() -> F32:
            tiles = [tile_of(image, row, column, tiling.side_px) for row, column in places]
            return planes_of(np.stack(tiles), UNIT)

        planes = await self._compute.run(tensor)
        outputs = await self._inference.infer(name, {"input": planes}, deadline=deadline)
        side = tiling.side_px * tiling.scale
        return await self._compute.run(answer_of, name, outputs, (len(places), 3, side, side))
