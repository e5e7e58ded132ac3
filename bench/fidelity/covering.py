"""How well it is told what covers a face: drawn things, whose outline is known."""

from __future__ import annotations

import numpy as np

from bench import data
from bench.fidelity.occluders import PAINTERS, occlude
from bench.fidelity.variants import hard_light
from bench.figures import Figure, figure
from bench.pictures import FACES, scene
from bench.running import Run
from bench.transfer import Bench
from gateway.arrays import F32, U8
from gateway.deadline import Deadline
from gateway.faces.atlas import atlas
from gateway.faces.face import Face
from gateway.faces.topology import N_MESH, topology
from gateway.imaging.geometry.raster import rasterise
from gateway.imaging.geometry.warp import bounding_region
from gateway.imaging.masks.soft import sampled
from gateway.pipeline.face.masking import Masking
from gateway.pipeline.options.swap import SwapOptions
from gateway.pipeline.selection.models import ModelSelector

RIM = 0.05  # inter-ocular distances from the outline, where hardly anything of a new face is seen
PORTRAITS, UNCOVERED = 12, 0.03  # held out; share of an inner face found covered without glasses
INNER = 0.35  # inter-ocular distances from the outline, where on a bare face nothing is


async def hidden_in(bench: Bench, image: U8, face: Face) -> tuple[F32, F32]:
    """Return where a face is said to be covered, 0–1, and how far inside its outline, (H, W)."""
    masking = Masking(ModelSelector(bench.inference, bench.compute))
    (seen,) = await masking.look(image, [face], SwapOptions(), deadline=Deadline.after(60))
    assert seen is not None
    region = bounding_region(face.landmarks[:N_MESH, :2], image.shape[:2], 1)
    assert region is not None
    vertices = face.landmarks[:N_MESH].copy()
    vertices[:, :2] -= region.origin_xy
    place = rasterise(vertices, topology().triangles, atlas().place, region.shape, background=-1)
    hidden, inside = (np.zeros(image.shape[:2], np.float32) for _ in range(2))
    region.of(hidden)[...] = (1 - sampled(seen.visible, place)) * (place[0] >= 0)
    region.of(inside)[...] = sampled(atlas().outline, place) * (place[0] >= 0)
    return hidden, inside


async def measure(bench: Bench, run: Run) -> dict[str, Figure]:
    """Return the overlap of what was drawn with what was found, and what was found for nothing."""
    faces = {name: scene(name, (640, 640), 300) for name in FACES}
    faces |= data.held_out_portraits(run.size(PORTRAITS, 1))
    faces |= {f"video {n}": frame for n, frame in enumerate(data.talking_head(run.size(90, 10**4)))}
    overlaps: dict[str, list[float]] = {}
    falsely, shaded = [], []
    for name, image in faces.items():
        own = await bench.face(image)
        bare, inside = await hidden_in(bench, image, own)
        if name.startswith("video"):
            falsely.append(100 * float((bare[inside > INNER] > 0.5).mean()))
        elif name not in FACES and (bare[inside > INNER] > 0.5).mean() < UNCOVERED:
            for seed in range(run.size(6, 1)):
                dark, within = await hidden_in(bench, hard_light(seed)(image, own.landmarks), own)
                shaded.append(100 * float((dark[within > INNER] > 0.5).mean()))
        for what in PAINTERS:
            for seed in range(run.size(6, 1)):
                covered, alpha = occlude(what, image, own.landmarks, seed)
                found, within = await hidden_in(bench, covered, await bench.face(covered))
                told, true = found > 0.5, alpha > 0.5
                # What covers the face in the picture itself is not known to the pixel, and where
                # no face is found none is put.
                counts = (within > RIM) & ((bare < 0.5) | true)
                either = ((told | true) & counts).sum()
                if (true & counts).sum() > 50:
                    both = (told & true & counts).sum()
                    overlaps.setdefault(what, []).append(float(both / either))
    everything = [value for values in overlaps.values() for value in values]
    out = {"occlusion_iou": figure(everything, "", "mask and what was drawn", "≥ 0.85")}
    for what, values in overlaps.items():
        out[f"occlusion_iou_{what}"] = figure(values, "", f"the same, {what}")
    if falsely:
        out["occlusion_false_pct"] = figure(falsely, "%", "of bare inner faces said to be covered")
    if shaded:
        out["occlusion_false_shaded_pct"] = figure(
            shaded, "%", "the same of people held out, under drawn hard light", "≤ 0.5"
        )
    return out
