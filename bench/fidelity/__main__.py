"""Swap the grid, measure it, write `bench/fidelity.json` and contact sheets."""

from __future__ import annotations

import asyncio

from bench.fidelity import covering, people, speed
from bench.fidelity.sheets import write_pairs, write_sheets
from bench.fidelity.swaps import cases, flicker, make, summary
from bench.figures import Figure
from bench.running import Run, started
from bench.transfer import Bench
from gateway.paths import PROJECT_ROOT


async def fidelity(run: Run) -> dict[str, Figure]:
    bench = Bench()
    made = [await make(bench, case) for case in await cases(bench, run)]
    figures = summary(made) | await flicker(bench, run) | await covering.measure(bench, run)
    people_figures, pairs = await people.measure(bench, run)
    await bench.close()
    sheets = write_sheets(made, run.sheets) + write_pairs(pairs, run.sheets)
    print(f"{len(sheets)} sheets in {run.sheets.relative_to(PROJECT_ROOT)}")
    return figures | people_figures


def main() -> None:
    run = started("fidelity")
    run.finish(asyncio.run(fidelity(run)) | speed.against_exact(run) | speed.fusion(run))


if __name__ == "__main__":
    main()
