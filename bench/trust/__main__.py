"""Measure trust, print a table, write `bench/trust.json`.

With names of parts (watermark, credentials, content, cost) only these are measured.
"""

from __future__ import annotations

from collections.abc import Callable

from bench.figures import Figure
from bench.running import Run, started
from bench.trust import content, cost, credentials, watermark

PARTS: dict[str, Callable[[Run], dict[str, Figure]]] = {
    "cost": cost.measure,
    "credentials": credentials.measure,
    "content": content.measure,
    "watermark": watermark.measure,
}


def main() -> None:
    run = started("trust", parts=tuple(PARTS))
    figures: dict[str, Figure] = {}
    for part in run.parts or PARTS:
        figures |= PARTS[part](run)
    run.finish(figures)


if __name__ == "__main__":
    main()
