"""Measure what lies around networks, print a table, write `bench/networks.json`.

With names of parts (batching, chains, adaptors, gateway) only these are measured.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.figures import Figure
from bench.networks import adaptors, batching, chains, gateway_cost
from bench.running import Run, started

PARTS: dict[str, Callable[[Run, Path], dict[str, Figure]]] = {
    "gateway": lambda run, _: gateway_cost.measure(run),
    "chains": chains.measure,
    "adaptors": adaptors.measure,
    "batching": batching.measure,
}


def main() -> None:
    run = started("networks", parts=tuple(PARTS))
    figures: dict[str, Figure] = {}
    for part in run.parts or PARTS:
        with tempfile.TemporaryDirectory() as name:
            figures |= PARTS[part](run, Path(name))
    run.finish(figures)


if __name__ == "__main__":
    main()
