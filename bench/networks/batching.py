"""Faces a second on a real Triton, with requests joined and not, side by side."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import grpc
import numpy as np
from numpy.typing import NDArray
from semblant_triton.launcher import EmbeddedTriton
from tritonclient.grpc import service_pb2, service_pb2_grpc

from bench.figures import Figure, figure
from bench.networks import made
from bench.running import Run
from gateway.deadline import Deadline
from gateway.inference.triton import TritonInference
from gateway.models.zoo import load_zoo
from gateway.paths import PROJECT_ROOT

CONCURRENT = (1, 8, 32)
REPEATS = 5
REQUESTS = 128
Feed = dict[str, NDArray[Any]]


def measure(run: Run, folder: Path) -> dict[str, Figure]:
    with EmbeddedTriton(made.repository(folder), PROJECT_ROOT / ".venv-triton") as triton:
        return asyncio.run(_measure(run, triton.grpc_url))


async def _measure(run: Run, url: str) -> dict[str, Figure]:
    zoo = load_zoo(PROJECT_ROOT / "model_repository")
    figures: dict[str, Figure] = {}
    inference = TritonInference(url)
    rng = np.random.default_rng(0)
    for shape, name in made.SHAPES.items():
        model = zoo.model(name)
        row = {t.name: rng.random((1, *t.shape), np.float32) for t in model.inputs}
        for kind in made.KINDS:
            cost = f", {made.conv_gflop(model):.2f} GFLOP" if kind == "conv" else ""
            for clients in CONCURRENT:
                about = f"{kind} {shape}{cost}, {clients} at a time"
                figures |= await _compare(
                    run, inference, url, (kind, shape), row, clients, about=about
                )
    await inference.close()
    return figures


async def _compare(
    run: Run,
    inference: TritonInference,
    url: str,
    network: tuple[str, str],
    row: Feed,
    clients: int,
    *,
    about: str,
) -> dict[str, Figure]:
    rates: dict[str, list[float]] = {mode: [] for mode in made.MODES}
    waits: dict[str, list[float]] = {mode: [] for mode in made.MODES}
    batches: dict[str, list[float]] = {mode: [] for mode in made.MODES}
    requests = run.size(REQUESTS if clients > 1 else REQUESTS // 4, clients)
    for turn in range(run.size(REPEATS, 1)):
        # In turns, and each first in its turn: whatever else the machine does meets all of them.
        for step in range(len(made.MODES)):
            mode = made.MODES[(turn + step) % len(made.MODES)]
            name = made.served(*network, mode)
            await _loop(inference, name, row, clients, clients)
            before = counts(url, name)
            rate, times = await _loop(inference, name, row, clients, requests)
            after = counts(url, name)
            rates[mode].append(rate)
            waits[mode] += times
            batches[mode].append((after[0] - before[0]) / max(after[1] - before[1], 1))
    key = f"{'_'.join(network)}_{clients}"
    told: dict[str, Figure] = {}
    for mode in made.MODES:
        told[f"{key}_{mode}_fps"] = figure(rates[mode], "1/s", f"faces a second, {mode}, {about}")
        told[f"{key}_{mode}_ms"] = figure(waits[mode], "ms", f"latency, {mode}, {about}")
        told[f"{key}_{mode}_batch"] = figure(batches[mode], "", f"mean batch, {mode}, {about}")
    for mode in made.MODES[1:]:
        ratio = np.array(rates[mode]) / rates["off"]
        told[f"{key}_{mode}_ratio"] = figure(list(ratio), "", f"faces, {mode} over off, {about}")
    return told


async def _loop(
    inference: TritonInference, name: str, row: Feed, clients: int, requests: int
) -> tuple[float, list[float]]:
    """Return faces a second and each one's milliseconds, clients asking again when answered."""
    times: list[float] = []
    left = iter(range(requests))

    async def client() -> None:
        for _ in left:
            begin = time.perf_counter()
            await inference.infer(name, row, deadline=Deadline.after(60))
            times.append(1e3 * (time.perf_counter() - begin))

    begin = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return requests / (time.perf_counter() - begin), times


def counts(url: str, name: str) -> tuple[int, int]:
    """Return a model's inferences and executions so far."""
    with grpc.insecure_channel(url) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        (found,) = stub.ModelStatistics(service_pb2.ModelStatisticsRequest(name=name)).model_stats
    return found.inference_count, found.execution_count
