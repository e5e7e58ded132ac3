"""When work comes: by the hour and the day, and in bursts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

HOURS = 24


@dataclass(frozen=True)
class Bursts:
    """A Poisson process whose rate a hidden state of two sets (Markov-modulated).

    Attributes:
        factor: Of the rate while there is a burst.
        apart_s: Mean seconds between two bursts.
        long_s: Mean seconds of one.
    """

    factor: float
    apart_s: float
    long_s: float

    def spans(self, seconds: float, rng: np.random.Generator) -> list[tuple[float, float]]:
        """Return when bursts begin and end."""
        found, at = [], float(rng.exponential(self.apart_s))
        while at < seconds:
            end = at + float(rng.exponential(self.long_s))
            found.append((at, min(end, seconds)))
            at = end + float(rng.exponential(self.apart_s))
        return found

    def factors(self, seconds: float, rng: np.random.Generator) -> Callable[[float], float]:
        """Return what the rate is multiplied by at a second, by one history of bursts."""
        edges = [edge for span in self.spans(seconds, rng) for edge in span]
        return lambda at_s: self.factor if bisect_right(edges, at_s) % 2 else 1.0

    @property
    def mean_factor(self) -> float:
        """Of the rate, over all time."""
        return 1 + (self.factor - 1) * self.long_s / (self.apart_s + self.long_s)


@dataclass(frozen=True)
class Curve:
    """What share of the busiest hour's rate there is, by hour and day.

    Attributes:
        hours: 24 shares, 1 the most, each that of the middle of its hour.
        days: Factors of days, the first being Monday's.
    """

    hours: tuple[float, ...]
    days: tuple[float, ...]

    def share(self, at_s: float) -> float:
        """Return the share at a second since Monday's beginning."""
        hour = at_s / 3600 - 0.5
        low = int(np.floor(hour))
        part = hour - low
        one, two = self.hours[low % HOURS], self.hours[(low + 1) % HOURS]
        return ((1 - part) * one + part * two) * self.days[int(at_s // 86400) % len(self.days)]


def poisson(rate: float, seconds: float, rng: np.random.Generator) -> list[float]:
    """Return the times of arrivals, of which there are so many a second, on average."""
    count = int(rng.poisson(rate * seconds))
    return sorted(float(one) for one in rng.uniform(0, seconds, count))
