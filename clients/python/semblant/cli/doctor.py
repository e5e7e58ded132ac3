"""`semblant doctor`: what is installed here, what is wrong, and what to do about it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from semblant.cli.common import read_settings
from semblant.cli.console import OTHER_ERRORS, out

_COLORS = {"ok": "green", "warning": "yellow", "error": "bold red"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check packages, folders, models, encoders, shared memory, ports and the Triton server."""
    from gateway.serving.doctor import examine  # noqa: PLC0415

    checks = examine(read_settings())
    if as_json:
        out.print(json.dumps([asdict(check) for check in checks], indent=2), markup=False)
    else:
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        table = Table("check", "state", "found", box=None)
        for check in checks:
            state = Text(check.state, style=_COLORS[check.state])
            found = check.found + (f"\n→ {check.remedy}" if check.remedy else "")
            table.add_row(check.name, state, Text(found))
        out.print(table)
    if any(check.state == "error" for check in checks):
        raise typer.Exit(OTHER_ERRORS)
