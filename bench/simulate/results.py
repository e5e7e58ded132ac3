"""All figures: of this machine against its model, and of the clusters there are none of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from bench.figures import Figure, figure
from bench.running import Run
from bench.simulate import study
from bench.simulate.a100 import A100
from bench.simulate.calibrate import off_pct
from bench.simulate.day import Met, Parts, Step
from bench.simulate.films import predicted_a_minute
from bench.simulate.gateways import Permits
from bench.simulate.machine import LOADS, Measured
from bench.simulate.study import Asked, Way
from gateway.settings import Settings

SIZES = (10, 100, 1000)
CELL_LOADS = (0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98)
TIMES = {"half": 0.5, "once": 1.0, "twice": 2.0}
WAYS = {
    "": Way("as in k8s, bounds raised"),
    "_engines": Way("engines kept for all nodes", engines_kept=True),
    "_slower": Way("Triton grows by one a minute", slower=True),
    "_busy": Way("Triton follows the load, too", busy=True),
    "_both": Way("engines kept, and Triton follows the load", engines_kept=True, busy=True),
}
"""How a burst is met."""
CLUSTER_SEGMENTS = 1
"""Segments at the same time of a worker of bench/cluster.py."""


@dataclass(frozen=True)
class Drawn:
    """What the plots show.

    Attributes:
        trials: Of this machine.
        met: What pictures meet by load.
        day: Of the middle size.
        bursts: By how they are met, of the middle size.
    """

    measured: Measured
    met: Met
    day: Sequence[Step]
    bursts: Mapping[str, Sequence[Step]]


def of_machine(known: Measured) -> dict[str, Figure]:
    """Return what was measured, and how far the model is off."""
    filmed, alone = known.filmed, known.alone
    segments = filmed.segments_s
    films = predicted_a_minute(
        filmed.alone_s, segments, filmed.count, CLUSTER_SEGMENTS, Settings().jobs_concurrency
    )
    found = {
        "peak_rps": figure([known.machine().peak], "1/s", "pictures of 512×512, at the most"),
        "alone_ms": figure(alone.latencies_ms, "ms", "a picture alone"),
        "gateway_core_ms": figure([alone.gateway_core_ms], "ms", "of a core, of the gateway"),
        "triton_core_ms": figure([alone.triton_core_ms], "ms", "of a core, of Triton"),
        "limit": figure([known.limit], "", "requests worked on at the same time, many callers"),
        "others_pct": figure(
            [100 * one.others for load in LOADS for one in known.counted(load)],
            "%",
            "of the cores, taken by others while trials went on that count",
        ),
        "films": figure([filmed.a_minute], "1/min", f"{filmed.count} films at once, one worker"),
        "films_off_pct": figure([off_pct(films, filmed.a_minute)], "%", "the model", "±15"),
        "film_segment_s": figure(segments, "s", "a segment, 24 frames of 320×240"),
        "database_gateway": figure(
            [filmed.database.gateway_transactions], "1/s", "transactions of an idle gateway"
        ),
        "database_worker": figure(
            [filmed.database.worker_transactions], "1/s", "transactions of an idle worker"
        ),
        "database_segment": figure(
            [filmed.database.film_transactions / filmed.database.segments],
            "",
            "transactions of a segment besides",
        ),
    }
    for share in LOADS:
        found |= _at_load(known, share)
    return {f"simulate_{name}": one for name, one in found.items()}


def _at_load(known: Measured, share: float) -> dict[str, Figure]:
    seen, said = known.outcomes(share)
    name = f"{100 * share:.0f}"
    spans_s = sum(one.measured_s for one in known.counted(share))
    found = {f"{name}_s": _one(spans_s, "s", f"of trials at {name} % of the peak that count")}
    units = {"rate": ("rps", "1/s"), "p50_ms": ("p50_ms", "ms"), "p95_ms": ("p95_ms", "ms")}
    for of, (key, unit) in units.items():
        one, other = getattr(seen, of), getattr(said, of)
        found[f"{name}_{key}"] = _one(one, unit, f"at {name} % of the peak, measured")
        found[f"{name}_{key}_said"] = _one(other, unit, "of the same arrivals, by the model")
        found[f"{name}_{key}_off_pct"] = _one(off_pct(other, one), "%", "the model", "±15")
    return found


@dataclass(frozen=True)
class Model:
    """What the clusters are reckoned with.

    Attributes:
        a100: Of a100.toml.
        parts: Of k8s.
        permits: Of a gateway.
        asked: Of the database.
    """

    a100: A100
    parts: Parts
    permits: Permits
    asked: Asked

    @classmethod
    def of(cls, known: Measured, gpu_times: float = 1.0) -> Model:
        """Return it with what was measured put in."""
        a100, database = A100.read(gpu_times), known.filmed.database
        parts = study.parts(a100, known.alone.gateway_core_ms / 1e3)
        here = known.machine().permits
        permits = study.permits(here.piece_s, here.busy, parts.pods["gateway"].cores)
        asked = Asked(
            max(0.0, database.gateway_transactions),
            max(0.0, database.worker_transactions),
            max(0.0, database.film_transactions / database.segments),
        )
        return cls(a100, parts, permits, asked)


def of_clusters(known: Measured, run: Run) -> tuple[dict[str, Figure], Drawn]:
    """Return the figures of clusters, and what is drawn of them."""
    model = Model.of(known)
    a100, parts = model.a100, model.parts
    loads = CELL_LOADS[:: run.size(1, 4)]
    met = study.met(a100, parts, model.permits, loads, run.size(60, 1))
    found: dict[str, Figure] = {}
    for load in CELL_LOADS:
        name = f"load_{100 * load:.0f}"
        found[f"{name}_p50_ms"] = _one(1e3 * met.at(load, met.p50_s), "ms", "pictures")
        found[f"{name}_p99_ms"] = _one(1e3 * met.at(load, met.p99_s), "ms", "without films")
        found[f"{name}_p99_films_ms"] = _one(1e3 * met.at(load, met.p99_films_s), "ms", "with")
    days, bursts = {}, {}
    for gpus in SIZES:
        figures, days[gpus], bursts[gpus] = _size(model, met, gpus, run)
        found |= figures
    found |= _as_it_is(model) | _zero(model, met)
    for name, times in TIMES.items():
        found |= _sensitivity(name, Model.of(known, times))
    named = {f"simulate_{name}": one for name, one in found.items()}
    return named, Drawn(known, met, days[SIZES[1]], bursts[SIZES[1]])


def _one(value: float, unit: str, what: str, goal: str = "") -> Figure:
    return figure([value], unit, what, goal)


def _size(
    model: Model, met: Met, gpus: int, run: Run
) -> tuple[dict[str, Figure], list[Step], dict[str, list[Step]]]:
    a100, parts = model.a100, model.parts
    need = study.needs(a100, parts, model.asked, gpus)
    shares = need.shares(a100)
    seconds = float(run.size(86400, 7200))
    steps = study.a_day(a100, parts, met, need, spot=False, seconds=seconds, seed=gpus)
    on_spot = study.a_day(a100, parts, met, need, spot=True, seconds=seconds, seed=gpus)
    day = study.summary(a100, parts, steps, spot=False)
    spot = study.summary(a100, parts, on_spot, spot=True)
    bursts = {name: study.a_burst(a100, parts, met, need, way) for name, way in WAYS.items()}
    figures = {
        "pictures": _one(need.pictures, "1/s", "in the busiest hour"),
        "streams": _one(need.streams, "", "live ones at the same time, likewise"),
        "film_fps": _one(need.film_frames, "1/s", "frames of films, likewise"),
        "gateways": _one(need.gateways, "", "pods, likewise"),
        "workers": _one(need.workers, "", "pods, likewise"),
        "network_pct": _one(100 * shares["network"], "%", "of a GPU pod's link"),
        "database_pct": _one(100 * shares["database"], "%", "of one database"),
        "store_pct": _one(100 * shares["store"], "%", "of the object store's link"),
        "p50_ms": _one(1e3 * day.p50_s, "ms", "pictures, over a day"),
        "p99_ms": _one(1e3 * day.p99_s, "ms", "likewise", f"≤ {1e3 * study.OBJECTIVE_S:g}"),
        "refused_pct": _one(100 * day.refused, "%", "of pictures"),
        "busy_pct": _one(100 * day.busy, "%", "of the GPUs' paid time"),
        "film_usd": _one(day.film_cost, "USD", "an hour of film, on demand"),
        "day_usd": _one(day.cost, "USD", "a day, on demand"),
        "film_usd_spot": _one(spot.film_cost, "USD", "an hour of film, spot"),
        "day_usd_spot": _one(spot.cost, "USD", "a day, spot"),
        "spot_lost": _one(spot.lost, "", "nodes with a GPU, a day"),
        "spot_p99_ms": _one(1e3 * spot.p99_s, "ms", "pictures, spot"),
        "spot_refused_pct": _one(100 * spot.refused, "%", "of pictures, spot"),
    }
    for name, burst in bursts.items():
        minutes = study.minutes_to_recover(burst)
        figures[f"recover{name}_min"] = _one(
            minutes, "min", "from three times the pictures to the objective"
        )
        refused = 100 * fmean(one.refused for one in burst if one.at_s >= study.BURST_S)
        figures[f"recover{name}_refused_pct"] = _one(refused, "%", "of pictures meanwhile")
    return {f"{gpus}_{name}": one for name, one in figures.items()}, steps, bursts


def _as_it_is(model: Model) -> dict[str, Figure]:
    """Return what the upper bounds of k8s allow."""
    a100, parts = model.a100, model.parts
    most = {name: rule.most for name, rule in parts.rules.items()}
    limit = a100.limits["pod_gbit_s"]
    return {
        "k8s_gateway_pictures": _one(
            most["gateway"] * parts.pods["gateway"].cores / parts.picture_core_s,
            "1/s",
            f"pictures that {most['gateway']} gateways answer",
        ),
        "k8s_triton_pictures": _one(
            most["triton"] / a100.gpu_s("picture"), "1/s", f"that {most['triton']} GPUs do"
        ),
        "k8s_network_pictures": _one(
            most["triton"] * limit / a100.gigabits("picture"), "1/s", "that their links carry"
        ),
        "k8s_worker_fps": _one(
            most["worker"] * parts.worker_frames, "1/s", f"film frames of {most['worker']} workers"
        ),
        "k8s_triton_fps": _one(
            most["triton"] / a100.gpu_s("frame"), "1/s", f"that {most['triton']} GPUs do"
        ),
    }


def _zero(model: Model, met: Met) -> dict[str, Figure]:
    first_s, gone_s = study.from_zero(model.a100, model.parts, met)
    return {
        "zero_first_frame_s": _one(first_s, "s", "from an order to the first frame, no worker"),
        "zero_gone_s": _one(gone_s, "s", "from the last frame until the last worker is gone"),
    }


def _sensitivity(name: str, model: Model) -> dict[str, Figure]:
    a100, parts = model.a100, model.parts
    rate, prices = a100.load["frames_a_second"], a100.prices
    frames = 3600 * rate
    gpu_hours = frames * a100.gpu_s("frame") / 3600 / a100.load["busy"]
    core_hours = frames / parts.worker_frames / 3600 * parts.pods["worker"].cores
    need = study.needs(a100, parts, model.asked, 100)
    values = {
        "film_usd": (gpu_hours * prices["gpu"] + core_hours * prices["core"], "USD"),
        "film_usd_spot": (gpu_hours * prices["gpu_spot"] + core_hours * prices["core_spot"], "USD"),
        "pictures": (need.pictures / 100, "1/s"),
        "gateways": (need.gateways / 100, ""),
        "workers": (need.workers / 100, ""),
        "network_pct": (100 * need.shares(a100)["network"], "%"),
        "database_gpus": (study.knee(a100, parts, model.asked, "database"), ""),
        "store_gpus": (study.knee(a100, parts, model.asked, "store"), ""),
    }
    about = f"GPU times of a100.toml, {name}"
    return {f"{name}_{key}": _one(value, unit, about) for key, (value, unit) in values.items()}
