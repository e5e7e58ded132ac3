"""Half an hour of mixed load: what grows in the service's processes; writes `bench/endurance.json`.

HTTP, gRPC and a live stream call one service at the same time. Once in a while its processes are
looked at: resident memory, descriptors, threads, and files of shared memory. What does not end is
seen as a slope, once the first third, in which caches fill, is over.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx
import numpy as np
from semblant.v1 import fusion_pb2, fusion_pb2_grpc
from semblant_triton.launcher import EmbeddedTriton

from bench.figures import Figure, figure
from bench.pictures import jpeg, portrait
from bench.rpc import moving, streamed
from bench.running import Run, started
from bench.service import Gateway, gateway
from gateway.settings import Settings

MINUTES = 30
SHARED_MEMORY = Path("/dev/shm")


@dataclass(frozen=True)
class Look:
    """What a process holds at one time.

    Attributes:
        minute: Since the load began.
        memory_mb: Resident, of the process.
        descriptors: Of the process itself.
        threads: Likewise.
        shared_files: Of the machine.
    """

    minute: float
    memory_mb: float
    descriptors: int
    threads: int
    shared_files: int


def measure(run: Run) -> dict[str, Figure]:
    """Return what grew, and how many calls there were."""
    settings = Settings()
    with (
        EmbeddedTriton(settings.model_repository, settings.triton_environment) as triton,
        gateway(triton.grpc_url, protocols="both") as served,
    ):
        looks, calls, wrong = asyncio.run(_loaded(served, run.size(60 * MINUTES, 4)))
    settled = looks[len(looks) // 3 :]
    return {
        "endurance_memory_mb_per_h": figure(
            [60 * _slope(settled, "memory_mb")], "MB/h", "slope of resident memory", "≈ 0"
        ),
        "endurance_memory_mb": figure([one.memory_mb for one in looks], "MB", "resident memory"),
        "endurance_descriptors_per_h": figure(
            [60 * _slope(settled, "descriptors")], "1/h", "slope of open descriptors", "≈ 0"
        ),
        "endurance_threads_per_h": figure(
            [60 * _slope(settled, "threads")], "1/h", "slope of threads", "≈ 0"
        ),
        "endurance_shared_files": figure(
            [float(one.shared_files) for one in looks], "", "files of shared memory", "flat"
        ),
        "endurance_calls": figure([float(calls)], "", "swaps by HTTP and gRPC, and streams"),
        "endurance_errors": figure([float(wrong)], "", "of them that failed", "0"),
    }


async def _loaded(served: Gateway, seconds: int) -> tuple[list[Look], int, int]:
    """Call for so many seconds; return looks at the service, calls, and how many failed."""
    files = {"source": jpeg(portrait("hopper")[:512]), "target": jpeg(portrait("astronaut"))}
    asked = fusion_pb2.SwapRequest(sources=[files["source"]], target=files["target"])
    frames = moving(30)
    until, counts = time.monotonic() + seconds, [0, 0]

    async def over_and_over(call: Callable[[], Awaitable[object]]) -> None:
        while time.monotonic() < until:
            counts[0] += 1
            try:
                await call()
            except (httpx.HTTPError, grpc.aio.AioRpcError):
                counts[1] += 1

    async def one_stream() -> None:
        await streamed(served, frames, 60, drop=fusion_pb2.DROP_OLDEST, window=2, fps=10)

    looks: list[Look] = []
    async with (
        httpx.AsyncClient(base_url=served.address, timeout=60) as http,
        grpc.aio.insecure_channel(served.rpc) as channel,
    ):
        stub = fusion_pb2_grpc.FusionServiceStub(channel)

        async def by_http() -> None:
            (await http.post("/v1/swaps", files=files)).raise_for_status()

        async def by_grpc() -> None:
            await stub.Swap(asked, timeout=60)

        async def look() -> None:
            began = time.monotonic()
            while time.monotonic() < until:
                looks.append(_look(served.pid, (time.monotonic() - began) / 60))
                await asyncio.sleep(max(0.2, seconds / 180))

        await asyncio.gather(
            look(), *(over_and_over(call) for call in (by_http, by_grpc, one_stream))
        )
    calls, wrong = counts
    return looks, calls, wrong


def _look(pid: int, minute: float) -> Look:
    status = Path(f"/proc/{pid}/status").read_text()
    values = dict(line.split(":", 1) for line in status.splitlines())
    return Look(
        minute,
        int(values["VmRSS"].split()[0]) / 1024,
        len(os.listdir(f"/proc/{pid}/fd")),
        int(values["Threads"]),
        len(list(SHARED_MEMORY.iterdir())),
    )


def _slope(looks: list[Look], name: str) -> float:
    """Return how much something grows in a minute."""
    if len(looks) < 2:
        return 0.0
    values = [float(getattr(one, name)) for one in looks]
    return float(np.polyfit([one.minute for one in looks], values, 1)[0])


def main() -> None:
    run = started("endurance")
    run.finish(measure(run))


if __name__ == "__main__":
    main()
