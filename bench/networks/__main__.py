"""Measure what lies around networks, print a table, write `bench/networks.json`.

With names of parts (batching, chains, adaptors, gateway) only these are measured.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.figures import Figure, print_table, write_json
from bench.networks import adaptors, batching, chains, gateway_cost

RESULTS = Path(__file__).parent.with_name("networks.json")
PARTS: dict[str, Callable[[Path], dict[str, Figure]]] = {
    "gateway": lambda folder: gateway_cost.measure(),
    "chains": chains.measure,
    "adaptors": adaptors.measure,
    "batching": batching.measure,
}


def main() -> None:
    figures: dict[str, Figure] = {}
    for part in sys.argv[1:] or PARTS:
        with tempfile.TemporaryDirectory() as name:
            figures |= PARTS[part](Path(name))
    print_table(figures)
    write_json(figures, RESULTS)
    print(f"written to {RESULTS.parent.name}/{RESULTS.name}")


if __name__ == "__main__":
    main()
