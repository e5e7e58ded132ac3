"""Three times what can be done: how much of it is done, and in time; writes `bench/overload.json`.

Arrivals are a Poisson process that waits for nobody (an open loop), so a slow service is not asked
less. Every request has a deadline; what is answered after it is late, and no part of the goodput.
The same arrivals meet a service that adapts how many requests it works on, and one that does not.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx
import numpy as np
from semblant_triton.launcher import EmbeddedTriton

from bench.figures import Figure, figure
from bench.pictures import jpeg, portrait
from bench.running import Run, started
from bench.service import Gateway, gateway
from gateway.settings import Settings

DEADLINE_S = 2.0
"""Seconds that a request may take."""
TIMES = 3.0
"""Arrivals, over what can be done."""
CLOSED = 4
"""Callers at the same time from whom the peak is measured."""
BELIEVED = {200, 429, 503}
"""Statuses that an overloaded service may answer; the last two with `Retry-After`."""


@dataclass
class Seen:
    """What became of requests.

    Attributes:
        latencies_ms: Of those that were answered with a picture, in time.
        late: How many were answered later, or not at all.
        refused: How many were refused.
        wrong: How many got another answer than may be, or no advice when to come again.
        statuses: Of all answers.
    """

    latencies_ms: list[float] = field(default_factory=list)
    late: int = 0
    refused: int = 0
    wrong: int = 0
    statuses: Counter[int] = field(default_factory=Counter)


def measure(run: Run) -> dict[str, Figure]:
    """Return the figures of the peak, and of the overload met in both ways."""
    settings = Settings()
    figures: dict[str, Figure] = {}
    with EmbeddedTriton(settings.model_repository, settings.triton_environment) as triton:
        with gateway(triton.grpc_url) as served:
            peak = asyncio.run(_peak(served, run.size(20, 1)))
        figures["overload_peak_rps"] = figure(
            [peak], "1/s", f"swaps of 512×512 pictures, {CLOSED} callers one after another"
        )
        seconds = run.size(60, 2)
        for name, target_ms in (("adaptive", None), ("fixed", "0")):
            more = {} if target_ms is None else {"queue_delay_target_ms": target_ms}
            with gateway(triton.grpc_url, **more) as served:
                seen, limit = asyncio.run(_overloaded(served, TIMES * peak, seconds))
            figures |= _figures(name, seen, seconds, peak)
            if name == "adaptive":
                figures["overload_adaptive_limit"] = figure(
                    [limit], "", "requests that are worked on at the same time, in the end"
                )
    return figures


def _figures(name: str, seen: Seen, seconds: float, peak: float) -> dict[str, Figure]:
    asked = max(1, sum(seen.statuses.values()))
    goodput = len(seen.latencies_ms) / seconds
    latencies = seen.latencies_ms or [math.inf]
    about = f"at {TIMES:g} times the peak, a deadline of {DEADLINE_S:g} s, {name} concurrency"
    p99 = float(np.percentile(latencies, 99))
    return {
        f"overload_{name}_goodput": figure([goodput], "1/s", f"answered in time {about}"),
        f"overload_{name}_goodput_share": figure([goodput / peak], "×", "of the peak", "≥ 0.9"),
        f"overload_{name}_p50_ms": figure(latencies, "ms", f"of these, {name}"),
        f"overload_{name}_p99_ms": figure([p99], "ms", "99 % of these", f"≤ {1e3 * DEADLINE_S:g}"),
        f"overload_{name}_late_pct": figure(
            [100 * seen.late / asked], "%", "admitted, but answered too late"
        ),
        f"overload_{name}_refused_pct": figure(
            [100 * seen.refused / asked], "%", "refused at once"
        ),
        f"overload_{name}_wrong": figure([float(seen.wrong)], "", "other answers", "0"),
    }


def _pictures() -> dict[str, bytes]:
    return {"source": jpeg(portrait("hopper")[:512]), "target": jpeg(portrait("astronaut"))}


async def _peak(served: Gateway, seconds: int) -> float:
    """Return swaps per second with a few callers, each of whom waits for the answer."""
    pictures, done = _pictures(), 0
    async with httpx.AsyncClient(base_url=served.address, timeout=60) as client:
        await client.post("/v1/swaps", files=pictures, headers={"Accept": "image/jpeg"})
        until = time.perf_counter() + seconds

        async def caller() -> None:
            nonlocal done
            while time.perf_counter() < until:
                answer = await client.post(
                    "/v1/swaps", files=pictures, headers={"Accept": "image/jpeg"}
                )
                answer.raise_for_status()
                done += time.perf_counter() < until

        await asyncio.gather(*(caller() for _ in range(CLOSED)))
    return max(done, 1) / seconds


async def _overloaded(served: Gateway, rate: float, seconds: float) -> tuple[Seen, float]:
    """Return what became of arrivals at a rate, and the limit of requests in the end."""
    seen, pictures = Seen(), _pictures()
    rng = np.random.default_rng(0)
    headers = {"Accept": "image/jpeg", "X-Request-Timeout": str(DEADLINE_S)}
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=64)
    async with httpx.AsyncClient(base_url=served.address, timeout=30, limits=limits) as client:
        await client.post("/v1/swaps", files=pictures, headers={"Accept": "image/jpeg"})

        async def one() -> None:
            began = time.perf_counter()
            try:
                answer = await client.post("/v1/swaps", files=pictures, headers=headers)
            except httpx.TransportError:
                seen.wrong += 1
                seen.statuses[0] += 1
                return
            took_s = time.perf_counter() - began
            seen.statuses[answer.status_code] += 1
            if answer.status_code == httpx.codes.OK and took_s <= DEADLINE_S:
                seen.latencies_ms.append(1e3 * took_s)
            elif answer.status_code in (httpx.codes.OK, httpx.codes.GATEWAY_TIMEOUT):
                seen.late += 1
            elif answer.status_code in BELIEVED and "Retry-After" in answer.headers:
                seen.refused += 1
            else:
                seen.wrong += 1

        tasks, began, at = [], time.perf_counter(), 0.0
        while at < seconds:
            await asyncio.sleep(max(0.0, began + at - time.perf_counter()))
            tasks.append(asyncio.create_task(one()))
            at += float(rng.exponential(1 / rate))
        await asyncio.gather(*tasks)
        metrics = (await client.get("/metrics")).text
    line = next(one for one in metrics.splitlines() if one.startswith("semblant_requests_limit "))
    return seen, float(line.split()[1])


def main() -> None:
    run = started("overload")
    run.finish(measure(run))


if __name__ == "__main__":
    main()
