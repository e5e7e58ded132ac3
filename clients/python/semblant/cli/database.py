"""`semblant database`: the schema of the database of jobs."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from gateway.access.caller import DEFAULT_TENANT
from gateway.errors import SetupIncomplete
from gateway.serving.jobs import upgrade_jobs_database
from gateway.serving.shared_stores import import_folder
from semblant.cli.common import read_settings
from semblant.cli.console import out

app = typer.Typer(
    help="The schema of the database of jobs, that of SEMBLANT_JOBS_DATABASE_URL.",
    no_args_is_help=True,
)


@app.callback()
def database() -> None:
    """Leave the choice to the command."""


@app.command()
def upgrade() -> None:
    """Upgrade the schema of the database of jobs to this release; safe to repeat.

    Services and workers do so themselves when they start, unless SEMBLANT_JOBS_DATABASE_UPGRADE is
    `manual`. Those of the former release may go on meanwhile.
    """
    revision = asyncio.run(upgrade_jobs_database(read_settings()))
    out.print(f"The schema of the database of jobs is at {revision}.", markup=False)


@app.command(name="import")
def import_(
    tenant: Annotated[
        list[str] | None,
        typer.Option(help="Whose identities and libraries; may be repeated."),
    ] = None,
) -> None:
    """Copy identities and libraries from the folder of data into the database; safe to repeat.

    Where SEMBLANT_JOBS_DATABASE_URL is set, they are kept there and in the object store; without
    it, in files below SEMBLANT_DATA_DIR. The files are left as they are.
    """
    settings = read_settings()
    if not settings.jobs_database_url:
        raise SetupIncomplete("SEMBLANT_JOBS_DATABASE_URL names no database to copy to.")
    asyncio.run(upgrade_jobs_database(settings))
    copied = import_folder(settings, tenant or [DEFAULT_TENANT])
    out.print(f"{copied} identities and libraries were copied.", markup=False)
