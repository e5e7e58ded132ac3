"""The service as its users meet it: HTTP in and out, every network on a real Triton server."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import grpc
import httpx
from semblant_triton.launcher import EmbeddedTriton
from tritonclient.grpc import service_pb2, service_pb2_grpc

from bench.figures import Figure, figure
from bench.pictures import jpeg, portrait, scene
from bench.running import Run
from gateway.paths import PROJECT_ROOT
from gateway.settings import Settings

CLIENTS = 16


def measure(run: Run) -> dict[str, Figure]:
    """Return the figures of single requests and of many at once."""
    small = {"source": jpeg(portrait("hopper")[:512]), "target": jpeg(portrait("astronaut"))}
    large = {
        "source": jpeg(scene("hopper", (1920, 1080), 420)),
        "target": jpeg(scene("astronaut", (1920, 1080), 400)),
    }
    settings, n = Settings(), run.size(40, 1)
    with (
        EmbeddedTriton(settings.model_repository, settings.triton_environment) as triton,
        gateway(triton.grpc_url) as served,
    ):
        address = served.address
        one_small, one_large = latencies(address, small, n), latencies(address, large, n)
        rates, mean_batch = asyncio.run(many(address, small, triton.grpc_url, run.size(24, 3)))
    return {
        "http_swap_512_p50_ms": figure(
            one_small, "ms", "HTTP swap, 512×512 JPEG in and out, one client", "≤ 60"
        ),
        "http_swap_1080p_p50_ms": figure(
            one_large, "ms", "HTTP swap, 1920×1080 JPEG in and out, 400 px face", "≤ 120"
        ),
        "rps_16": figure(rates, "1/s", f"512×512 swaps per second, {CLIENTS} clients, by second"),
        "mean_batch_16": figure([mean_batch], "", f"Triton's mean batch, {CLIENTS} clients"),
    }


@dataclass(frozen=True)
class Gateway:
    """A service that runs.

    Attributes:
        address: Of HTTP.
        rpc: host:port of gRPC, if that is served.
        pid: Of its process.
    """

    address: str
    rpc: str
    pid: int


@contextmanager
def gateway(triton_url: str, protocols: str = "http", **settings: str) -> Iterator[Gateway]:
    """Serve on free ports with a Triton that is already there, by further settings."""
    port, rpc_port = _free_port(), _free_port()
    command = [sys.executable, "-m", "semblant", "serve", "--port", str(port)]
    environment = os.environ | {"SEMBLANT_LOG_LEVEL": "warning", "SEMBLANT_SHUTDOWN_GRACE_S": "0"}
    environment |= {"SEMBLANT_PROTOCOLS": protocols, "SEMBLANT_GRPC_PORT": str(rpc_port)}
    environment |= {f"SEMBLANT_{name.upper()}": value for name, value in settings.items()}
    process = subprocess.Popen(
        [*command, "--triton-url", triton_url], cwd=PROJECT_ROOT, env=environment
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                if httpx.get(f"{address}/readyz").is_success:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        else:
            raise SystemExit("the gateway does not become ready")
        yield Gateway(address, f"127.0.0.1:{rpc_port}", process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def latencies(address: str, pictures: dict[str, bytes], n: int) -> list[float]:
    """Return the milliseconds of `n` requests, one after another."""
    values = []
    with httpx.Client(base_url=address, timeout=60) as client:
        for i in range(n + 5):
            start = time.perf_counter()
            answer = client.post("/v1/swaps", files=pictures, headers={"Accept": "image/jpeg"})
            if i >= 5:
                values.append(1e3 * (time.perf_counter() - start))
            answer.raise_for_status()
    return values


async def many(
    address: str, pictures: dict[str, bytes], triton_url: str, seconds: int
) -> tuple[list[float], float]:
    """Return completions in each second with many clients, and Triton's mean batch meanwhile."""
    done: list[float] = []
    async with httpx.AsyncClient(
        base_url=address, timeout=60, limits=httpx.Limits(max_connections=CLIENTS)
    ) as client:

        async def one_client(until: float) -> None:
            while time.perf_counter() < until:
                answer = await client.post(
                    "/v1/swaps", files=pictures, headers={"Accept": "image/jpeg"}
                )
                answer.raise_for_status()
                done.append(time.perf_counter())

        before = batches(triton_url)
        start = time.perf_counter()
        await asyncio.gather(*(one_client(start + seconds) for _ in range(CLIENTS)))
        after = batches(triton_url)
    rates = [float(sum(start + s <= t < start + s + 1 for t in done)) for s in range(2, seconds)]
    return rates, round((after[0] - before[0]) / max(after[1] - before[1], 1), 3)


def batches(triton_url: str) -> tuple[int, int]:
    """Return inferences and executions so far, over all models."""
    with grpc.insecure_channel(triton_url) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        stats = stub.ModelStatistics(service_pb2.ModelStatisticsRequest()).model_stats
    return sum(s.inference_count for s in stats), sum(s.execution_count for s in stats)
