"""The part of docs/CAPACITY.md that is drawn from the figures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from bench.figures import Figure

BEGIN, END = "<!-- simulation: begin -->", "<!-- simulation: end -->"


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


def section(figures: Mapping[str, Figure]) -> str:
    """Return what is written between the marks."""
    return ""
