"""`semblant jobs`: videos that a server makes in their turn."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.table import Table

from semblant.cli.common import IdArgument, TimeoutOption, check_address, json_object
from semblant.cli.console import err, out
from semblant.client import DEFAULT_SERVER, AsyncClient
from semblant.jobs import SUBMIT_TIMEOUT_S, Job, JobRequest

T = TypeVar("T")

app = typer.Typer(
    help="Submit, list, show, watch, cancel, resume and remove jobs of a running server, and fetch "
    "what they made.",
    no_args_is_help=True,
)

ServerOption = Annotated[str, typer.Option("--server", help="Address of the server.")]
TenantOption = Annotated[str | None, typer.Option("--tenant", help="Whose jobs.")]


@app.command()
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
    options: Annotated[
        str | None, typer.Option("--options", help="Any options of the API, as JSON.")
    ] = None,
    priority: Annotated[
        str | None, typer.Option("--priority", help="`high`, `normal` or `low`.")
    ] = None,
    retention: Annotated[
        str | None, typer.Option("--retention", help="How long it is kept afterwards: `6h`.")
    ] = None,
    cancel_after: Annotated[
        str | None, typer.Option("--cancel-after", help="How long it may take: `5m`.")
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", help="Makes it harmless to submit the same again.")
    ] = None,
    watch_it: Annotated[bool, typer.Option("--watch", help="Stay until it has ended.")] = False,
    server: ServerOption = DEFAULT_SERVER,
    tenant: TenantOption = None,
    timeout: TimeoutOption = SUBMIT_TIMEOUT_S,
) -> None:
    """Let the face of the PORTRAITs be put into VIDEO, and print the job's id."""
    *portraits, video = files
    asked = JobRequest(
        sources=portraits,
        target=video,
        source_id=source_id,
        options=json_object(options),
        priority=priority,
        retention=retention,
        cancel_after=cancel_after,
        key=key,
    )

    async def work(client: AsyncClient) -> Job:
        return await client.submit_job(asked, timeout_s=timeout)

    job = _ask(work, server, tenant, timeout)
    out.print(job.id, markup=False)
    if watch_it:
        watch(job.id, server, tenant, timeout)


@app.command(name="list")
def list_(
    status: Annotated[
        list[str] | None, typer.Option("--status", help="Only jobs in this state.")
    ] = None,
    server: ServerOption = DEFAULT_SERVER,
    tenant: TenantOption = None,
    timeout: TimeoutOption = 60.0,
) -> None:
    """List the jobs, the latest first."""

    async def work(client: AsyncClient) -> list[Job]:
        return [job async for job in client.jobs(status or ())]

    table = Table("id", "status", "percent", "created", "error", box=None)
    for job in _ask(work, server, tenant, timeout):
        code = job.error["code"] if job.error else ""
        table.add_row(job.id, job.status, f"{job.percent:.0f}", job.created, code)
    out.print(table)


@app.command()
def show(
    id: IdArgument,
    server: ServerOption = DEFAULT_SERVER,
    tenant: TenantOption = None,
    timeout: TimeoutOption = 60.0,
) -> None:
    """Print the job ID as JSON."""
    job = _ask(lambda client: client.job(id), server, tenant, timeout)
    sys.stdout.write(json.dumps(dict(job.document), indent=2, ensure_ascii=False) + "\n")


@app.command()
def watch(
    id: IdArgument,
    server: ServerOption = DEFAULT_SERVER,
    tenant: TenantOption = None,
    timeout: TimeoutOption = 60.0,
) -> None:
    """Tell how far the job ID is, until it has ended; fails unless it succeeds."""

    async def work(client: AsyncClient) -> Job:
        async for job in client.watch_job(id):
            _tell(job)
        return await client.job(id)

    job = _ask(work, server, tenant, timeout)
    if job.error is not None:
        err.print(f"{job.error['code']}: {job.error['detail']}", markup=False)
    if job.status != "succeeded":
        raise typer.Exit(1)


@app.command()
def cancel(
    id: IdArgument,
    server: ServerOption = DEFAULT_SERVER,
    tenant: TenantOption = None,
    timeout: TimeoutOption = 60.0,
) -> None:
    """Call the job ID off."""
    job = _ask(lambda client: client.cancel_job(id), server, tenant, timeout)
    err.print(f"{job.id} is {job.status}", markup=False)


@app.command()
def resume(
    id: IdArgument,
    server: ServerOption = DEFAULT_SERVER,
    tenant: TenantOption = None,
    timeout: TimeoutOption = 60.0,
) -> None:
    """Let the failed job ID go on from where it got to."""
    job = _ask(lambda client: client.resume_job(id), server, tenant, timeout)
    err.print(f"{job.id} is {job.status}", markup=False)


@app.command()
def remove(
    id: IdArgument,
    server: ServerOption = DEFAULT_SERVER,
    tenant: TenantOption = None,
    timeout: TimeoutOption = 60.0,
) -> None:
    """Remove the job ID and all that is kept of it."""
    _ask(lambda client: client.delete_job(id), server, tenant, timeout)
    err.print(f"removed {id}", markup=False)


@app.command()
def output(
    id: IdArgument,
    path: Annotated[
        Path, typer.Option("--output", "-o", help="Where it goes.", show_default=False)
    ],
    server: ServerOption = DEFAULT_SERVER,
    tenant: TenantOption = None,
    timeout: TimeoutOption = 60.0,
) -> None:
    """Fetch what the job ID made."""
    saved = _ask(lambda client: client.save_job_output(id, path), server, tenant, timeout)
    out.print(str(saved), markup=False)


def _ask(
    work: Callable[[AsyncClient], Awaitable[T]], server: str, tenant: str | None, timeout_s: float
) -> T:
    """Return what comes of asking a server."""
    check_address(server)

    async def ask() -> T:
        async with AsyncClient(server, timeout_s=timeout_s, tenant=tenant) as client:
            return await work(client)

    return asyncio.run(ask())


def _tell(job: Job) -> None:
    left = job.document.get("eta_s")
    later = "" if left is None else f", {left:.0f} s left"
    err.print(f"{job.status} ({job.stage}) {job.percent:.0f} %{later}", markup=False)
