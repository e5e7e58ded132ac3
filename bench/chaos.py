"""Two gateways, three workers, two Tritons and a database, killed and frozen while they work.

Everybody's processes are real; the database is PostgreSQL; objects lie in a folder, or in a store
that speaks S3 (`SEMBLANT_BENCH_S3`, its address). Whatever is killed is started again after a
moment, as a cluster does. Every accepted job must end, every picture and every frame must be that
of the calm run before, and besides pictures only 429 and 503 with `Retry-After` may be answered.
Writes `bench/chaos.json`.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
import cv2
import httpx
import numpy as np

from bench.cluster import Cluster, cluster, finish
from bench.figures import Figure, figure
from bench.pictures import jpeg, portrait, scene
from bench.running import Run
from gateway.arrays import U8

MINUTES, CLIENTS, JOBS = 10, 100, 12
THINK_S = 10.0
"""Seconds that a client waits between two pictures, on average."""
DEADLINE_S = 20.0
PAUSE_S, FROZEN_S, AWAY_S = (4.0, 10.0), (2.0, 8.0), (0.5, 3.0)
"""Seconds between two faults, how long something is frozen, and how long it is away."""
ENDS_S = 900.0
"""Seconds after the last fault within which every job has to end."""
BELIEVED = {429, 503}


@dataclass
class Seen:
    """What callers saw.

    Attributes:
        latencies_ms: Of pictures.
        statuses: Of all answers to pictures.
        wrong: Answers that may not be, by what is wrong.
        broken: Connections that ended without an answer: a gateway died.
        faults: What was done to whom.
        jobs: How jobs ended.
    """

    latencies_ms: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    broken: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    jobs: Counter[str] = field(default_factory=Counter)


class Callers:
    """Who sends pictures and videos, and knows what must come back."""

    def __init__(self, cluster: Cluster, client: httpx.AsyncClient, seen: Seen) -> None:
        self._cluster, self._client, self.seen = cluster, client, seen
        small = cv2.resize(portrait("hopper"), (320, 320), interpolation=cv2.INTER_AREA)
        self._source = jpeg(np.asarray(small, np.uint8))
        targets = [scene(name, (320, 240), 120) for name in ("astronaut", "hopper")]
        self._targets = [jpeg(one) for one in targets]
        self._video = clip(scene("astronaut", (320, 240), 120))
        self._pictures: dict[int, str] = {}
        self._frames = ""
        self._rng = random.Random(0)

    async def calm(self) -> None:
        """Find out what is right, while nothing happens."""
        for n in range(len(self._targets)):
            answer = await self._picture(n)
            answer.raise_for_status()
            self._pictures[n] = _digest(answer.content)
        self._frames = await self._job("calm")

    async def client(self, until: float) -> None:
        """Send pictures until then."""
        while time.monotonic() < until:
            await asyncio.sleep(min(self._rng.expovariate(1 / THINK_S), 3 * THINK_S))
            await self._once(self._rng.randrange(len(self._targets)))

    async def job(self, number: int) -> None:
        """Have a video made; it must be the calm run's."""
        try:
            frames = await self._job(f"chaos-{number}-{os.getpid()}")
        except (AssertionError, TimeoutError) as error:
            self.seen.jobs[f"failed: {error}"] += 1
            return
        self.seen.jobs["equal" if frames == self._frames else "different"] += 1

    async def _once(self, n: int) -> None:
        seen, began = self.seen, time.monotonic()
        try:
            answer = await self._picture(n)
        except httpx.TransportError:
            seen.broken += 1
            return
        seen.statuses[answer.status_code] += 1
        if answer.status_code == httpx.codes.OK:
            seen.latencies_ms.append(1e3 * (time.monotonic() - began))
            if _digest(answer.content) != self._pictures[n]:
                seen.wrong["other pixels"] += 1
        elif answer.status_code not in BELIEVED:
            seen.wrong[f"status {answer.status_code}"] += 1
        elif "Retry-After" not in answer.headers:
            seen.wrong["no Retry-After"] += 1
        else:
            await asyncio.sleep(float(answer.headers["Retry-After"]))

    async def _picture(self, n: int) -> httpx.Response:
        headers = {"Accept": "image/png", "X-Request-Timeout": f"{DEADLINE_S:g}"}
        files = {"source": self._source, "target": self._targets[n]}
        url = f"{self._address()}/v1/swaps"
        return await self._client.post(url, files=files, headers=headers)

    async def _job(self, key: str) -> str:
        """Return the digest of a video's frames."""
        files = {"source": self._source, "target": ("v.mkv", self._video)}
        data = {"options": json.dumps({"video": {"encoder": "ffv1"}})}  # frames, bit for bit
        made = await self._insisted("POST", "/v1/jobs", files=files, data=data, key=key)
        path = f"/v1/jobs/{made['id']}"
        until = time.monotonic() + ENDS_S + 60 * MINUTES
        while made["status"] not in ("succeeded", "failed", "canceled"):
            assert time.monotonic() < until, "it does not end"
            await asyncio.sleep(1.0)
            made = await self._insisted("GET", path)
        assert made["status"] == "succeeded", made["status"]
        return frames_digest(await self._insisted("GET", f"{path}/output", raw=True))

    async def _insisted(
        self, method: str, path: str, *, key: str = "", raw: bool = False, **rest: Any
    ) -> Any:
        """Ask until there is an answer, as the SDK does: the key keeps a job from being doubled."""
        headers = {"Idempotency-Key": key} if key else {}
        until = time.monotonic() + ENDS_S
        while True:
            assert time.monotonic() < until, "no answer"
            with suppress(httpx.TransportError):
                url = f"{self._address()}{path}"
                answer = await self._client.request(method, url, headers=headers, **rest)
                if answer.is_success:
                    return answer.content if raw else answer.json()
                again = answer.status_code in (*BELIEVED, httpx.codes.CONFLICT)
                assert again, f"status {answer.status_code}"
            await asyncio.sleep(1.0)

    def _address(self) -> str:
        return self._rng.choice(self._cluster.addresses)


