"""A cluster for hours or days, in steps of 15 seconds: what comes, what there is, who decides.

Flows, not requests: in a step a part does what it can of what is there. What a single picture meets
at a load was found request by request (cell.py) and is looked up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from bench.simulate.a100 import A100
from bench.simulate.manifests import Pod
from bench.simulate.scaling import SYNC_S, Autoscaler, Rule
from gateway.models.profiles import PROFILES
from gateway.rendering.plan import SEGMENT_S

JOB_SHARE = 0.25
"""Of a segment's place, that a film in hand counts for in KEDA's query."""


@dataclass
class Pool:
    """The pods of one part.

    Attributes:
        ready: Those that work.
        starting: When each of the others will.
        start_s: Seconds that starting takes.
    """

    ready: int
    start_s: float
    starting: list[float] = field(default_factory=list)

    @property
    def count(self) -> int:
        """All pods."""
        return self.ready + len(self.starting)

    def set(self, count: int, now_s: float) -> None:
        """Have so many: begin further ones, or end those that have not begun, then others."""
        if count >= self.count:
            self.starting += [now_s + self.start_s] * (count - self.count)
            return
        ending = self.count - count
        kept = max(0, len(self.starting) - ending)
        self.ready -= ending - (len(self.starting) - kept)
        self.starting = self.starting[:kept]

    def lose(self, count: int, now_s: float) -> None:
        """Lose nodes; pods are started on others."""
        self.ready -= count
        self.starting += [now_s + self.start_s] * count

    def go_on(self, now_s: float) -> None:
        """Let those work that have started."""
        self.ready += sum(at <= now_s for at in self.starting)
        self.starting = [at for at in self.starting if at > now_s]


@dataclass(frozen=True)
class Parts:
    """What a cluster consists of.

    Attributes:
        rules: Autoscalers of `gateway`, `triton` and `worker`.
        pods: What their pods are given.
        places: Requests that a gateway works on at the same time.
        queue: Requests that may wait at a gateway.
        streams: Live streams of a gateway.
        segments: Of a worker at the same time.
        worker_frames: Frames a second of a worker that has work.
        picture_core_s: Seconds of a gateway's core for a picture.
    """

    rules: Mapping[str, Rule]
    pods: Mapping[str, Pod]
    places: int
    queue: int
    streams: int
    segments: int
    worker_frames: float
    picture_core_s: float

    def at_most(self, gpus: int, gateways: int, workers: int) -> Parts:
        """Return the same with other upper bounds; nothing else is changed."""
        most = {"triton": gpus, "gateway": gateways, "worker": workers}
        return replace(
            self, rules={name: replace(r, most=most[name]) for name, r in self.rules.items()}
        )


@dataclass(frozen=True)
class Met:
    """What pictures meet, by the GPUs' load of what goes before films.

    Attributes:
        load: Ascending.
        p50_s: Median latency, and so on, at each.
        p99_s: Without films.
        p99_films_s: With as many films as the GPUs still can.
        pending: Requests that wait at a server.
        queue_over_compute: Of time.
    """

    load: Sequence[float]
    p50_s: Sequence[float]
    p99_s: Sequence[float]
    p99_films_s: Sequence[float]
    pending: Sequence[float]
    queue_over_compute: Sequence[float]

    def at(self, load: float, of: Sequence[float]) -> float:
        """Return one of them at a load."""
        return float(np.interp(load, self.load, of))


@dataclass(frozen=True)
class Demand:
    """What comes.

    Attributes:
        pictures: A second, by the second.
        streams: Live ones at the same time, by the second.
        films: When each is ordered, and how many frames it has.
    """

    pictures: Callable[[float], float]
    streams: Callable[[float], float]
    films: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Step:
    """What 15 seconds were like.

    Attributes:
        at_s: Their beginning.
        pictures: That came, a second.
        refused: Share of these.
        p50_s: Of those that were answered.
        p99_s: Likewise.
        tritons: Pods that work; then those that are paid for.
        tritons_paid: Likewise.
        gateways: Pods that work.
        gateways_paid: Those that are paid for.
        workers: Pods that work.
        workers_paid: Those that are paid for.
        busy: Share of the GPUs that work.
        film_frames: Made, a second.
        film_share: Of the GPUs' work.
        backlog: Frames of films that wait.
        lost: Nodes with a GPU.
    """

    at_s: float
    pictures: float
    refused: float
    p50_s: float
    p99_s: float
    tritons: int
    tritons_paid: int
    gateways: int
    gateways_paid: int
    workers: int
    workers_paid: int
    busy: float
    film_frames: float
    film_share: float
    backlog: float
    lost: int


@dataclass(frozen=True)
class Flow:
    """What is done in a second.

    Attributes:
        answered: Pictures.
        over: More of them come.
        short_of_gpus: That is because of the GPUs.
        first: Share of the GPUs that goes to live streams and pictures.
        frames: Of films.
        filled: Share of what is left of the GPUs that films take.
        waiting: Frames of films that wait for a GPU at any time.
        core_s: Of the gateways.
        p50_s: Median latency of pictures.
        queued_s: How long pictures wait at gateways, which are full, as part of it.
    """

    answered: float
    over: bool
    short_of_gpus: bool
    first: float
    frames: float
    filled: float
    waiting: float
    core_s: float
    p50_s: float
    queued_s: float


class Cluster:
    """Parts, autoscalers and what waits.

    Args:
        a100: What is reckoned with.
        parts: What there is.
        met: What pictures meet.
        engines_kept: Whether engines of TensorRT are found on new nodes, too.
        spot: Whether nodes may be lost.
        seed: Of all that is random.
    """

    def __init__(
        self,
        a100: A100,
        parts: Parts,
        met: Met,
        *,
        engines_kept: bool = False,
        spot: bool = False,
        seed: int = 0,
    ) -> None:
        self._a100, self._parts, self._met, self._spot = a100, parts, met, spot
        self._rng = np.random.default_rng(seed)
        self.pools = {
            name: Pool(rule.least, a100.start_s(name, engines_kept=engines_kept))
            for name, rule in parts.rules.items()
        }
        self._scalers = {name: Autoscaler(rule) for name, rule in parts.rules.items()}
        self._segment_frames: float = float(SEGMENT_S) * a100.load["frames_a_second"]
        self._films: list[float] = []
        self._backlog = 0.0

    def run(self, demand: Demand, seconds: float, ready: Mapping[str, int]) -> list[Step]:
        """Return what each 15 seconds are like, beginning with so many pods that work."""
        for name, count in ready.items():
            self.pools[name].ready = count
        films, steps = list(demand.films), []
        for number in range(int(seconds / SYNC_S)):
            now_s = number * SYNC_S
            while films and films[0][0] <= now_s:
                frames = films.pop(0)[1]
                self._films.append(frames)
                self._backlog += frames
            steps.append(self._step(now_s, demand.pictures(now_s), demand.streams(now_s)))
        return steps

    def _step(self, now_s: float, pictures: float, streams: float) -> Step:
        for pool in self.pools.values():
            pool.go_on(now_s)
        lost = self._lose(now_s) if self._spot else 0
        flow = self._flow(pictures, streams)
        self._make(flow.frames * SYNC_S)
        ready = {name: pool.ready for name, pool in self.pools.items()}
        paid = {name: pool.count for name, pool in self.pools.items()}
        tritons, of_films = ready["triton"], flow.frames * self._a100.gpu_s("frame")
        work = flow.first * tritons + of_films
        p99_s = self._met.at(flow.first, self._met.p99_s)
        p99_s += flow.filled * (self._met.at(flow.first, self._met.p99_films_s) - p99_s)
        step = Step(
            now_s,
            pictures,
            1 - flow.answered / pictures if pictures else 0.0,
            flow.p50_s,
            p99_s + flow.queued_s,
            tritons,
            paid["triton"],
            ready["gateway"],
            paid["gateway"],
            ready["worker"],
            paid["worker"],
            work / tritons if tritons else 0.0,
            flow.frames,
            of_films / work if work else 0.0,
            self._backlog,
            lost,
        )
        self._scale(now_s, self._values(flow, streams))
        return step

    def _flow(self, pictures: float, streams: float) -> Flow:
        """Return what is done of what comes: live first, then pictures, films with what is left."""
        a100, parts = self._a100, self._parts
        tritons, gateways, workers = (self.pools[n].ready for n in ("triton", "gateway", "worker"))
        frame_s, picture_s = a100.gpu_s("frame"), a100.gpu_s("picture")
        live = streams * a100.load["frames_a_second"]
        cores, of_live = gateways * parts.pods["gateway"].cores, live * a100.live_frame_ms / 1e3
        by_gpu = max(0.0, tritons - live * frame_s) / picture_s
        by_cores = max(0.0, cores - of_live) / parts.picture_core_s
        answered = min(pictures, by_gpu, by_cores)
        first = min(1.0, (answered * picture_s + live * frame_s) / tritons) if tritons else 1.0
        left, asked = tritons * (1 - first) / frame_s, self._backlog / SYNC_S
        wanted = min(workers * parts.worker_frames, asked)
        frames = min(wanted, left)
        over = answered < pictures
        places = gateways * (parts.queue + parts.places)
        queued_s = places / answered if over and answered else 0.0
        return Flow(
            answered,
            over,
            over and by_gpu < by_cores,
            first,
            frames,
            frames / left if left else 0.0,
            workers * parts.pods["worker"].cores * (1 - frames / wanted) if wanted else 0.0,
            min(cores, answered * parts.picture_core_s + of_live),
            self._met.at(first, self._met.p50_s) + queued_s,
            queued_s,
        )

    def _values(self, flow: Flow, streams: float) -> dict[str, float | None]:
        """Return what autoscalers read."""
        parts, met = self._parts, self._met
        tritons, gateways = self.pools["triton"].ready, max(1, self.pools["gateway"].ready)
        there = flow.answered * flow.p50_s + (gateways * parts.queue if flow.over else 0.0)
        pending = met.at(flow.first, met.pending) * tritons + flow.waiting
        pending += gateways * parts.places if flow.short_of_gpus else 0.0
        over_compute = met.at(flow.first, met.queue_over_compute)
        over_compute += flow.waiting / max(1, PROFILES["a100"].usual_batch * tritons)
        return {
            "requests": there / (gateways * parts.places),
            "streams": streams / (gateways * parts.streams),
            "cpu": 100 * flow.core_s / gateways / parts.pods["gateway"].requested_cores,
            # Without a server nobody tells these two.
            "pending": pending if tritons else None,
            "queue-over-compute": over_compute if tritons else None,
            "segments": self._segments(),
            "busy": min(1.0, flow.first + flow.filled * (1 - flow.first)),
        }

    def _scale(self, now_s: float, values: Mapping[str, float | None]) -> None:
        for name, scaler in self._scalers.items():
            pool = self.pools[name]
            mine = {metric.name: values[metric.name] for metric in scaler.rule.metrics}
            pool.set(scaler.decide(now_s, pool.count, pool.ready, mine), now_s)

    def _segments(self) -> float:
        """Return what KEDA's query counts: segments that wait or are made, and films in hand."""
        return math.ceil(self._backlog / self._segment_frames) + JOB_SHARE * len(self._films)

    def _make(self, frames: float) -> None:
        """Make frames of the films, in turns: each gets the same."""
        self._backlog = max(0.0, self._backlog - frames)
        while frames > 1e-6 and self._films:
            each = min(frames / len(self._films), *self._films)
            frames -= each * len(self._films)
            self._films = [left - each for left in self._films if left - each > 1e-6]

    def _lose(self, now_s: float) -> int:
        chance = self._a100.spot["losses_an_hour"] * SYNC_S / 3600
        lost = int(self._rng.binomial(self.pools["triton"].ready, chance))
        self.pools["triton"].lose(lost, now_s)
        workers = int(self._rng.binomial(self.pools["worker"].ready, chance))
        self.pools["worker"].lose(workers, now_s)
        segments = self._parts.segments
        if (
            self._segment_frames / (self._parts.worker_frames / segments)
            > self._a100.spot["notice_s"]
        ):
            # What a notice is too short for is made again: half of a segment, on average.
            again = min(self._backlog, workers * segments * self._segment_frames / 2)
            self._backlog += again
        return lost
