"""`semblant verify`: the marks of a picture or video."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from semblant.cli.common import Connection, connected
from semblant.cli.console import out, progress

if TYPE_CHECKING:
    from semblant.client import AsyncClient
    from semblant.verification import Verification

NOT_INTACT = 1
"""Exit code for a file whose marks are not all intact."""


@connected()
def verify(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, show_default=False)
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    *,
    connection: Connection,
) -> None:
    """Read the marks of FILE: what it is, who says so, what was changed since.

    The exit code is 0 if its credentials are intact, else 1.
    """

    async def work(client: AsyncClient) -> Verification:
        return await client.verify(file)

    with progress("reading"):
        found = connection.run(work)
    if as_json:
        out.print_json(json.dumps(dict(found.report)))
    else:
        from rich.table import Table  # noqa: PLC0415

        out.print(f"{found.verdict}: {found.meaning}", markup=False, highlight=False)
        if found.provenance_id:
            out.print(f"result {found.provenance_id}", markup=False, highlight=False)
        table = Table("mark", "state", "", box=None)
        for one in found.findings:
            table.add_row(one["mark"], one["state"], one["detail"])
        out.print(table)
    if found.verdict != "intact":
        raise typer.Exit(NOT_INTACT)
