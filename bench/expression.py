"""Expression: how well the model fits, how truly expressions are carried over, what it costs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np

from bench.face_model import fitting
from bench.figures import Figure, figure, timed_ms
from bench.fusion import find_face
from bench.pictures import FACES, scene
from bench.running import Run, started
from bench.transfer import Bench, transfer
from gateway.deadline import Deadline
from gateway.faces.analyser import FIT_MODEL
from gateway.faces.morphable.expression import retarget
from gateway.inference.local import LocalInference
from gateway.paths import PROJECT_ROOT
from gateway.processors.expression_restorer import Performance, restore_expression
from gateway.processors.openings import Donor, InpaintingSource


def main() -> None:
    run = started("expression")
    figures = fitting() | asyncio.run(registration(run)) | cost(run) | asyncio.run(transfer(run))
    run.finish(figures)


async def registration(run: Run) -> dict[str, Figure]:
    """Return how far landmarks stray under known motion, noise and blur, at a face of 256 px."""
    rng = np.random.default_rng(0)
    bench = Bench()
    off: list[float] = []
    for name in FACES:
        still = scene(name, (640, 640), 256)
        before = (await bench.face(still)).landmarks[:, :2]
        for _ in range(run.size(12, 1)):
            angle, scale = rng.uniform(-15, 15), rng.uniform(0.85, 1.15)
            matrix = np.asarray(cv2.getRotationMatrix2D((320, 320), angle, scale), np.float64)
            matrix[:, 2] += rng.uniform(-25, 25, 2)
            moved = cv2.warpAffine(
                still, matrix, (640, 640), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
            )
            moved = cv2.GaussianBlur(moved, (0, 0), rng.uniform(0.3, 1.0))
            moved = np.clip(moved + rng.normal(0, 3, moved.shape), 0, 255).astype(np.uint8)
            known = before @ matrix[:, :2].T + matrix[:, 2]
            found = (await bench.face(moved)).landmarks[:, :2]
            off += np.linalg.norm(found - known, axis=1)[:468].tolist()
    await bench.close()
    what = "landmarks under known motion, noise and blur, 256 px face"
    return {"registration_px_median": figure(off, "px", what, "≤ 0.5")}


def cost(run: Run) -> dict[str, Figure]:
    """Return what fitting and carrying over cost on one core."""
    n = run.size(60, 2)
    target, source = scene("hopper", (1920, 1080), 400), scene("astronaut", (1920, 1080), 420)
    face, other = find_face(target), find_face(source)
    sizes = np.array([[1920, 1080]], np.float32)
    donor = Donor(source, other.landmarks, InpaintingSource.SOURCE)
    wanted = retarget(other.expression, other.rest, face.rest)
    inputs = {"landmarks": face.landmarks[None], "size": sizes}
    eight = {key: np.repeat(value, 8, axis=0) for key, value in inputs.items()}

    async def fits(feeds: dict[str, np.ndarray]) -> list[float]:
        inference = LocalInference(PROJECT_ROOT / "model_repository", inline=True)
        loop = asyncio.get_running_loop()
        values = []
        for i in range(n + 5):
            start = loop.time()
            await inference.infer(FIT_MODEL, feeds, deadline=Deadline.after(60))
            if i >= 5:
                values.append(1e3 * (loop.time() - start))
        await inference.close()
        return values

    with one_core():
        one = asyncio.run(fits(inputs))
        many = [v / 8 for v in asyncio.run(fits(eight))]
        for_folds = Performance(wanted, seen_in=donor, donors=[donor])
        plain = Performance(wanted, donors=[donor])
        transfer_ms = timed_ms(lambda: restore_expression(target, face, plain), n)
        folds_ms = timed_ms(lambda: restore_expression(target, face, for_folds), n)
    return {
        "fit_ms": figure(one, "ms", "one face, ONNX in-process, one core", "≤ 1"),
        "fit_of_eight_ms": figure(many, "ms", "the same per face, eight at a time"),
        "transfer_ms": figure(transfer_ms, "ms", "expression onto a 400 px face, one core", "≤ 10"),
        "transfer_folds_ms": figure(folds_ms, "ms", "the same with folds"),
    }


@contextmanager
def one_core() -> Iterator[None]:
    affinity = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    if affinity:
        os.sched_setaffinity(0, {min(affinity)})
    try:
        yield
    finally:
        cv2.setNumThreads(threads)
        if affinity:
            os.sched_setaffinity(0, affinity)


if __name__ == "__main__":
    main()
