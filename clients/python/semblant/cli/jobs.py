"""`semblant jobs`: video jobs on a server."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from semblant.cli.common import (
    IdArgument,
    JobsConnection,
    OptionsOption,
    SetOption,
    connected,
    read_options,
)
from semblant.cli.console import err, out
from semblant.cli.renamed import former_verb

if TYPE_CHECKING:
    from semblant.client import AsyncClient
    from semblant.jobs import Job

SUBMIT_TIMEOUT_S = 3600.0

app = typer.Typer(
    help="Submit, list, show, watch, cancel, resume and delete jobs of a running server, and "
    "download their output.",
    no_args_is_help=True,
)


@app.command()
@connected(JobsConnection, timeout=SUBMIT_TIMEOUT_S)
def submit(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="[PORTRAIT...] VIDEO",
            help="Portraits of a person, and the video.",
            show_default=False,
            exists=True,
            dir_okay=False,
            readable=True,
        ),
    ],
    source_id: Annotated[
        str | None, typer.Option("--source-id", help="An enrolled identity in place of portraits.")
    ] = None,
    set_: SetOption = None,
    options: OptionsOption = None,
    priority: Annotated[
        str | None, typer.Option("--priority", help="`high`, `normal` or `low`.")
    ] = None,
    retention: Annotated[
        str | None, typer.Option("--retention", help="Time for which it is kept afterwards: `6h`.")
    ] = None,
    cancel_after: Annotated[
        str | None, typer.Option("--cancel-after", help="Time after which it is canceled: `5m`.")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            "--key", help="Idempotency key: the same request with it starts no second job."
        ),
    ] = None,
    webhook: Annotated[
        str | None,
        typer.Option("--webhook", help="Address that is notified, signed, when it has ended."),
    ] = None,
    watch_it: Annotated[bool, typer.Option("--watch", help="Wait until it has ended.")] = False,
    *,
    connection: JobsConnection,
) -> None:
    """Submit a job that puts the face of the PORTRAITs into VIDEO, and print its id."""
    from semblant.jobs import JobRequest  # noqa: PLC0415

    *portraits, video = files
    asked = JobRequest(
        sources=portraits,
        target=video,
        source_id=source_id,
        options=read_options(options, set_),
        priority=priority,
        retention=retention,
        cancel_after=cancel_after,
        key=key,
        webhook=None if webhook is None else {"url": webhook},
    )

    async def work(client: AsyncClient) -> Job:
        return await client.submit_job(asked, timeout_s=connection.timeout)

    job = connection.run(work)
    out.print(job.id, markup=False)
    if watch_it:
        _watch(job.id, connection)


@app.command(name="list")
@connected(JobsConnection)
def list_(
    status: Annotated[
        list[str] | None, typer.Option("--status", help="Only jobs in this state.")
    ] = None,
    *,
    connection: JobsConnection,
) -> None:
    """List the jobs, the latest first."""

    async def work(client: AsyncClient) -> list[Job]:
        return [job async for job in client.jobs(status or ())]

    from rich.table import Table  # noqa: PLC0415

    table = Table("id", "status", "percent", "created", "error", box=None)
    for job in connection.run(work):
        code = job.error["code"] if job.error else ""
        table.add_row(job.id, job.status, f"{job.percent:.0f}", job.created, code)
    out.print(table)


@app.command()
@connected(JobsConnection)
def show(id: IdArgument, *, connection: JobsConnection) -> None:
    """Print the job ID as JSON."""
    job = connection.run(lambda client: client.job(id))
    sys.stdout.write(json.dumps(dict(job.document), indent=2, ensure_ascii=False) + "\n")


@app.command()
@connected(JobsConnection)
def watch(id: IdArgument, *, connection: JobsConnection) -> None:
    """Report the progress of the job ID until it has ended; fails unless it succeeds."""
    _watch(id, connection)


def _watch(id: str, connection: JobsConnection) -> None:
    async def work(client: AsyncClient) -> Job:
        async for job in client.watch_job(id):
            _report(job)
        return await client.job(id)

    job = connection.run(work)
    if job.error is not None:
        err.print(f"{job.error['code']}: {job.error['detail']}", markup=False)
    if job.status != "succeeded":
        raise typer.Exit(1)


@app.command()
@connected(JobsConnection)
def cancel(id: IdArgument, *, connection: JobsConnection) -> None:
    """Cancel the job ID."""
    job = connection.run(lambda client: client.cancel_job(id))
    err.print(f"{job.id} is {job.status}", markup=False)


@app.command()
@connected(JobsConnection)
def resume(id: IdArgument, *, connection: JobsConnection) -> None:
    """Resume the failed job ID."""
    job = connection.run(lambda client: client.resume_job(id))
    err.print(f"{job.id} is {job.status}", markup=False)


@app.command()
@connected(JobsConnection)
def delete(id: IdArgument, *, connection: JobsConnection) -> None:
    """Delete the job ID and all that is kept of it."""
    connection.run(lambda client: client.delete_job(id))
    err.print(f"deleted {id}", markup=False)


@app.command()
@connected(JobsConnection)
def output(
    id: IdArgument,
    path: Annotated[
        Path, typer.Option("--output", "-o", help="Path of the file.", show_default=False)
    ],
    *,
    connection: JobsConnection,
) -> None:
    """Download the output of the job ID."""
    saved = connection.run(lambda client: client.save_job_output(id, path))
    out.print(str(saved), markup=False)


def _report(job: Job) -> None:
    left = job.document.get("eta_s")
    later = "" if left is None else f", {left:.0f} s left"
    if job.document.get("workers") == 0:
        later = "; no worker is alive: it waits for `semblant worker`"
    err.print(f"{job.status} ({job.stage}) {job.percent:.0f} %{later}", markup=False)


former_verb(app, "remove", delete)
