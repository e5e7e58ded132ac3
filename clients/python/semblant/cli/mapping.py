"""`--map`: whose face goes to whom, in short."""

from __future__ import annotations

import re
from collections.abc import Sequence

import typer

_IDENTITY = r"idn_[0-9a-f]{32}"
_ENTRY = re.compile(rf"(\d+(?:,\d+)*|{_IDENTITY}):(\d+|{_IDENTITY})")


def read_map(texts: Sequence[str]) -> list[dict[str, object]]:
    """Return the entries of a mapping.

    Args:
        texts: Such as `0,2:1`: sources 0 and 2 show the person whose face goes to the face in
            place 1. On either side the id of an enrolled identity may stand.

    Raises:
        typer.BadParameter: one of them is something else.
    """
    entries = []
    for text in texts:
        match = _ENTRY.fullmatch(text)
        if match is None:
            raise typer.BadParameter(f"{text}: not as in 0,2:1", param_hint="--map")
        whose, to = match.groups()
        entry: dict[str, object] = (
            {"source_id": whose}
            if whose.startswith("idn_")
            else {"sources": [int(index) for index in whose.split(",")]}
        )
        entries.append(
            entry | ({"target_id": to} if to.startswith("idn_") else {"position": int(to)})
        )
    return entries
