"""Measure this machine, predict it, then clusters; write simulate.json, docs/CAPACITY.md, plots.

`measure` alone keeps what was measured, `scale` reckons with what is kept.
"""

from __future__ import annotations

from pathlib import Path

from bench.postgresql import NotInstalled
from bench.running import Run, started
from bench.simulate import document, plots
from bench.simulate.machine import Measured, measured
from bench.simulate.results import of_clusters, of_machine
from gateway.paths import PROJECT_ROOT

KEPT = Path(__file__).with_name("measured.json")


def _known(run: Run) -> Measured:
    path = run.sheets / KEPT.name if run.smoke else KEPT
    if not run.parts or "measure" in run.parts:
        measured(run).keep(path)
    return Measured.kept(path if path.is_file() else KEPT)


def main() -> None:
    run = started("simulate", parts=("measure", "scale"))
    try:
        known = _known(run)
    except NotInstalled as missing:
        print(f"left out: {missing}")
        return
    figures = of_machine(known)
    if not run.parts or "scale" in run.parts:
        clusters, drawn = of_clusters(known, run)
        figures |= clusters
        page = PROJECT_ROOT / "docs" / "CAPACITY.md"
        folder = run.sheets if run.smoke else page.parent / "capacity"
        plots.draw(drawn, folder)
        written = document.put(page.read_text(encoding="utf-8"), document.section(figures))
        (run.sheets / page.name if run.smoke else page).write_text(written, encoding="utf-8")
        run.finish(figures)


if __name__ == "__main__":
    main()
