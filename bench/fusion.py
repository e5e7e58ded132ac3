"""Fusion of a 400 px face into 1080p: geometry, dense map, warp, mask, colour, membrane, blend."""

from __future__ import annotations

import asyncio

import numpy as np

from bench.figures import Figure, figure, timed_ms
from bench.pictures import scene
from bench.running import Run
from gateway.arrays import U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.face import Face
from gateway.imaging.blend.fuse import fuse
from gateway.inference.local import LocalInference
from gateway.paths import PROJECT_ROOT
from gateway.processors.base import Portrait
from gateway.processors.face_swapper import SwapSettings, swap_layer
from gateway.processors.masks import matte_of
from gateway.processors.openings import eye_distance


def measure(run: Run) -> dict[str, Figure]:
    """Return `fusion_400px_1080p_ms`."""
    source, target = scene("astronaut", (1920, 1080), 420), scene("hopper", (1920, 1080), 400)
    portrait = Portrait(source, find_face(source))
    face = find_face(target)
    settings = SwapSettings()

    def work() -> None:
        layer = swap_layer(target, face, portrait, settings)
        assert layer is not None
        view = np.ascontiguousarray(layer.region.of(target))
        fuse(view, layer.pixels, matte_of(layer), unit_px=eye_distance(face.landmarks))

    what = "fusion of a 400 px face into 1920×1080, everything between the networks"
    return {"fusion_400px_1080p_ms": figure(timed_ms(work, run.size(60, 2)), "ms", what, "≤ 8")}


def find_face(image: U8) -> Face:
    """Return the largest face of a picture."""

    async def run() -> Face:
        inference, compute = LocalInference(PROJECT_ROOT / "model_repository"), Compute()
        faces = await FaceAnalyser(inference, compute).analyse(image, deadline=Deadline.after(60))
        await inference.close()
        compute.close()
        return faces[0]

    return asyncio.run(run())
