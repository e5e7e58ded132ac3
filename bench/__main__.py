"""Measure everything, print one table, write `bench/results.json`."""

from __future__ import annotations

from bench import analysis, fusion, membrane, service
from bench.figures import Figure
from bench.running import started


def main() -> None:
    run = started("results")
    figures: dict[str, Figure] = {}
    for module in (analysis, fusion, membrane, service):
        figures |= module.measure(run)
    run.finish(figures)


if __name__ == "__main__":
    main()
