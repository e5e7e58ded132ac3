"""This machine: measured, kept, and predicted."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import TypeVar

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
ROUNDS, TRIAL_S = 8, 15
"""Trials at each load, and their seconds: short, so that some are undisturbed."""
DISTURBED = 0.05
"""Share of the cores from which on a trial is made again, if others took it."""
TRIES = 3
QUIET_S = 20
"""Seconds that others are waited for before each try."""
PATIENCE_S = 300
"""Seconds that waiting and tries made again may take, all together."""
T = TypeVar("T")


@dataclass(frozen=True)
class Trial:
    """Arrivals at one load, once.

    Attributes:
        share: Of the peak.
        seed: Of the arrivals.
        measured_ms: Latencies of what was answered.
        measured_s: From the first arrival to the last answer.
        predicted_ms: The model's latencies of the same arrivals.
        predicted_s: Likewise.
        refused: How many the service refused.
        others: Share of the machine's cores that others took meanwhile.
    """

    share: float
    seed: int
    measured_ms: list[float]
    measured_s: float
    predicted_ms: list[float]
    predicted_s: float
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

    def counted(self, share: float) -> list[Trial]:
        """Return the trials at a load that count: all that were not disturbed, if there are any."""
        trials = [one for one in self.trials if one.share == share]
        return [one for one in trials if one.others < DISTURBED] or trials

    def outcomes(self, share: float) -> tuple[Outcome, Outcome]:
        """Return what was measured at a load, and what the model says, over all that counts."""
        trials = self.counted(share)
        return (
            Outcome.of(
                [o for t in trials for o in t.measured_ms], sum(t.measured_s for t in trials)
            ),
            Outcome.of(
                [o for t in trials for o in t.predicted_ms], sum(t.predicted_s for t in trials)
            ),
        )

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
        trials = [Trial(**one) for one in read["trials"]]
        rates = {int(n): rate for n, rate in read["rates"].items()}
        return cls(
            measure.Alone(**read["alone"]),
            rates,
            read["limit"],
            trials,
            Filmed(**filmed | {"database": database}),
        )


class Patience:
    """Makes what is disturbed again: others work on this machine, too, but not for ever.

    Args:
        seconds: To be spent on waiting for them and on tries that count for nothing.
    """

    def __init__(self, seconds: float) -> None:
        self._left_s = seconds

    def least_disturbed(self, make: Callable[[], T], others: Callable[[T], float]) -> T:
        """Return the least disturbed of a few tries."""
        tries: list[T] = []
        for _ in range(TRIES):
            began_s = time.monotonic()
            measure.wait_for_quiet(min(QUIET_S, self._left_s))
            self._left_s -= time.monotonic() - began_s
            began_s = time.monotonic()
            tries.append(make())
            if others(tries[-1]) < DISTURBED or self._left_s <= 0:
                break
            self._left_s -= time.monotonic() - began_s
        return min(tries, key=others)


def measured(run: Run) -> Measured:
    """Measure pictures on one service, then films on a small cluster.

    Raises:
        NotInstalled: PostgreSQL's programs are not there.
    """
    patience = Patience(run.size(PATIENCE_S, 0))
    with measure.served() as service:
        alone = patience.least_disturbed(
            lambda: measure.alone(service, run.size(40, 2), run.size(5, 1)),
            lambda one: one.others,
        )
        rates = _rates(service, run, patience)
        limit = asyncio.run(measure.limit(service, 2 * max(CALLERS), run.size(12, 1)))
        machine = _machine(alone, rates, limit)
        # Turn by turn, so that what others do on this machine meets all loads.
        trials = [
            patience.least_disturbed(
                partial(_trial, service, machine, share, seed, run), lambda one: one.others
            )
            for seed, share in itertools.product(range(run.size(ROUNDS, 1)), LOADS)
        ]
    filmed = films.measured(run.size(6, 1), run.size(15, 1))
    return Measured(alone, rates, limit, trials, filmed)


def _rates(service: measure.Served, run: Run, patience: Patience) -> dict[int, float]:
    found = defaultdict(list)
    for _, callers in itertools.product(range(run.size(2, 1)), CALLERS[: run.size(6, 2)]):
        rate, _ = patience.least_disturbed(
            partial(_closed, service, callers, run.size(6, 1)), lambda one: one[1]
        )
        found[callers].append(rate)
    return {callers: fmean(rates) for callers, rates in found.items()}


def _closed(service: measure.Served, callers: int, seconds: float) -> tuple[float, float]:
    return asyncio.run(measure.closed(service, callers, seconds))


def _machine(alone: measure.Alone, rates: Mapping[int, float], limit: float) -> Machine:
    settings = Settings()
    busy = min(1.0, alone.gateway_core_ms / fmean(alone.latencies_ms))
    each_s = piece_s(limit, busy, THREADS, settings.queue_delay_target_ms / 1e3)
    return Machine(rates, alone.latencies_ms, Permits.of(settings, THREADS, each_s, busy))


def _trial(service: measure.Served, machine: Machine, share: float, seed: int, run: Run) -> Trial:
    rng = np.random.default_rng(1000 * seed + int(100 * share))
    at_s = poisson(share * machine.peak, run.size(TRIAL_S, 1), rng) or [0.0]
    seen = asyncio.run(measure.arriving(service, at_s))
    said_ms, said_s = predicted(machine, at_s, seed)
    rounded = ([round(one, 1) for one in each] for each in (seen.latencies_ms, said_ms))
    measured_ms, predicted_ms = rounded
    return Trial(
        share, seed, measured_ms, seen.span_s, predicted_ms, said_s, seen.refused, seen.others
    )
