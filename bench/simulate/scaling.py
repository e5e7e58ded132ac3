"""What the HorizontalPodAutoscaler and KEDA decide: their algorithms, of figures and a clock.

As Kubernetes' controller has it ("Horizontal Pod Autoscaling", "Algorithm details", "Configurable
scaling behavior") and KEDA ("Scaling Deployments"). Nothing is awaited: who asks tells the time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

SYNC_S = 15.0
"""Seconds between two decisions: --horizontal-pod-autoscaler-sync-period."""
TOLERANCE = 0.1
"""How far from its target a metric may be: --horizontal-pod-autoscaler-tolerance."""


@dataclass(frozen=True)
class Policy:
    """How much may change within a while.

    Attributes:
        kind: Whether the value is of pods, or of hundredths of those at the beginning.
        value: How many.
        period_s: Within how many seconds.
    """

    kind: Literal["Pods", "Percent"]
    value: float
    period_s: float


@dataclass(frozen=True)
class Rules:
    """How fast a number of pods may change into one direction.

    Attributes:
        window_s: Seconds of which the most careful recommendation counts.
        policies: Of which the one that allows most counts; nothing limits if empty.
    """

    window_s: float
    policies: tuple[Policy, ...]


# What applies where a manifest says nothing.
UP = Rules(0.0, (Policy("Percent", 100, 15), Policy("Pods", 4, 15)))
DOWN = Rules(300.0, (Policy("Percent", 100, 15),))


@dataclass(frozen=True)
class Metric:
    """What a number of pods follows.

    Attributes:
        name: Of the metric.
        kind: `Value` and `Utilization` are compared as they are, `AverageValue` by pod.
        target: What they are to be.
    """

    name: str
    kind: Literal["Value", "AverageValue", "Utilization"]
    target: float


@dataclass(frozen=True)
class Rule:
    """An autoscaler, as a manifest describes it.

    Attributes:
        least: Pods at the least.
        most: Pods at the most.
        metrics: Of which the one that asks for most counts.
        up: How fast there may be more.
        down: How fast there may be fewer.
        polling_s: KEDA: seconds between two looks from zero pods.
        cooldown_s: KEDA: seconds without use until there are none.
        activation: KEDA: what a metric has to exceed for the first pod.
    """

    least: int
    most: int
    metrics: tuple[Metric, ...]
    up: Rules = UP
    down: Rules = DOWN
    polling_s: float = 30.0
    cooldown_s: float = 300.0
    activation: float = 0.0


def wanted(metric: Metric, value: float, current: int, ready: int) -> int:
    """Return how many pods one metric asks for.

    Args:
        metric: The metric.
        value: What it is: of all pods together where it is compared by pod.
        current: Pods that there are.
        ready: Those of them that work.
    """
    if metric.kind == "AverageValue":
        share = value / (metric.target * max(current, 1))
        return current if abs(share - 1) <= TOLERANCE else math.ceil(value / metric.target)
    share = value / metric.target
    if abs(share - 1) <= TOLERANCE:
        return current
    if metric.kind == "Value":
        return math.ceil(share * ready)
    if share > 1 and ready < current:
        # Those that are not ready are taken to be idle, so that they dampen what is asked for.
        share *= ready / current
        if share <= 1 + TOLERANCE:
            return current
        return math.ceil(share * current)
    return math.ceil(share * ready)


@dataclass
class Autoscaler:
    """Decides how many pods there are.

    Attributes:
        rule: Its manifest.
    """

    rule: Rule
    _recommended: list[tuple[float, int]] = field(default_factory=list)
    _changes: list[tuple[float, int]] = field(default_factory=list)
    _used_s: float = -math.inf
    _looked_s: float = -math.inf

    def decide(
        self, now_s: float, current: int, ready: int, values: Mapping[str, float | None]
    ) -> int:
        """Return the number of pods; every 15 seconds.

        Args:
            now_s: The time.
            current: Pods that there are.
            ready: Those of them that work.
            values: Of all metrics; None where one cannot be read.
        """
        most = self._by_keda(now_s, current, values)
        if most is not None:
            return self._changed(now_s, current, most)
        known = [(metric, values.get(metric.name)) for metric in self.rule.metrics]
        asked = [wanted(m, value, current, ready) for m, value in known if value is not None]
        if not asked:
            return current
        recommendation = max(asked)
        if recommendation < current and len(asked) < len(known):
            return current  # what cannot be read may ask for more
        least = max(self.rule.least, 1)
        recommendation = min(max(recommendation, least), self.rule.most)
        stable = self._stabilized(now_s, current, recommendation)
        return self._changed(now_s, current, self._limited(now_s, current, stable))

    def _by_keda(
        self, now_s: float, current: int, values: Mapping[str, float | None]
    ) -> int | None:
        """Return what KEDA decides: from zero, to zero, or None: that is not for it."""
        if self.rule.least:
            return None
        if now_s - self._looked_s < self.rule.polling_s:
            return None if current else 0
        self._looked_s = now_s
        known = [value for value in values.values() if value is not None]
        if any(value > self.rule.activation for value in known):
            self._used_s = now_s
        elif current and known and now_s - self._used_s >= self.rule.cooldown_s:
            return 0
        if current == 0:
            return 1 if self._used_s == now_s else 0
        return None

    def _stabilized(self, now_s: float, current: int, recommendation: int) -> int:
        """Return the most careful recommendation of the windows."""
        up_s, down_s = self.rule.up.window_s, self.rule.down.window_s
        low = high = recommendation
        for at_s, one in self._recommended:
            low = min(low, one) if at_s > now_s - up_s else low
            high = max(high, one) if at_s > now_s - down_s else high
        self._recommended = [r for r in self._recommended if r[0] > now_s - max(up_s, down_s)]
        self._recommended.append((now_s, recommendation))
        return min(max(current, low), high)

    def _limited(self, now_s: float, current: int, asked: int) -> int:
        """Return what the policies allow of what is asked for."""
        if asked > current and self.rule.up.policies:
            allowed = [self._above(now_s, current, policy) for policy in self.rule.up.policies]
            return min(asked, max(current, *allowed))
        if asked < current and self.rule.down.policies:
            allowed = [self._below(now_s, current, policy) for policy in self.rule.down.policies]
            return max(asked, min(current, *allowed))
        return asked

    def _above(self, now_s: float, current: int, policy: Policy) -> int:
        began = current - self._change(now_s, policy.period_s)
        if policy.kind == "Pods":
            return began + int(policy.value)
        return math.ceil(began * (1 + policy.value / 100))

    def _below(self, now_s: float, current: int, policy: Policy) -> int:
        began = current - self._change(now_s, policy.period_s)
        if policy.kind == "Pods":
            return began - int(policy.value)
        return int(began * (1 - policy.value / 100))

    def _change(self, now_s: float, period_s: float) -> int:
        """Return by how many pods there are more now than so many seconds ago."""
        return sum(by for at_s, by in self._changes if at_s > now_s - period_s)

    def _changed(self, now_s: float, current: int, decided: int) -> int:
        if decided != current:
            periods = [p.period_s for r in (self.rule.up, self.rule.down) for p in r.policies]
            longest_s = max(periods, default=0.0)
            self._changes = [c for c in self._changes if c[0] > now_s - longest_s]
            self._changes.append((now_s, decided - current))
        return decided
