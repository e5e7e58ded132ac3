"""The model of one machine against the real service on it.

Requests on shared cores are a flow-equivalent server (K. M. Chandy, U. Herzog, L. Woo, "Parametric
analysis of queuing networks", IBM Journal of Research and Development 19, 1975): with n requests
worked on it does what n callers get who wait for their answers. That is measured by callers; the
arrivals it is compared under are none of what it was fitted to.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import simpy

from bench.simulate.gateways import Permits, Seen, SimulatedGateway
from bench.simulate.stations import Law, Sharing


@dataclass(frozen=True)
class Machine:
    """What is known of one machine.

    Attributes:
        rates: Pictures a second, by how many callers wait for their answers.
        alone_ms: Milliseconds of pictures where nothing else happens, for their spread.
        permits: Who is let in.
    """

    rates: Mapping[int, float]
    alone_ms: Sequence[float]
    permits: Permits

    @property
    def peak(self) -> float:
        """Pictures a second, at the most."""
        return max(self.rates.values())

    def law(self) -> Law:
        """Return pictures' seconds alone that are done in a second, by how many share the cores."""
        known = sorted(self.rates)
        rates = [self.rates[n] / self.rates[known[0]] for n in known]
        return lambda sharing: float(np.interp(sharing, known, rates))

    def demands_s(self, count: int, rng: np.random.Generator) -> list[float]:
        """Return the seconds alone of so many pictures: spread as measured, of the rate's mean."""
        shares = np.asarray(self.alone_ms) / np.mean(self.alone_ms)
        return [float(one) for one in rng.choice(shares, count) / self.rates[min(self.rates)]]


@dataclass(frozen=True)
class Outcome:
    """What is compared.

    Attributes:
        rate: Pictures a second, from the first arrival to the last answer.
        p50_ms: Median of latencies.
        p95_ms: Their ninety-fifth percentile.
    """

    rate: float
    p50_ms: float
    p95_ms: float

    @classmethod
    def of(cls, latencies_ms: Sequence[float], span_s: float) -> Outcome:
        """Summarise answers."""
        p50, p95 = np.percentile(latencies_ms, (50, 95))
        return cls(len(latencies_ms) / span_s, float(p50), float(p95))


def predicted(machine: Machine, at_s: Sequence[float], seed: int) -> tuple[list[float], float]:
    """Return the milliseconds of arrivals at given seconds, and the second of the last answer."""
    env = simpy.Environment()
    shared = Sharing(env, machine.law())
    gateway = SimulatedGateway(env, machine.permits)
    demands = machine.demands_s(len(at_s), np.random.default_rng(seed))

    def arrivals() -> Generator[simpy.Event, object, None]:
        for at, demand_s in zip(at_s, demands, strict=True):
            yield env.timeout(max(0.0, at - env.now))
            env.process(gateway.request(partial(_work, shared, demand_s)))

    env.process(arrivals())
    env.run()
    seen: Seen = gateway.seen
    return [1e3 * one for one in seen.latencies_s], float(env.now)


def _work(shared: Sharing, seconds: float) -> Generator[simpy.Event, object, None]:
    yield shared.work(seconds)


def piece_s(limit: float, busy: float, threads: int, target_s: float) -> float:
    """Return the seconds of a piece of array work with which the limit settles where it does.

    Args:
        limit: Requests worked on at the same time, with as many callers as like to.
        busy: Share of a request's time that is array work.
        threads: That do it.
        target_s: Seconds that pieces may wait for a thread.
    """
    others = limit * busy / threads - 1
    return target_s / others if others > 0 else 0.0


def off_pct(predicted: float, measured: float) -> float:
    """Return by how many hundredths a prediction is above what was measured."""
    return 100 * (predicted / measured - 1)
