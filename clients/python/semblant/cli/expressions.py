"""`semblant expressions`: libraries of a person's expressions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from semblant.cli.common import Connection, IdArgument, connected
from semblant.cli.console import err, out, progress, shown
from semblant.cli.track import VIDEO_TIMEOUT_S

if TYPE_CHECKING:
    from semblant.client import AsyncClient
    from semblant.expressions import Library

app = typer.Typer(
    help="Make, list, show and delete libraries of a person's expressions. They are biometric "
    "data: the person must agree.",
    no_args_is_help=True,
)

MOST_SHOWN = 6


@app.command()
@connected(timeout=VIDEO_TIMEOUT_S)
def add(
    frames: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PICTURE...",
            help="Pictures of one person.",
            exists=True,
            dir_okay=False,
            readable=True,
            show_default=False,
        ),
    ] = None,
    video: Annotated[
        Path | None,
        typer.Option("--video", help="A video of the person.", exists=True, dir_okay=False),
    ] = None,
    name: Annotated[str, typer.Option("--name", help="Name of the library.")] = "",
    count: Annotated[
        int | None, typer.Option("--count", help="Maximum number of entries; 24 by default.", min=1)
    ] = None,
    *,
    connection: Connection,
) -> None:
    """Create a library of the expressions in PICTURES or a video, and print its id."""
    if not frames and video is None:
        raise typer.BadParameter("pictures or --video are needed", param_hint="PICTURE...")

    async def work(client: AsyncClient) -> Library:
        return await client.enrol_expressions(
            frames or (), video=video, name=name, count=count, timeout_s=connection.timeout
        )

    with progress("looking"):
        library = connection.run(work)
    err.print(f"{library.size} expressions, {len(library.skipped)} frames left out")
    for skipped in library.skipped:
        if skipped["origin"] == "frame":
            err.print(f"  picture {skipped['index']}: {skipped['reason']}", markup=False)
    for warning in library.warnings:
        err.print("[yellow]warning[/] the video is", warning)
    out.print(library.id, markup=False)


@app.command(name="list")
@connected()
def list_(*, connection: Connection) -> None:
    """List all libraries."""

    async def work(client: AsyncClient) -> list[Library]:
        return await client.expressions()

    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table("id", "name", "created", "entries", box=None)
    for library in connection.run(work):
        table.add_row(library.id, escape(library.name), library.created, str(library.size))
    out.print(table)


@app.command()
@connected()
def show(id: IdArgument, *, connection: Connection) -> None:
    """List the expressions of the library ID."""

    async def work(client: AsyncClient) -> Library:
        return await client.expression(id)

    library = connection.run(work)
    from rich.table import Table  # noqa: PLC0415

    table = Table("#", "reliability", "controls", box=None)
    for entry in library.entries:
        strongest = [f"{name} {value:.2f}" for name, value in shown(entry["controls"])[:MOST_SHOWN]]
        table.add_row(
            str(entry["index"]), f"{entry['reliability']:.2f}", ", ".join(strongest) or "–"
        )
    out.print(table)


@app.command()
@connected()
def delete(id: IdArgument, *, connection: Connection) -> None:
    """Delete the library ID."""

    async def work(client: AsyncClient) -> None:
        await client.delete_expression(id)

    connection.run(work)
    err.print(f"deleted {id}", markup=False)
