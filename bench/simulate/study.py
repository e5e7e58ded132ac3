"""10, 100 and 1,000 A100s: what pictures meet, what films cost, how fast it grows, what binds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from bench.simulate.a100 import A100
from bench.simulate.cell import Cell, Size
from bench.simulate.day import Cluster, Demand, Met, Parts, Step
from bench.simulate.gateways import Permits
from bench.simulate.manifests import by_keda, pod, settings
from bench.simulate.scaling import SYNC_S, Metric, Policy, Rules
from gateway.settings import Settings

NAMES = ("gateway", "triton", "worker")
DAY_S = 86400.0
OBJECTIVE_S = 5.0
"""Within which swaps of pictures are to be answered (docs/OPERATIONS.md)."""
REFUSED = 0.005
"""Share of pictures that may be refused where an objective is called met."""
SLOWER = Rules(30, (Policy("Pods", 1, 60),))
"""One server a minute, however many there are."""
BUSY = Metric("busy", "Value", 0.7)
"""A metric for Triton that grows as the load does, as a trial: share of the GPUs' time."""
STAYS = 60
"""Steps of 15 seconds after which an objective is believed to be met for good."""
CALM = 0.5
"""Share of the GPUs that is busy before a burst."""
FILLED_WITH = 1.5
"""As many frames of films at the same time as the GPUs need, times this."""


def permits(piece_s: float, busy: float, cores: float) -> Permits:
    """Return those of a gateway in a cluster, which has so many cores."""
    place = int(settings("a100")["SEMBLANT_MAX_CONCURRENCY"])
    given = Permits.of(Settings(), int(cores), piece_s, busy)
    return replace(given, most=place)


def parts(a100: A100, picture_core_s: float) -> Parts:
    """Return what k8s says of the overlay a100 with KEDA."""
    pods = {name: pod(name) for name in NAMES}
    variables = settings("a100")
    return Parts(
        {name: by_keda(name) for name in NAMES},
        pods,
        int(variables["SEMBLANT_MAX_CONCURRENCY"]),
        Settings().max_queue,
        Settings().max_streams,
        int(variables["SEMBLANT_SEGMENTS_CONCURRENCY"]),
        1e3 * pods["worker"].cores / a100.film_frame_ms,
        picture_core_s,
    )


def gateways_for(made: Parts, core_s: float) -> int:
    """Return with how many gateways the autoscaler is content, by cores that are in use."""
    (cpu,) = [m.target for m in made.rules["gateway"].metrics if m.name == "cpu"]
    return max(1, math.ceil(core_s / (cpu / 100 * made.pods["gateway"].requested_cores)))


def met(a100: A100, made: Parts, given: Permits, loads: Sequence[float], seconds: float) -> Met:
    """Find what pictures meet at some loads, request by request."""
    bare = [_cell(a100, made, given, load, False).run(seconds) for load in loads]
    full = [_cell(a100, made, given, load, True).run(seconds) for load in loads]
    return Met(
        loads,
        [one.p50_s for one in bare],
        [one.p99_s for one in bare],
        [max(one.p99_s, two.p99_s) for one, two in zip(bare, full, strict=True)],
        [one.pending for one in bare],
        [one.queue_over_compute for one in bare],
    )


def _cell(a100: A100, made: Parts, given: Permits, load: float, films: bool, gpus: int = 2) -> Cell:
    share = a100.load["gpu_share"]
    first = share["picture"] + share["live"]
    pictures = gpus * load * share["picture"] / first / a100.gpu_s("picture")
    streams = gpus * load * share["live"] / first / a100.gpu_s("frame")
    lane_s = a100.film_frame_ms / 1e3
    free = gpus * (1 - load) / a100.gpu_s("frame")
    size = Size(
        gpus,
        gateways_for(made, pictures * made.picture_core_s),
        made.pods["gateway"].cores,
        pictures,
        made.picture_core_s,
        round(streams / a100.load["frames_a_second"]),
        math.ceil(FILLED_WITH * free * lane_s) if films else 0,
        lane_s,
    )
    return Cell(a100, size, given, seed=round(1000 * load))


@dataclass(frozen=True)
class Needs:
    """What so many GPUs need beside them in the busiest hour, and what shared parts carry.

    Attributes:
        gpus: Their number.
        pictures: A second.
        streams: Live ones.
        film_frames: A second.
        gateways: Pods.
        workers: Pods.
        pod_gbit_s: Between a GPU and all who call it.
        database_s: Transactions a second.
        store_gbit_s: To and from the object store.
    """

    gpus: int
    pictures: float
    streams: float
    film_frames: float
    gateways: int
    workers: int
    pod_gbit_s: float
    database_s: float
    store_gbit_s: float

    def shares(self, a100: A100) -> dict[str, float]:
        """Return how full each shared part is."""
        limits = a100.limits
        return {
            "GPU": float(a100.load["busy"]),
            "network": self.pod_gbit_s / limits["pod_gbit_s"],
            "database": self.database_s / limits["database_s"],
            "store": self.store_gbit_s / limits["store_gbit_s"],
        }


