"""Libraries of expressions: a few that differ most, and the one that fits a moment best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.arrays import AnyFloat
from gateway.faces.morphable.expression import distances, precision

HYSTERESIS = 0.15
"""Share by which another entry must be nearer before it takes over."""


@dataclass(frozen=True, slots=True)
class Match:
    """The entry of a library that fits best.

    Attributes:
        index: Its place in the library.
        distance: Mahalanobis distance of its expression to the one requested.
    """

    index: int
    distance: float


def find_best_match(library: AnyFloat, expression: AnyFloat, *, last: int | None = None) -> Match:
    """Return the entry of a library (N, K + C) nearest to an expression (K + C,).

    Args:
        library: Expressions, N ≥ 1.
        expression: The requested expression.
        last: The entry chosen the moment before. It stays unless another one is clearly nearer,
            so that the choice does not flip back and forth between two that are alike.

    Raises:
        ValueError: the library is empty.
    """
    if len(library) == 0:
        raise ValueError("the library is empty")
    apart = distances(library, expression)
    best = int(apart.argmin())
    if last is not None and apart[last] <= apart[best] * (1 + HYSTERESIS):
        best = last
    return Match(best, float(apart[best]))


def most_diverse(expressions: AnyFloat, count: int) -> list[int]:
    """Return the places of up to `count` expressions (N, K + C) that differ most.

    Farthest-point sampling (T. Gonzalez, "Clustering to minimize the maximum intercluster
    distance", Theoretical Computer Science 38, 1985): beginning with the one nearest to the mean,
    each time the one farthest from all chosen; at most twice the best possible gap remains.
    """
    if len(expressions) == 0 or count < 1:
        return []
    # In coordinates where the Mahalanobis distance is the plain one.
    points = np.asarray(expressions, np.float64) @ np.linalg.cholesky(precision())
    chosen = [int(np.linalg.norm(points - points.mean(0), axis=1).argmin())]
    gap = np.linalg.norm(points - points[chosen[0]], axis=1)
    while len(chosen) < min(count, len(points)) and gap.max() > 0:
        chosen.append(int(gap.argmax()))
        gap = np.minimum(gap, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return chosen
