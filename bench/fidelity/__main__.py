"""Swap the grid, measure it, write `bench/fidelity.json` and contact sheets."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bench.fidelity import covering, speed
from bench.fidelity.sheets import write_sheets
from bench.fidelity.swaps import cases, flicker, make, summary
from bench.figures import Figure, print_table, write_json
from bench.transfer import Bench
from gateway.settings import PROJECT_ROOT

RESULTS = Path(__file__).parent.with_name("fidelity.json")
SHEETS = PROJECT_ROOT / "out" / "fidelity"


async def fidelity() -> dict[str, Figure]:
    bench = Bench()
    made = [await make(bench, case) for case in await cases(bench)]
    figures = summary(made) | await flicker(bench) | await covering.measure(bench)
    await bench.close()
    sheets = write_sheets(made, SHEETS)
    print(f"{len(sheets)} sheets in {SHEETS.relative_to(PROJECT_ROOT)}")
    return figures


def main() -> None:
    figures = asyncio.run(fidelity()) | speed.against_exact() | speed.fusion()
    print_table(figures)
    write_json(figures, RESULTS)
    print(f"written to {RESULTS.parent.name}/{RESULTS.name}")


if __name__ == "__main__":
    main()
