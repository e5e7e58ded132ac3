"""The part of docs/CAPACITY.md that is drawn from the figures; its words are in section.txt."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Template

from bench.figures import Figure
from bench.simulate.a100 import A100
from bench.simulate.machine import LOADS, TRIAL_S
from bench.simulate.manifests import by_keda
from bench.simulate.results import CELL_LOADS, SIZES, WAYS

BEGIN, END = "<!-- simulation: begin -->", "<!-- simulation: end -->"
WORDS = Path(__file__).with_name("section.txt")
WITHIN_PCT = 15
"""How far the model may be off."""
KEY = "simulate_"
Figures = Mapping[str, Figure]

SHORT = {
    "pictures a second, busiest hour": ("pictures",),
    "frames of films a second, likewise": ("film_fps",),
    "gateways / workers": ("gateways", "workers"),
    "p50 / p99 of pictures over a day, ms": ("p50_ms", "p99_ms"),
    "an hour of film, USD, on demand / spot": ("film_usd", "film_usd_spot"),
    "one database is full to, %": ("database_pct",),
    "minutes until three times the pictures are well": ("recover_min",),
}
SATURATES = {
    "link of a GPU's pod, %": ("network_pct",),
    "one PostgreSQL, %": ("database_pct",),
    "object store, %": ("store_pct",),
}
COSTS = {
    "a day, USD, on demand / spot": ("day_usd", "day_usd_spot"),
    "paid GPUs are busy, %": ("busy_pct",),
    "nodes with a GPU lost a day, spot": ("spot_lost",),
    "p99 of pictures, ms, on demand / spot": ("p99_ms", "spot_p99_ms"),
    "pictures refused, %, on demand / spot": ("refused_pct", "spot_refused_pct"),
}
GROWS = {
    way.label: (f"recover{name}_min", f"recover{name}_refused_pct") for name, way in WAYS.items()
}
SENSITIVE = {
    "an hour of film at 70 % of the GPUs, USD, on demand": "film_usd",
    "the same, spot": "film_usd_spot",
    "pictures a second for each A100, as mixed above": "pictures",
    "gateways for each A100": "gateways",
    "workers for each A100": "workers",
    "link of a GPU's pod, %": "network_pct",
    "A100s that fill one database": "database_gpus",
}


class Words(Template):
    """Words with $names of figures in them, which may begin with digits."""

    idpattern = "[a-z0-9_]+"


def put(page: str, section: str) -> str:
    """Return a page with the section between its marks.

    Raises:
        ValueError: the page has no such marks.
    """
    before, mark, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise ValueError("the page has no marks to write between")
    return f"{before}{BEGIN}\n{section}{END}{after}"


def kept(path: Path) -> dict[str, Figure]:
    """Read figures that a bench wrote."""
    return {key: Figure(**one) for key, one in json.loads(path.read_text()).items()}


def section(figures: Figures) -> str:
    """Return what is written between the marks."""
    said = {key.removeprefix(KEY): number(one.median) for key, one in figures.items()}
    others = figures[f"{KEY}others_pct"]
    return Words(WORDS.read_text(encoding="utf-8")).substitute(
        said,
        **_reckoned(),
        **_shared(figures),
        others_most=number(others.p95),
        trial_s=str(TRIAL_S),
        verdict=_verdict(figures),
        table_short=_by_size(said, SHORT),
        table_calibration=_calibration(figures, said),
        table_curve=_curve(said),
        table_saturates=_by_size(said, SATURATES),
        table_costs=_by_size(said, COSTS),
        table_grows=_by_size(said, GROWS),
        table_sensitive=_sensitive(said),
    )


def number(value: float) -> str:
    """Write a number with as many digits as it deserves, thousands apart."""
    if value and abs(value) < 10:
        return f"{value:.2g}"
    digits = 0 if abs(value) < 1000 else -1 if abs(value) < 10_000 else -2
    return f"{round(value, digits):,.0f}".replace(",", " ")


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head)]
    lines += [["---"] * len(lines[0]), *([*row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _by_size(said: Mapping[str, str], rows: Mapping[str, tuple[str, ...]]) -> str:
    """Return a table with a column a size; several figures of a cell are parted by strokes."""
    return _table(
        ["A100s at the most", *(number(size) for size in SIZES)],
        (
            [what, *(" / ".join(said[f"{size}_{key}"] for key in keys) for size in SIZES)]
            for what, keys in rows.items()
        ),
    )


def _offs(figures: Figures) -> dict[str, float]:
    """Return by how much the model is off, by what was compared."""
    names = {"rps": "answers", "p50_ms": "p50", "p95_ms": "p95"}
    found = {
        f"{what} at {100 * load:.0f} %": figures[f"{KEY}{100 * load:.0f}_{key}_off_pct"].median
        for load in LOADS
        for key, what in names.items()
    }
    return {**found, "films": figures[f"{KEY}films_off_pct"].median}


def _verdict(figures: Figures) -> str:
    offs = _offs(figures)
    wrong = [f"{what} ({off:+.0f} %)" for what, off in offs.items() if abs(off) > WITHIN_PCT]
    if not wrong:
        return f"All of it is within {WITHIN_PCT} %."
    return f"Further off than {WITHIN_PCT} % is: {', '.join(wrong)}."


def _calibration(figures: Figures, said: Mapping[str, str]) -> str:
    units = {"rps": "answers a second", "p50_ms": "p50, ms", "p95_ms": "p95, ms"}
    rows = []
    for load in LOADS:
        name = f"{100 * load:.0f}"
        for key, what in units.items():
            off = figures[f"{KEY}{name}_{key}_off_pct"].median
            rows.append(
                [
                    f"{name} % of the peak: {what}",
                    said[f"{name}_{key}"],
                    said[f"{name}_{key}_said"],
                    f"{off:+.0f} %",
                ]
            )
    off = figures[f"{KEY}films_off_pct"].median
    films = figures[f"{KEY}films"].median * (1 + off / 100)
    rows.append(["films a minute, one worker", said["films"], number(films), f"{off:+.0f} %"])
    return _table(["", "measured", "model", "off"], rows)


def _curve(said: Mapping[str, str]) -> str:
    return _table(
        ["GPUs busy with pictures and streams", "p50, ms", "p99, ms", "p99, films take the rest"],
        (
            [
                f"{100 * load:.0f} %",
                *(
                    said[f"load_{100 * load:.0f}_{of}"]
                    for of in ("p50_ms", "p99_ms", "p99_films_ms")
                ),
            ]
            for load in CELL_LOADS
        ),
    )


def _sensitive(said: Mapping[str, str]) -> str:
    times = {"half": "÷ 2", "once": "as above", "twice": "× 2"}
    return _table(
        ["GPU times", *times.values()],
        ([what, *(said[f"{one}_{key}"] for one in times)] for what, key in SENSITIVE.items()),
    )


def _shared(figures: Figures) -> dict[str, str]:
    """Return which of the shared parts is full first."""
    names = {"database": "database", "store": "object store"}
    found = sorted((figures[f"{KEY}once_{name}_gpus"].median, of) for name, of in names.items())
    (first_gpus, first), (second_gpus, second) = found
    return {
        "first_shared": first,
        "first_gpus": number(first_gpus),
        "second_shared": second,
        "second_gpus": number(second_gpus),
    }


def _reckoned() -> dict[str, str]:
    """Return what is said of inputs."""
    a100 = A100.read()
    kept_s, built_s = (a100.start_s("triton", engines_kept=kept) for kept in (True, False))
    return {
        "k8s_gateways": str(by_keda("gateway").most),
        "k8s_tritons": str(by_keda("triton").most),
        "k8s_workers": str(by_keda("worker").most),
        "database_limit": number(a100.limits["database_s"]),
        "picture_mb": number(1e3 * a100.gigabits("picture") / 8),
        "losses_pct": f"{100 * a100.spot['losses_an_hour']:g}",
        "notice_s": number(a100.spot["notice_s"]),
        "gpu_usd": f"{a100.prices['gpu']:.2f}",
        "gpu_spot_usd": f"{a100.prices['gpu_spot']:.2f}",
        "core_usd": f"{a100.prices['core']}",
        "core_spot_usd": f"{a100.prices['core_spot']}",
        "gpu_day_usd": number(24 * a100.prices["gpu"]),
        "start_kept_min": number(kept_s / 60),
        "start_min": number(built_s / 60),
    }