@dataclass(frozen=True)
class Asked:
    """What the database is asked, measured.

    Attributes:
        gateway_s: Transactions a second of a gateway.
        worker_s: Of a worker.
        segment: Of a segment besides.
    """

    gateway_s: float
    worker_s: float
    segment: float


def needs(a100: A100, made: Parts, asked: Asked, gpus: int) -> Needs:
    """Return what a number of GPUs needs in the busiest hour, by arithmetic."""
    share, work = a100.load["gpu_share"], gpus * a100.load["busy"]
    pictures = work * share["picture"] / a100.gpu_s("picture")
    live = work * share["live"] / a100.gpu_s("frame")
    films = work * share["film"] / a100.gpu_s("frame")
    core_s = pictures * made.picture_core_s + live * a100.live_frame_ms / 1e3
    gateways, workers = gateways_for(made, core_s), math.ceil(films / made.worker_frames)
    rate = a100.load["frames_a_second"]
    gigabits = pictures * a100.gigabits("picture") + (live + films) * a100.gigabits("frame")
    segments = films / rate / 8
    return Needs(
        gpus,
        pictures,
        live / rate,
        films,
        gateways,
        workers,
        gigabits / gpus,
        gateways * asked.gateway_s + workers * asked.worker_s + segments * asked.segment,
        films / rate * a100.limits["film_mbit_s"] * a100.limits["film_copies"] / 1e3,
    )


def knee(a100: A100, made: Parts, asked: Asked, name: str, most: int = 100_000) -> int:
    """Return with how many GPUs a shared part is full."""
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        if needs(a100, made, asked, middle).shares(a100)[name] >= 1:
            high = middle
        else:
            low = middle + 1
    return low


def demand(a100: A100, one: Needs, seconds: float, seed: int) -> Demand:
    """Return a Friday's demand, whose busiest hour is that of the needs."""
    rng, curve = np.random.default_rng(seed), a100.curve()
    burst, began_s = a100.bursts().factors(seconds, rng), 4 * DAY_S

    def share(at_s: float) -> float:
        return curve.share(began_s + at_s)

    def pictures(at_s: float) -> float:
        return float(rng.poisson(one.pictures * share(at_s) * burst(at_s) * SYNC_S)) / SYNC_S

    films: list[tuple[float, float]] = []
    sigma, median = a100.load["film_sigma"], a100.load["film_median_s"]
    mean_frames = a100.load["frames_a_second"] * median * math.exp(sigma**2 / 2)
    rate, at_s = one.film_frames / mean_frames, 0.0
    while (at_s := at_s + float(rng.exponential(1 / rate))) < seconds:
        if rng.uniform() < share(at_s):
            length_s = float(rng.lognormal(math.log(median), sigma))
            films.append((at_s, a100.load["frames_a_second"] * length_s))
    return Demand(pictures, lambda at_s: one.streams * share(at_s), films)


def ready(made: Parts, one: Needs, share: float) -> dict[str, int]:
    """Return the pods that autoscalers keep at a share of the busiest hour."""
    wanted = {"gateway": one.gateways, "triton": one.gpus * 0.85, "worker": one.workers}
    return {
        name: min(max(made.rules[name].least, math.ceil(share * count)), made.rules[name].most)
        for name, count in wanted.items()
    }


@dataclass(frozen=True)
class Summary:
    """A day of a cluster.

    Attributes:
        p50_s: Median of the medians of pictures, by steps.
        p99_s: Of a picture in a hundred, at any time of the day.
        refused: Share of pictures.
        film_hours: Made.
        film_cost: US dollars for an hour of film.
        cost: US dollars of the day.
        busy: Share of the GPUs that were paid for.
        lost: Nodes with a GPU.
    """

    p50_s: float
    p99_s: float
    refused: float
    film_hours: float
    film_cost: float
    cost: float
    busy: float
    lost: int


