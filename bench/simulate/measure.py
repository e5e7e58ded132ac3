"""What the real service takes on this machine: alone, by how many at once, and under arrivals."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx
import numpy as np
from semblant_triton.launcher import EmbeddedTriton
from tritonclient.grpc import service_pb2, service_pb2_grpc

from bench.pictures import jpeg, portrait
from bench.service import Gateway, gateway
from gateway.settings import Settings

HEADERS = {"Accept": "image/jpeg"}


@dataclass(frozen=True)
class Served:
    """The real service, and the Triton behind it.

    Attributes:
        gateway: The service.
        triton_url: Of Triton's gRPC.
        triton_pid: Of its server.
        pictures: What is sent: a source and a target.
    """

    gateway: Gateway
    triton_url: str
    triton_pid: int
    pictures: dict[str, bytes]


@dataclass(frozen=True)
class Alone:
    """What a picture takes where nothing else happens.

    Attributes:
        latencies_ms: Of each.
        stages_ms: Medians by stage of the gateway.
        gateway_core_ms: Processor time of the gateway for a picture.
        triton_core_ms: Processor time of Triton for a picture.
        models_ms: By network, what Triton computes for a picture.
        others: Share of the machine's cores that others took meanwhile.
    """

    latencies_ms: list[float]
    stages_ms: dict[str, float]
    gateway_core_ms: float
    triton_core_ms: float
    models_ms: dict[str, float]
    others: float


@dataclass(frozen=True)
class Arrived:
    """What became of arrivals.

    Attributes:
        latencies_ms: Of pictures that were answered.
        refused: How many were refused.
        span_s: From the first arrival to the last answer.
        others: Share of the machine's cores that others took meanwhile.
    """

    latencies_ms: list[float]
    refused: int
    span_s: float
    others: float


@contextmanager
def served() -> Iterator[Served]:
    """Serve with networks on an embedded Triton, as users on one machine do."""
    settings = Settings()
    with (
        EmbeddedTriton(settings.model_repository, settings.triton_environment) as triton,
        gateway(triton.grpc_url) as made,
    ):
        pid = triton.server_pid
        assert pid is not None
        pictures = {"source": jpeg(portrait("hopper")[:512]), "target": jpeg(portrait("astronaut"))}
        yield Served(made, triton.grpc_url, pid, pictures)


def alone(service: Served, n: int, warm_up: int = 5) -> Alone:
    """Measure `n` pictures one after another."""
    latencies, stages = [], []
    with httpx.Client(base_url=service.gateway.address, timeout=60) as client:
        for i in range(n + warm_up):
            if i == warm_up:
                others = _others()
                cores = _processor_s(service.gateway.pid), _processor_s(service.triton_pid)
                models = _computed_s(service.triton_url)
            began = time.perf_counter()
            answer = client.post("/v1/swaps", files=service.pictures, headers=HEADERS)
            answer.raise_for_status()
            if i >= warm_up:
                latencies.append(1e3 * (time.perf_counter() - began))
                stages.append(_stages(answer.headers["Server-Timing"]))
    names = dict.fromkeys(name for one in stages for name in one)
    after = _computed_s(service.triton_url)
    return Alone(
        latencies,
        {name: float(np.median([one.get(name, 0.0) for one in stages])) for name in names},
        1e3 * (_processor_s(service.gateway.pid) - cores[0]) / n,
        1e3 * (_processor_s(service.triton_pid) - cores[1]) / n,
        {name: 1e3 * (after[name] - models[name]) / n for name in after},
        others(),
    )


async def closed(service: Served, callers: int, seconds: float) -> tuple[float, float]:
    """Return pictures a second of callers each of whom waits, and the cores' share of others."""
    ends: list[float] = []
    others = _others()
    async with _client(service) as client:
        began = time.perf_counter()

        async def caller() -> None:
            while time.perf_counter() < began + seconds:
                answer = await client.post("/v1/swaps", files=service.pictures, headers=HEADERS)
                answer.raise_for_status()
                ends.append(time.perf_counter())

        await asyncio.gather(*(caller() for _ in range(callers)))
    # Without the first round, which all begin together, and the last, which falls off.
    kept = sorted(ends)[callers - 1 : -callers] if len(ends) > 3 * callers else sorted(ends)
    rate = (len(kept) - 1) / (kept[-1] - kept[0]) if len(kept) > 1 else len(ends) / seconds
    return rate, others()


