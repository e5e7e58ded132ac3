"""Analysis of a 720p frame in this process on one core: detection, 478 points, pose, quality."""

from __future__ import annotations

import asyncio
import os
import time

import cv2

from bench.figures import Figure, figure
from bench.pictures import scene
from bench.running import Run
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.analyser import FaceAnalyser
from gateway.inference.local import LocalInference
from gateway.paths import PROJECT_ROOT


def measure(run: Run) -> dict[str, Figure]:
    """Return `analyse_720p_ms`."""
    affinity = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    if affinity:
        os.sched_setaffinity(0, {min(affinity)})
    try:
        values = asyncio.run(_analyse(run.size(60, 2)))
    finally:
        cv2.setNumThreads(threads)
        if affinity:
            os.sched_setaffinity(0, affinity)
    what = "analysis of a 1280×720 frame, one 240 px face, in-process, one core"
    return {"analyse_720p_ms": figure(values, "ms", what, "≤ 8")}


async def _analyse(n: int) -> list[float]:
    inference = LocalInference(PROJECT_ROOT / "model_repository", inline=True)
    compute = Compute(inline=True)
    analyser = FaceAnalyser(inference, compute)
    frame = scene("hopper", (1280, 720), 240)
    values = []
    for i in range(n + 5):
        start = time.perf_counter()
        faces = await analyser.analyse(frame, deadline=Deadline.after(60))
        if i >= 5:
            values.append(1e3 * (time.perf_counter() - start))
    assert len(faces) == 1, "the benchmark's face was not found"
    await inference.close()
    compute.close()
    return values
