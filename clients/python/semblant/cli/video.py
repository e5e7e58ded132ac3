"""The part of `semblant swap` that renders videos."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.markup import escape

from semblant.cli.common import Connection
from semblant.cli.console import err, error_console
from semblant.client import AsyncClient
from semblant.jobs import Job, JobRequest
from semblant.local_jobs import make_video


def make(
    asked: JobRequest,
    output: Path,
    *,
    connection: Connection,
    quiet: bool,
) -> None:
    """Render a video and show the progress.

    Raises:
        SemblantError: why there is none.
        KeyboardInterrupt: the caller does not wait; the same call resumes the job later.
    """

    async def work(client: AsyncClient) -> Job:
        with _bar(quiet) as show:
            seen = False

            def on_progress(job: Job) -> None:
                nonlocal seen
                if not seen and not quiet and not job.final and job.percent:
                    err.print(f"resuming at {job.percent:.0f} %")
                seen = True
                show(job)

            return await make_video(client, asked, output, on_progress=on_progress)

    try:
        job = connection.run(work, jobs=True, options=asked.options)
    except KeyboardInterrupt:
        where = "The server continues" if connection.server else "What is done is kept"
        err.print(f"{where}: the same command resumes it.")
        raise
    if not quiet:
        _tell(job)


@contextmanager
def _bar(quiet: bool) -> Iterator[Callable[[Job], None]]:
    """Show a progress bar on a terminal; yield the callable that updates it."""
    if quiet or not err.is_terminal:
        yield lambda _: None
        return
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[pace]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=error_console(), transient=True) as progress:
        task = progress.add_task("waiting", total=100, pace="")

        def on_progress(job: Job) -> None:
            fps, left = job.document.get("fps"), job.document.get("eta_s")
            pace = "" if fps is None else f"{fps:.1f} fps"
            pace += "" if left is None else f", {_duration(left)} left"
            progress.update(task, description=job.stage, completed=job.percent, pace=pace)

        yield on_progress


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _tell(job: Job) -> None:
    report = job.report or {}
    err.print(
        f"{report.get('changed_frames', 0)} of {report.get('frames', 0)} frames changed, "
        f"{report.get('container')}/{report.get('codec')}"
    )
    if report.get("lost_frames"):
        err.print(f"[yellow]warning[/] {report['lost_frames']} frames could not be read")
    for note in report.get("notes", ()):
        err.print(f"[yellow]warning[/] {escape(str(note).replace('_', ' '))}")
    left_out = [c for c in report.get("companions", ()) if c.get("how") == "dropped"]
    for one in left_out:
        what = f"{one.get('kind')} track {one.get('index')} ({one.get('codec') or 'no codec'})"
        err.print(f"left out: {escape(what)}")
    if report.get("hdr") not in (None, "none"):
        err.print(f"high dynamic range: {report['hdr'].replace('_', ' ')}")
