"""`semblant track`: the expression of a face in every frame of a video."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from semblant.cli.common import Connection, OptionsOption, SetOption, connected, read_options
from semblant.cli.console import err, progress

if TYPE_CHECKING:
    from semblant.client import AsyncClient
    from semblant.expressions import TrackResult

VIDEO_TIMEOUT_S = 600.0
STDOUT = "-"


@connected(timeout=VIDEO_TIMEOUT_S)
def track(
    video: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, show_default=False)
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", help="Path of the lines; `-` is standard output.")
    ] = STDOUT,
    every: Annotated[
        int | None, typer.Option("--every", help="Analyse every n-th frame.", min=1)
    ] = None,
    residuals: Annotated[
        bool, typer.Option("--residuals", help="Also the residual coefficients.")
    ] = False,
    set_: SetOption = None,
    options: OptionsOption = None,
    *,
    connection: Connection,
) -> None:
    """Track a face through VIDEO: one line of JSON for every frame."""
    wanted = read_options(options, set_)
    if every is not None:
        wanted["every"] = every
    if residuals:
        wanted["residuals"] = True

    async def work(client: AsyncClient) -> TrackResult:
        return await client.track(video, options=wanted, timeout_s=connection.timeout)

    with progress("following"):
        result = connection.run(work)
    if output == STDOUT:
        for line in result.lines():
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    else:
        err.print(f"written to {result.save(output)}", markup=False)
    seen = sum("controls" in frame for frame in result)
    err.print(f"a face in {seen} of {len(result)} frames")
    for warning in result.warnings:
        err.print("[yellow]warning[/] the video is", warning)