def summary(a100: A100, made: Parts, steps: Sequence[Step], *, spot: bool) -> Summary:
    """Summarise steps."""
    prices, hours = a100.prices, SYNC_S / 3600
    kind = "_spot" if spot else ""
    gpu, core = prices[f"gpu{kind}"], prices[f"core{kind}"]
    gpus = sum(one.tritons_paid for one in steps) * hours * gpu
    of_films = sum(one.busy * one.tritons * one.film_share for one in steps)
    all_work = sum(one.busy * one.tritons for one in steps)
    # Gateways answer people, and stay where no node is lost.
    gateways = sum(one.gateways_paid for one in steps) * made.pods["gateway"].requested_cores
    workers = sum(one.workers_paid for one in steps) * made.pods["worker"].cores * hours * core
    film_hours = (
        sum(one.film_frames for one in steps) * SYNC_S / a100.load["frames_a_second"] / 3600
    )
    came = np.array([one.pictures for one in steps])
    order = np.argsort([one.p99_s for one in steps])
    till = np.cumsum(came[order]) / max(1e-9, came.sum())
    p99_s = [steps[n].p99_s for n in order][min(len(steps) - 1, int(np.searchsorted(till, 0.99)))]
    films = gpus * of_films / all_work + workers if all_work else workers
    return Summary(
        float(np.median([one.p50_s for one in steps])),
        p99_s,
        sum(one.refused * one.pictures for one in steps) / max(1e-9, float(came.sum())),
        film_hours,
        films / film_hours if film_hours else 0.0,
        gpus + workers + gateways * hours * prices["core"],
        all_work / max(1, sum(one.tritons_paid for one in steps)),
        sum(one.lost for one in steps),
    )


def a_day(
    a100: A100, made: Parts, found: Met, one: Needs, *, spot: bool, seconds: float, seed: int
) -> list[Step]:
    """Return a day of a cluster."""
    raised = made.at_most(one.gpus, 4 * one.gateways, 2 * one.workers)
    came = demand(a100, one, seconds, seed)
    cluster = Cluster(a100, raised, found, spot=spot, seed=seed)
    return cluster.run(came, seconds, ready(raised, one, a100.load["hours"][0]))


@dataclass(frozen=True)
class Way:
    """How a burst is met.

    Attributes:
        label: For people.
        engines_kept: Engines are found on new nodes.
        slower: Triton grows by one server a minute.
        busy: Triton follows the GPUs' load, too.
    """

    label: str
    engines_kept: bool = False
    slower: bool = False
    busy: bool = False


def a_burst(
    a100: A100,
    made: Parts,
    found: Met,
    one: Needs,
    way: Way,
    *,
    times: float = 3.0,
    share: float = 0.3,
    seconds: float = 14400.0,
) -> list[Step]:
    """Return what becomes of three times the pictures, all at once after five quiet minutes."""
    raised = made.at_most(one.gpus, 4 * one.gateways, 2 * one.workers)
    rule = raised.rules["triton"]
    rule = replace(rule, up=SLOWER) if way.slower else rule
    rule = replace(rule, metrics=(*rule.metrics, BUSY)) if way.busy else rule
    raised = replace(raised, rules={**raised.rules, "triton": rule})
    pictures = partial(_stepped, share * one.pictures, times)
    cluster = Cluster(a100, raised, found, engines_kept=way.engines_kept)
    quiet = replace(one, pictures=share * one.pictures, streams=share * one.streams)
    came = Demand(pictures, lambda at_s: quiet.streams, [])
    work = quiet.pictures * a100.gpu_s("picture")
    work += quiet.streams * a100.load["frames_a_second"] * a100.gpu_s("frame")
    begin = {
        "gateway": math.ceil(share * one.gateways),
        "triton": math.ceil(work / CALM),
        "worker": 0,
    }
    return cluster.run(came, seconds, begin)


BURST_S = 300.0


def _stepped(rate: float, times: float, at_s: float) -> float:
    return rate * (times if at_s >= BURST_S else 1.0)


def minutes_to_recover(steps: Sequence[Step]) -> float:
    """Return minutes from a burst until the objective is met for a while; or all there are."""
    well = 0
    for step in steps:
        met = step.p99_s <= OBJECTIVE_S and step.refused <= REFUSED
        well = well + 1 if met and step.at_s >= BURST_S else 0
        if well == STAYS:
            return (step.at_s + SYNC_S - BURST_S) / 60 - STAYS * SYNC_S / 60
    return (steps[-1].at_s + SYNC_S - BURST_S) / 60


def from_zero(a100: A100, made: Parts, found: Met) -> tuple[float, float]:
    """Return seconds from a film's order to its first frame, and from its end to no worker."""
    cluster = Cluster(a100, made, found)
    frames = a100.load["frames_a_second"] * a100.load["film_median_s"]
    ordered_s = 600.0
    came = Demand(lambda _: 0.1, lambda _: 0.0, [(ordered_s, frames)])
    steps = cluster.run(came, 3 * 3600, {"gateway": 2, "triton": 1, "worker": 0})
    making = [one.at_s for one in steps if one.film_frames > 0]
    paid = [one.at_s for one in steps if one.workers_paid]
    return making[0] - ordered_s, paid[-1] - making[-1] + SYNC_S
