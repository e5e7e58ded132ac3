"""What one more gateway or worker adds on this machine; writes `bench/scaling.json`.

All of them share the machine's cores, so this shows what several processes cost, and where one
process cannot use the cores there are; not how a cluster grows.
"""

from __future__ import annotations

import asyncio
import time

import httpx

from bench.chaos import Callers, Seen
from bench.cluster import Cluster, cluster, finish
from bench.figures import Figure, figure
from bench.running import Run

GATEWAYS, WORKERS = (1, 2), (1, 2, 3)
CALLERS, JOBS = 6, 6


class Load(Callers):
    """As many pictures, or videos, as there can be."""

    async def pictures(self, seconds: float) -> float:
        """Return pictures a second of a few callers, each of whom waits for the answer."""
        until, done = time.monotonic() + seconds, 0

        async def caller(number: int) -> None:
            nonlocal done
            while time.monotonic() < until:
                answer = await self._picture(number % 2)
                done += answer.is_success and time.monotonic() < until

        await asyncio.gather(*(caller(n) for n in range(CALLERS)))
        return done / seconds

    async def videos(self, count: int, key: str) -> float:
        """Return videos a minute."""
        began = time.monotonic()
        await asyncio.gather(*(self._job(f"{key}-{n}") for n in range(count)))
        return 60 * count / (time.monotonic() - began)


async def _measured(cluster: Cluster, run: Run) -> tuple[float, float]:
    async with httpx.AsyncClient(timeout=60) as client:
        load = Load(cluster, client, Seen())
        await load.calm()
        pictures = await load.pictures(run.size(20, 1))
        return pictures, await load.videos(run.size(JOBS, 1), "scaling")


def _of_cluster(gateways: int, workers: int, run: Run) -> tuple[float, float]:
    with cluster(gateways=gateways, workers=workers, tritons=1) as made:
        return asyncio.run(_measured(made, run))


def measure(run: Run) -> dict[str, Figure]:
    """Return pictures by gateways, and videos by workers."""
    figures = {}
    pairs = [*((g, 1) for g in GATEWAYS), *((1, w) for w in WORKERS if w > 1)]
    if run.smoke:  # the largest cluster stands for all: each takes long to start
        with cluster(gateways=max(GATEWAYS), workers=max(WORKERS), tritons=1) as made:
            measured = dict.fromkeys(pairs, asyncio.run(_measured(made, run)))
    else:
        measured = {pair: _of_cluster(*pair, run) for pair in pairs}
    for (gateways, workers), (pictures, videos) in measured.items():
        if workers == 1:
            figures[f"scaling_{gateways}_gateways_rps"] = figure(
                [pictures], "1/s", f"pictures of 320×240, {CALLERS} callers"
            )
        if gateways == 1:
            figures[f"scaling_{workers}_workers_videos"] = figure(
                [videos], "1/min", "videos of 120 frames of 320×240"
            )
    return figures


def main() -> None:
    finish("scaling", measure)


if __name__ == "__main__":
    main()
