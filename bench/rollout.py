"""A rolling restart of every part under load: nothing fails, nothing is made twice.

Callers stand for a load balancer: they call gateways that say they are ready, and repeat nothing.
Part by part everything is stopped (SIGTERM) and started again. Writes `bench/rollout.json`.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx
import numpy as np
import sqlalchemy as sa

from bench.chaos import Callers, Seen
from bench.cluster import Cluster, Process, cluster, finish
from bench.figures import Figure, figure
from bench.running import Run
from gateway.database import SEGMENTS

CLIENTS, JOBS = 6, 4
LOOK_S = 0.2
"""Seconds between two looks at who is ready, and at the segments."""


class Balanced(Callers):
    """Callers behind something that knows which gateways are ready."""

    async def watch(self) -> None:
        """Look at who is ready, until cancelled."""
        every = list(self._cluster.addresses)
        while True:
            ready = []
            for address in every:
                try:
                    answer = await self._client.get(f"{address}/readyz", timeout=1.0)
                except httpx.HTTPError:
                    continue
                if answer.is_success:
                    ready.append(address)
            self._ready = ready or every
            await asyncio.sleep(LOOK_S)

    _ready: list[str] | None = None

    def _address(self) -> str:
        return self._rng.choice(self._ready or self._cluster.addresses)

    async def busy(self, until: asyncio.Event) -> None:
        """Send one picture after another."""
        while not until.is_set():
            await self._once(0)


@dataclass
class Made:
    """Segments that were begun.

    Attributes:
        attempts: Of each segment, by job and number.
    """

    attempts: dict[tuple[str, int], set[str]] = field(default_factory=dict)

    async def watch(self, url: str) -> None:
        """Look at the segments, until cancelled."""
        engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
        columns = SEGMENTS.c.job_id, SEGMENTS.c.index, SEGMENTS.c.attempt
        while True:
            with engine.connect() as connection:
                for job, index, attempt in connection.execute(sa.select(*columns)):
                    self.attempts.setdefault((job, index), set()).add(attempt)
            await asyncio.sleep(LOOK_S)

    @property
    def repeated(self) -> int:
        """Segments that were begun more than once."""
        return sum(len(attempts) > 1 for attempts in self.attempts.values())


async def _rolled(cluster: Cluster, statuses: Counter[int]) -> None:
    """Restart every part, one after the other."""
    parts: list[Process] = [*cluster.gateways, *cluster.workers]
    for part in parts:
        statuses[await asyncio.to_thread(part.restart)] += 1
        if part.kind == "gateway":
            await _ready_again(cluster.addresses[cluster.gateways.index(part)])
    for server in cluster.tritons:
        await asyncio.to_thread(server.restart)
        await asyncio.sleep(3.0)  # until every gateway has seen it


async def _ready_again(address: str) -> None:
    async with httpx.AsyncClient() as client:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                if (await client.get(f"{address}/readyz")).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(LOOK_S)
    raise AssertionError("a gateway does not come back")


async def _run(cluster: Cluster, url: str, run: Run) -> tuple[Seen, Made, Counter[int], float]:
    seen, made, statuses = Seen(), Made(), Counter[int]()
    over = asyncio.Event()
    async with httpx.AsyncClient(timeout=60) as client:
        callers = Balanced(cluster, client, seen)
        await callers.calm()
        watching = [asyncio.create_task(callers.watch()), asyncio.create_task(made.watch(url))]
        clients = [asyncio.create_task(callers.busy(over)) for _ in range(run.size(CLIENTS, 2))]
        jobs = [asyncio.create_task(callers.job(n)) for n in range(run.size(JOBS, 1))]
        began = time.monotonic()
        await _rolled(cluster, statuses)
        seconds = time.monotonic() - began
        await asyncio.gather(*jobs)
        over.set()
        await asyncio.gather(*clients)
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
    return seen, made, statuses, seconds


def measure(run: Run) -> dict[str, Figure]:
    """Return what failed, and what was made twice."""
    with cluster() as parts:
        seen, made, statuses, seconds = asyncio.run(_run(parts, parts.database_url, run))
    print("answers", dict(seen.statuses), "wrong", dict(seen.wrong), "broken", seen.broken)
    print("exit statuses", dict(statuses), "jobs", dict(seen.jobs))
    failed = seen.broken + sum(seen.wrong.values())
    failed += sum(count for code, count in seen.statuses.items() if code != httpx.codes.OK)
    latencies = seen.latencies_ms or [0.0]
    return {
        "rollout_s": figure([seconds], "s", "for all parts, one after the other"),
        "rollout_pictures": figure([float(len(seen.latencies_ms))], "", "answered meanwhile"),
        "rollout_failed": figure([float(failed)], "", "requests that were not", "0"),
        "rollout_repeated": figure([float(made.repeated)], "", "segments begun twice", "0"),
        "rollout_jobs_equal": figure(
            [seen.jobs["equal"] / sum(seen.jobs.values())], "×", "videos as before", "1"
        ),
        "rollout_unclean": figure(
            [float(sum(n for code, n in statuses.items() if code))], "", "exits not with 0", "0"
        ),
        "rollout_p99_ms": figure([float(np.percentile(latencies, 99))], "ms", "99 % of pictures"),
    }


def main() -> None:
    finish("rollout", measure)


if __name__ == "__main__":
    main()
