"""Measure everything, print one table, write `bench/results.json`."""

from __future__ import annotations

from pathlib import Path

from bench import analysis, fusion, membrane, service
from bench.figures import Figure, print_table, write_json

RESULTS = Path(__file__).with_name("results.json")


def main() -> None:
    figures: dict[str, Figure] = {}
    for module in (analysis, fusion, membrane, service):
        figures |= module.measure()
    print_table(figures)
    write_json(figures, RESULTS)
    print(f"written to {RESULTS.parent.name}/{RESULTS.name}")


if __name__ == "__main__":
    main()
