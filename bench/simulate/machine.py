"""This machine: measured, kept, and predicted."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, median

import numpy as np

from bench.running import Run
from bench.simulate import films, measure
from bench.simulate.arrivals import poisson
from bench.simulate.calibrate import Machine, Outcome, piece_s, predicted
from bench.simulate.films import Filmed
from bench.simulate.gateways import Permits
from gateway.settings import Settings

LOADS = (0.3, 0.6, 0.85)
"""Arrivals, as shares of the peak."""
CALLERS = (1, 2, 3, 4, 6, 8)
THREADS = 2
"""Of array work on this machine: one a core."""
DISTURBED = 0.04
"""Share of the cores from which on a trial is made again, if others took it."""
TRIES = 3
QUIET_S = 45
"""Seconds that others are waited for before each trial."""


@dataclass(frozen=True)
class Trial:
    """Arrivals at one load, once.

    Attributes:
        share: Of the peak.
        seed: Of the arrivals.
        measured: What became of them.
        predicted: What the model says becomes of the same arrivals.
        refused: How many the service refused.
        others: Share of the machine's cores that others took meanwhile.
    """

    share: float
    seed: int
    measured: Outcome
    predicted: Outcome
    refused: int
    others: float


@dataclass(frozen=True)
class Measured:
    """All that is known of this machine.

    Attributes:
        alone: What a picture takes.
        rates: Pictures a second by callers.
        limit: Requests worked on at the same time, with many callers.
        trials: Under arrivals.
        filmed: Of films.
    """

    alone: measure.Alone
    rates: Mapping[int, float]
    limit: float
    trials: list[Trial]
    filmed: Filmed

    def machine(self) -> Machine:
        """Return the model's parameters."""
        return _machine(self.alone, self.rates, self.limit)

    def keep(self, path: Path) -> None:
        """Write it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def kept(cls, path: Path) -> Measured:
        """Read what `keep` wrote."""
        read = json.loads(path.read_text())
        filmed = read["filmed"]
        filmed["segments_s"] = tuple(filmed["segments_s"])
        database = films.Database(**filmed["database"])
        trials = [
            Trial(**one | {name: Outcome(**one[name]) for name in ("measured", "predicted")})
            for one in read["trials"]
        ]
        rates = {int(n): rate for n, rate in read["rates"].items()}
        return cls(
            measure.Alone(**read["alone"]),
            rates,
            read["limit"],
            trials,
            Filmed(**filmed | {"database": database}),
        )


def measured(run: Run) -> Measured:
    """Measure pictures on one service, then films on a small cluster.

    Raises:
        NotInstalled: PostgreSQL's programs are not there.
    """
    with measure.served() as service:
        alone = measure.alone(service, run.size(40, 2), run.size(5, 1))
        rates = _rates(service, run)
        limit = asyncio.run(measure.limit(service, 2 * max(CALLERS), run.size(20, 1)))
        machine = _machine(alone, rates, limit)
        # Turn by turn, so that what others do on this machine meets all loads.
        trials = [
            _quiet_trial(service, machine, share, seed, run)
            for seed, share in itertools.product(range(run.size(2, 1)), LOADS)
        ]
    filmed = films.measured(run.size(6, 1), run.size(20, 1))
    return Measured(alone, rates, limit, trials, filmed)


def _rates(service: measure.Served, run: Run) -> dict[int, float]:
    found = defaultdict(list)
    for _, callers in itertools.product(range(run.size(3, 1)), CALLERS[: run.size(6, 2)]):
        measure.wait_for_quiet(run.size(QUIET_S, 0))
        found[callers].append(asyncio.run(measure.closed(service, callers, run.size(10, 1))))
    return {callers: median(rates) for callers, rates in found.items()}


def _machine(alone: measure.Alone, rates: Mapping[int, float], limit: float) -> Machine:
    settings = Settings()
    busy = min(1.0, alone.gateway_core_ms / fmean(alone.latencies_ms))
    each_s = piece_s(limit, busy, THREADS, settings.queue_delay_target_ms / 1e3)
    return Machine(rates, alone.latencies_ms, Permits.of(settings, THREADS, each_s, busy))


def _quiet_trial(
    service: measure.Served, machine: Machine, share: float, seed: int, run: Run
) -> Trial:
    """Return the least disturbed of a few tries."""
    tries: list[Trial] = []
    for _ in range(run.size(TRIES, 1)):
        measure.wait_for_quiet(run.size(QUIET_S, 0))
        tries.append(_trial(service, machine, share, seed, run.size(60, 1)))
        if tries[-1].others < DISTURBED:
            break
    return min(tries, key=lambda one: one.others)


def _trial(
    service: measure.Served, machine: Machine, share: float, seed: int, seconds: float
) -> Trial:
    rng = np.random.default_rng(1000 * seed + int(100 * share))
    at_s = poisson(share * machine.peak, seconds, rng) or [0.0]
    seen = asyncio.run(measure.arriving(service, at_s))
    return Trial(
        share,
        seed,
        Outcome.of(seen.latencies_ms, seen.span_s),
        predicted(machine, at_s, seed),
        seen.refused,
        seen.others,
    )
