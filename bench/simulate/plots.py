"""The plots of docs/CAPACITY.md: SVG, the same bytes for the same figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from bench.simulate.machine import LOADS
from bench.simulate.results import WAYS, Drawn
from bench.simulate.study import BURST_S, OBJECTIVE_S

STYLE: Any = {
    "svg.hashsalt": "semblant",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "figure.facecolor": "white",
    "path.simplify_threshold": 0.5,
}


def draw(drawn: Drawn, folder: Path) -> list[Path]:
    """Write all plots; return their files."""
    plots: dict[str, Callable[[Drawn, Figure], None]] = {
        "calibration": _calibration,
        "load": _load,
        "day": _day,
        "burst": _burst,
    }
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with mpl.rc_context(STYLE):
        for name, plot in plots.items():
            sheet = Figure(figsize=(6.4, 3.2), layout="constrained")
            plot(drawn, sheet)
            written.append(folder / f"{name}.svg")
            sheet.savefig(written[-1], metadata={"Date": None, "Creator": None})
            lines = written[-1].read_text().splitlines()
            written[-1].write_text("\n".join(line.rstrip() for line in lines) + "\n")
    return written


def _calibration(drawn: Drawn, sheet: Figure) -> None:
    for axes, load in zip(sheet.subplots(1, len(LOADS)), LOADS, strict=True):
        trials = drawn.measured.counted(load)
        for label, of in (("measured", "measured_ms"), ("model", "predicted_ms")):
            values = sorted(value for one in trials for value in getattr(one, of))
            percent = np.linspace(0, 100, 101)
            axes.plot(np.percentile(values, percent), percent, lw=1, label=label)
        axes.set(title=f"{100 * load:.0f} % of the peak", xlabel="ms")
        axes.set_xlim(left=0)
        if load == LOADS[0]:
            axes.set_ylabel("answered within, %")
            axes.legend(frameon=False)


def _load(drawn: Drawn, sheet: Figure) -> None:
    axes: Any = sheet.subplots()
    percent = [100 * one for one in drawn.met.load]
    for label, values in (
        ("p50", drawn.met.p50_s),
        ("p99", drawn.met.p99_s),
        ("p99, films fill the rest", drawn.met.p99_films_s),
    ):
        axes.plot(percent, [1e3 * one for one in values], "o-", ms=3, label=label)
    axes.set(xlabel="GPUs busy with pictures and live streams, %", ylabel="ms", yscale="log")
    axes.legend(frameon=False)


def _day(drawn: Drawn, sheet: Figure) -> None:
    axes: Any = sheet.subplots(2, sharex=True)
    steps = drawn.day[::20]
    hours = [one.at_s / 3600 for one in steps]
    axes[0].plot(hours, [one.pictures / 100 for one in steps], lw=0.8, label="pictures/s ÷ 100")
    axes[0].plot(hours, [one.film_frames / 100 for one in steps], lw=0.8, label="frames/s ÷ 100")
    axes[0].legend(frameon=False, ncols=2)
    for name, values in (
        ("Triton", [one.tritons for one in steps]),
        ("gateways", [one.gateways for one in steps]),
        ("workers", [one.workers for one in steps]),
    ):
        axes[1].step(hours, values, where="post", lw=0.8, label=name)
    axes[1].set(xlabel="hour", ylabel="pods", xlim=(0, max(hours, default=1)))
    axes[1].legend(frameon=False, ncols=3)


def _burst(drawn: Drawn, sheet: Figure) -> None:
    axes: Any = sheet.subplots()
    for name, way in WAYS.items():
        steps = drawn.bursts[name][: int(2.5 * 240)][::8]
        minutes = [(one.at_s - BURST_S) / 60 for one in steps]
        axes.plot(minutes, [one.p99_s for one in steps], lw=1, label=way.label)
    axes.axhline(OBJECTIVE_S, color="black", lw=0.6, ls=":")
    axes.set(xlabel="minutes after three times the pictures", ylabel="p99 of pictures, s")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
