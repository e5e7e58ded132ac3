"""`semblant database`: the schema of the database of jobs."""

from __future__ import annotations

import asyncio

import typer

from gateway.serving.jobs import upgrade_jobs_database
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
    `manual`. Stop those of the former release first.
    """
    revision = asyncio.run(upgrade_jobs_database(read_settings()))
    out.print(f"The schema of the database of jobs is at {revision}.", markup=False)
