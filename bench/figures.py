"""Figures: measured often enough to quote a median, printed with their spread."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table.

    Attributes:
        median: The figure to quote.
        p10: Tenth percentile.
        p90: Ninetieth percentile.
        p95: Ninety-fifth percentile.
        n: Measurements.
        unit: Of the figures.
        what: A line for people.
        goal: What was aimed at, for people; empty without one.
    """

    median: float
    p10: float
    p90: float
    p95: float
    n: int
    unit: str
    what: str
    goal: str = ""


def figure(values: Sequence[float], unit: str, what: str, goal: str = "") -> Figure:
    """Summarise measurements."""
    p10, median, p90, p95 = (round(float(v), 3) for v in np.percentile(values, (10, 50, 90, 95)))
    return Figure(median, p10, p90, p95, len(values), unit, what, goal)


def timed_ms(work: Callable[[], object], n: int, warm_up: int = 3) -> list[float]:
    """Return the milliseconds each of `n` calls takes."""
    for _ in range(warm_up):
        work()
    values = []
    for _ in range(n):
        start = time.perf_counter()
        work()
        values.append(1e3 * (time.perf_counter() - start))
    return values


def print_table(figures: dict[str, Figure]) -> None:
    """Print all figures, a row each."""
    rows: list[tuple[str, ...]] = [
        ("key", "median", "p10", "p90", "p95", "n", "unit", "goal", "what")
    ]
    for key, f in figures.items():
        rows.append(
            (
                key,
                *(f"{value:g}" for value in (f.median, f.p10, f.p90, f.p95)),
                *(str(f.n), f.unit, f.goal, f.what),
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )


def write_json(figures: dict[str, Figure], path: Path) -> None:
    """Write the figures by key."""
    path.write_text(json.dumps({k: asdict(f) for k, f in figures.items()}, indent=2) + "\n")