def clip(image: U8, seconds: int = 24, rate: int = 5) -> bytes:
    """Return a Matroska video without loss in which a picture moves to and fro."""
    out = io.BytesIO()
    height, width = image.shape[:2]
    with av.open(out, "w", format="matroska") as video:
        stream = video.add_stream("ffv1", rate=Fraction(rate))
        stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
        for n in range(seconds * rate):
            shift = 8 * np.sin(2 * np.pi * n / 20)
            way = np.array([[1, 0, shift], [0, 1, 0]], np.float64)
            moved = cv2.warpAffine(image, way, (width, height), borderMode=cv2.BORDER_REPLICATE)
            video.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(moved, np.uint8))))
        video.mux(stream.encode())
    return out.getvalue()


def frames_digest(data: bytes) -> str:
    """Return the digest of a video's frames and their times."""
    digest = hashlib.sha256()
    with av.open(io.BytesIO(data), "r") as video:
        for frame in video.decode(video=0):
            digest.update(f"{float(frame.time or 0):.6f}".encode())
            digest.update(frame.to_ndarray().tobytes())
    return digest.hexdigest()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def _disturbed(cluster: Cluster, seen: Seen, until: float) -> None:
    """Kill or freeze somebody, again and again."""
    rng = random.Random(1)
    while time.monotonic() < until:
        await asyncio.sleep(rng.uniform(*PAUSE_S))
        victim = rng.choice(cluster.victims)
        if victim.freezes and rng.random() < 0.4:
            seen.faults[f"freeze {victim.kind}"] += 1
            await asyncio.to_thread(victim.freeze, rng.uniform(*FROZEN_S))
        else:
            seen.faults[f"kill {victim.kind}"] += 1
            await asyncio.to_thread(victim.kill, rng.uniform(*AWAY_S))


async def _run(cluster: Cluster, run: Run) -> tuple[Seen, float]:
    seen = Seen()
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=CLIENTS)
    async with httpx.AsyncClient(timeout=DEADLINE_S + 10, limits=limits) as client:
        callers = Callers(cluster, client, seen)
        await callers.calm()
        seconds = run.size(60 * MINUTES, 12)
        until = time.monotonic() + seconds
        clients = [callers.client(until) for _ in range(run.size(CLIENTS, 3))]
        jobs = [callers.job(n) for n in range(run.size(JOBS, 1))]
        await asyncio.gather(*clients, *jobs, _disturbed(cluster, seen, until))
    return seen, seconds


def measure(run: Run) -> dict[str, Figure]:
    """Return what callers saw."""
    with cluster() as made:
        seen, seconds = asyncio.run(_run(made, run))
    print("faults", dict(seen.faults), "answers", dict(seen.statuses), "broken", seen.broken)
    print("wrong", dict(seen.wrong), "jobs", dict(seen.jobs))
    jobs = sum(seen.jobs.values())
    latencies = seen.latencies_ms or [0.0]
    p95, p99 = (float(np.percentile(latencies, share)) for share in (95, 99))
    return {
        "chaos_faults": figure([float(sum(seen.faults.values()))], "", "kills and freezes"),
        "chaos_jobs_equal": figure(
            [seen.jobs["equal"] / jobs], "×", f"of {jobs} jobs, videos equal to the calm run's", "1"
        ),
        "chaos_wrong": figure(
            [float(sum(seen.wrong.values()))], "", "answers that may not be", "0"
        ),
        "chaos_goodput": figure([len(seen.latencies_ms) / seconds], "1/s", "pictures answered"),
        "chaos_refused": figure(
            [sum(seen.statuses[code] for code in BELIEVED) / seconds], "1/s", "429 and 503"
        ),
        "chaos_broken": figure([float(seen.broken)], "", "connections that a dead gateway ended"),
        "chaos_p50_ms": figure(latencies, "ms", "pictures"),
        "chaos_p95_ms": figure([p95], "ms", "95 % of these"),
        "chaos_p99_ms": figure([p99], "ms", "99 % of these"),
    }


def main() -> None:
    finish("chaos", measure)


if __name__ == "__main__":
    main()
