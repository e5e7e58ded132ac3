"""`semblant identities`: people whose faces may be used."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from semblant.cli.common import Connection, IdArgument, connected
from semblant.cli.console import err, out, progress
from semblant.cli.renamed import former_verb

if TYPE_CHECKING:
    from semblant.client import AsyncClient
    from semblant.people import Identity

app = typer.Typer(
    help="Enrol, list, show and delete people whose faces may be used. What is kept is biometric "
    "data: the person must agree.",
    no_args_is_help=True,
)


@app.command()
@connected()
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
    name: Annotated[str, typer.Option("--name", help="Name of the person.")] = "",
    statement: Annotated[
        str | None, typer.Option("--statement", help="What the person has agreed to; stored.")
    ] = None,
    subject: Annotated[
        str, typer.Option("--subject", help="Reference of the person in your own records; no name.")
    ] = "",
    purpose: Annotated[
        list[str] | None,
        typer.Option("--purpose", help="What the face may be used for; several times. Else: all."),
    ] = None,
    medium: Annotated[
        list[str] | None,
        typer.Option("--medium", help="picture, video or live; several times. Else: all three."),
    ] = None,
    valid_until: Annotated[
        str | None, typer.Option("--valid-until", help="When the consent ends, ISO 8601.")
    ] = None,
    evidence: Annotated[
        Path | None,
        typer.Option(
            "--evidence",
            help="File that proves the consent; its SHA-256 is kept, not the file.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    protect: Annotated[
        bool, typer.Option("--protect", help="Refuse to replace the person's face in targets.")
    ] = False,
    *,
    connection: Connection,
) -> None:
    """Enrol the person in PORTRAITS, who has agreed to it, and print the id."""
    if not consent:
        raise typer.BadParameter("the person must agree, and you say so", param_hint="--consent")

    options: dict[str, object] = {"subject": subject, "protect": protect}
    if purpose:
        options["purposes"] = purpose
    if medium:
        options["media"] = medium
    if valid_until is not None:
        options["valid_until"] = valid_until
    if evidence is not None:
        with evidence.open("rb") as file:
            options["evidence_sha256"] = hashlib.file_digest(file, "sha256").hexdigest()

    async def work(client: AsyncClient) -> Identity:
        return await client.enrol_identity(
            portraits, consent=consent, name=name, statement=statement, options=options
        )

    with progress("looking"):
        identity = connection.run(work)
    err.print(f"{identity.size} portrait{'' if identity.size == 1 else 's'}")
    if identity.inconsistent_portraits:
        numbers = ", ".join(map(str, identity.inconsistent_portraits))
        err.print(f"warning: portraits {numbers} seem to show a different person", markup=False)
    for index, portrait in enumerate(identity.portraits):
        for warning in portrait["warnings"]:
            err.print(f"[yellow]warning[/] the face of portrait {index} is", warning)
    for index in identity.inconsistent_portraits:
        err.print(f"[yellow]warning[/] portrait {index} seems to show somebody else")
    out.print(identity.id, markup=False)


@app.command(name="list")
@connected()
def list_(
    *,
    connection: Connection,
) -> None:
    """List all enrolled people."""

    async def work(client: AsyncClient) -> list[Identity]:
        return await client.identities()

    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table("id", "name", "created", "portraits", box=None)
    for identity in connection.run(work):
        table.add_row(identity.id, escape(identity.name), identity.created, str(identity.size))
    out.print(table)


@app.command()
@connected()
def show(
    id: IdArgument,
    *,
    connection: Connection,
) -> None:
    """List the portraits of the enrolled person ID, and what they agreed to."""

    async def work(client: AsyncClient) -> Identity:
        return await client.identity(id)

    identity = connection.run(work)
    from rich.table import Table  # noqa: PLC0415

    table = Table("#", "width", "yaw", "quality", "warnings", box=None)
    for index, portrait in enumerate(identity.portraits):
        notes = [
            *portrait["warnings"],
            *(["inconsistent"] if index in identity.inconsistent_portraits else []),
        ]
        quality, yaw = portrait["quality"], portrait["pose"]["yaw"]
        figures = f"{quality['width_px']:.0f}", f"{yaw:.0f}", f"{quality['score']:.2f}"
        table.add_row(str(index), *figures, ", ".join(notes) or "–")
    out.print(table)
    err.print(f"{identity.consent['given']}: {identity.consent['statement']}", markup=False)


@app.command()
@connected()
def withdraw(
    id: IdArgument,
    *,
    connection: Connection,
) -> None:
    """Withdraw the consent of the enrolled person ID: jobs stop, outputs cannot be downloaded."""

    async def work(client: AsyncClient) -> Identity:
        return await client.withdraw_consent(id)

    identity = connection.run(work)
    err.print(f"withdrawn {identity.id}: nothing of the face is kept", markup=False)


@app.command()
@connected()
def delete(
    id: IdArgument,
    *,
    connection: Connection,
) -> None:
    """Delete the enrolled person ID and all that is kept of them."""

    async def work(client: AsyncClient) -> None:
        await client.delete_identity(id)

    connection.run(work)
    err.print(f"deleted {id}", markup=False)


former_verb(app, "remove", delete)