async def limit(service: Served, callers: int, seconds: float) -> float:
    """Return how many requests are worked on at the same time while so many callers wait."""

    async def looked() -> list[float]:
        found = []
        async with _client(service) as client:
            until = time.perf_counter() + seconds
            while time.perf_counter() < until:
                await asyncio.sleep(0.5)
                text = (await client.get("/metrics")).text
                line = next(
                    o for o in text.splitlines() if o.startswith("semblant_requests_limit ")
                )
                found.append(float(line.split()[1]))
        return found

    _, found = await asyncio.gather(closed(service, callers, seconds), looked())
    return float(np.mean(found[len(found) // 2 :]))


async def arriving(service: Served, at_s: Sequence[float]) -> Arrived:
    """Measure pictures that arrive at given seconds, whatever became of those before."""
    latencies: list[float] = []
    refused = 0
    others = _others()
    async with _client(service) as client:
        began = time.perf_counter()

        async def one() -> None:
            nonlocal refused
            sent = time.perf_counter()
            answer = await client.post("/v1/swaps", files=service.pictures, headers=HEADERS)
            if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
                refused += 1
                return
            answer.raise_for_status()
            latencies.append(1e3 * (time.perf_counter() - sent))

        tasks = []
        for at in at_s:
            await asyncio.sleep(max(0.0, began + at - time.perf_counter()))
            tasks.append(asyncio.create_task(one()))
        await asyncio.gather(*tasks)
        span_s = time.perf_counter() - began
    return Arrived(latencies, refused, span_s, others())


def _others() -> Callable[[], float]:
    """Return what tells the share of the cores that others have taken since."""
    before = time.monotonic(), _busy_s(), _processor_s(os.getpid())

    def taken() -> float:
        span_s = (time.monotonic() - before[0]) * (os.cpu_count() or 1)
        return max(0.0, _busy_s() - before[1] - _processor_s(os.getpid()) + before[2]) / span_s

    return taken


def wait_for_quiet(limit_s: float, idle: float = 0.9, look_s: float = 3.0) -> None:
    """Wait until the machine's cores are idle for that share of a while, but only so long."""
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        before = _busy_s()
        time.sleep(look_s)
        if _busy_s() - before < (1 - idle) * look_s * (os.cpu_count() or 1):
            return


def _client(service: Served) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=64)
    return httpx.AsyncClient(base_url=service.gateway.address, timeout=60, limits=limits)


def _stages(header: str) -> dict[str, float]:
    """Return milliseconds by stage."""
    parts = [one.strip().split(";dur=") for one in header.split(",")]
    return {part[0]: float(part[1]) for part in parts if len(part) == 2}


def _computed_s(triton_url: str) -> dict[str, float]:
    """Return seconds that each network has computed so far."""
    with grpc.insecure_channel(triton_url) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        stats = stub.ModelStatistics(service_pb2.ModelStatisticsRequest()).model_stats
    return {s.name: s.inference_stats.compute_infer.ns / 1e9 for s in stats}


def _busy_s() -> float:
    """Return seconds that this machine's cores were busy, or given to other machines."""
    user, nice, system, _, _, irq, softirq, steal = (
        int(one) for one in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def _processor_s(pid: int) -> float:
    """Return the processor time of a process and of all that it started and that still run."""
    children: dict[int, list[int]] = {}
    seconds: dict[int, float] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue  # it has ended meanwhile
        fields = text[text.rindex(")") + 2 :].split()
        one = int(stat.parent.name)
        children.setdefault(int(fields[1]), []).append(one)
        seconds[one] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    total, open_ = 0.0, [pid]
    while open_:
        one = open_.pop()
        total += seconds.get(one, 0.0)
        open_ += children.get(one, [])
    return total
