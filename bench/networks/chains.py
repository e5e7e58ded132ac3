"""Two networks in a row: as two calls, and as one ensemble on the server.

Of our chains only an embedding and its converter can be one, and only at the neutral weight.
Between all others lies array work: detector → boxes → crops → landmarks → crops; crops →
embedding → mixing, the emap's product, length 1 → swapper; motion → wished expression →
generator; swapper → fusing → crops → restorer; tiles.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import numpy as np
from semblant_triton.launcher import EmbeddedTriton

from bench.figures import Figure, figure
from bench.networks import made
from bench.running import Run
from gateway.deadline import Deadline
from gateway.inference.triton import TritonInference
from gateway.paths import PROJECT_ROOT

CALLS = 300


def measure(run: Run, folder: Path) -> dict[str, Figure]:
    with EmbeddedTriton(made.chain(folder), PROJECT_ROOT / ".venv-triton") as triton:
        return asyncio.run(_measure(run, triton.grpc_url))


async def _measure(run: Run, url: str) -> dict[str, Figure]:
    inference = TritonInference(url)
    planes = np.random.default_rng(0).random((1, 3, 112, 112), np.float32)

    async def call(name: str, given: np.ndarray) -> np.ndarray:
        outputs = await inference.infer(name, {"input": given}, deadline=Deadline.after(60))
        return next(iter(outputs.values()))

    async def two() -> np.ndarray:
        return await call("crossface_ghost", await call("arcface_w600k_r50", planes))

    async def one() -> np.ndarray:
        return await call(made.CHAIN, planes)

    assert np.allclose(await one(), await two(), rtol=1e-4)
    apart: list[float] = []
    joined: list[float] = []
    for _ in range(run.size(CALLS, 2)):
        for work, times in ((two, apart), (one, joined)):
            begin = time.perf_counter()
            await work()
            times.append(1e3 * (time.perf_counter() - begin))
    await inference.close()
    saved = list(np.array(apart) - joined)
    return {
        "two_calls_ms": figure(apart, "ms", "embedding and converter, two calls"),
        "ensemble_ms": figure(joined, "ms", "the same as an ensemble, one call"),
        "ensemble_saves_ms": figure(saved, "ms", "saved per face, call by call"),
    }
