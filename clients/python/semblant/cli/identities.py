"""`semblant identities`: people whose faces may be used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from semblant.cli.common import (
    BackendOption,
    IdArgument,
    ProviderOption,
    ServerOption,
    TimeoutOption,
    with_client,
)
from semblant.cli.console import err, out, progress
from semblant.client import AsyncClient
from semblant.people import Identity

app = typer.Typer(
    help="Enrol, list, show and remove people whose faces may be used. What is kept is biometric "
    "data: the person must agree.",
    no_args_is_help=True,
)


@app.command()
def add(
    portraits: Annotated[
        list[Path],
        typer.Argument(
            metavar="PORTRAIT...",
            help="One or several portraits of one person.",
            exists=True,
            dir_okay=False,
            readable=True,
            show_default=False,
        ),
    ],
    consent: Annotated[
        bool, typer.Option("--consent", help="State that the person has agreed; needed.")
    ] = False,
    name: Annotated[str, typer.Option("--name", help="What to call the person.")] = "",
    statement: Annotated[
        str | None, typer.Option("--statement", help="What the person has agreed to; is kept.")
    ] = None,
    server: ServerOption = None,
    backend: BackendOption = "local",
    provider: ProviderOption = None,
    timeout: TimeoutOption = 60.0,
) -> None:
    """Enrol the person in PORTRAITS, who has agreed to it, and print the id."""
    if not consent:
        raise typer.BadParameter("the person must agree, and you say so", param_hint="--consent")

    async def work(client: AsyncClient) -> Identity:
        return await client.enrol_identity(
            portraits, consent=consent, name=name, statement=statement
        )

    with progress("looking"):
        identity = with_client(
            work, server=server, backend=backend, providers=provider, timeout_s=timeout
        )
    err.print(f"{identity.size} portraits")
    for index, portrait in enumerate(identity.portraits):
        for warning in portrait["warnings"]:
            err.print(f"[yellow]warning[/] the face of portrait {index} is", warning)
    for index in identity.inconsistent_portraits:
        err.print(f"[yellow]warning[/] portrait {index} seems to show somebody else")
    out.print(identity.id, markup=False)


@app.command(name="list")
def list_(
    server: ServerOption = None,
    backend: BackendOption = "local",
    provider: ProviderOption = None,
    timeout: TimeoutOption = 60.0,
) -> None:
    """List all enrolled people."""

    async def work(client: AsyncClient) -> list[Identity]:
        return await client.identities()

    table = Table("id", "name", "created", "portraits", box=None)
    for identity in with_client(
        work, server=server, backend=backend, providers=provider, timeout_s=timeout
    ):
        table.add_row(identity.id, escape(identity.name), identity.created, str(identity.size))
    out.print(table)


@app.command()
def show(
    id: IdArgument,
    server: ServerOption = None,
    backend: BackendOption = "local",
    provider: ProviderOption = None,
    timeout: TimeoutOption = 60.0,
) -> None:
    """List the portraits of the enrolled person ID, and what they agreed to."""

    async def work(client: AsyncClient) -> Identity:
        return await client.identity(id)

    identity = with_client(
        work, server=server, backend=backend, providers=provider, timeout_s=timeout
    )
    table = Table("#", "width", "yaw", "quality", "warnings", box=None)
    for index, portrait in enumerate(identity.portraits):
        told = [
            *portrait["warnings"],
            *(["inconsistent"] if index in identity.inconsistent_portraits else []),
        ]
        quality, yaw = portrait["quality"], portrait["pose"]["yaw"]
        figures = f"{quality['width_px']:.0f}", f"{yaw:.0f}", f"{quality['score']:.2f}"
        table.add_row(str(index), *figures, ", ".join(told) or "–")
    out.print(table)
    err.print(f"{identity.consent['given']}: {identity.consent['statement']}", markup=False)


@app.command()
def remove(
    id: IdArgument,
    server: ServerOption = None,
    backend: BackendOption = "local",
    provider: ProviderOption = None,
    timeout: TimeoutOption = 60.0,
) -> None:
    """Forget the enrolled person ID and all that is kept of them."""

    async def work(client: AsyncClient) -> None:
        await client.delete_identity(id)

    with_client(work, server=server, backend=backend, providers=provider, timeout_s=timeout)
    err.print(f"removed {id}", markup=False)
