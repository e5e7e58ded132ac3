"""`semblant track`: the expression of a face in every frame of a video."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from semblant.cli.common import (
    BackendOption,
    ProviderOption,
    ServerOption,
    TimeoutOption,
    json_object,
    with_client,
)
from semblant.cli.console import err, progress
from semblant.client import AsyncClient
from semblant.expressions import VIDEO_TIMEOUT_S, TrackResult

STDOUT = "-"


def track(
    video: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, show_default=False)
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", help="Where the lines go; `-` is standard output.")
    ] = STDOUT,
    every: Annotated[
        int | None, typer.Option("--every", help="Look at every so manieth frame.", min=1)
    ] = None,
    residuals: Annotated[
        bool, typer.Option("--residuals", help="Also what the controls do not tell.")
    ] = False,
    options: Annotated[
        str | None, typer.Option("--options", help="Any options of the API, as JSON.")
    ] = None,
    server: ServerOption = None,
    backend: BackendOption = "local",
    provider: ProviderOption = None,
    timeout: TimeoutOption = VIDEO_TIMEOUT_S,
) -> None:
    """Follow a face through VIDEO: one line of JSON for every frame."""
    wanted = json_object(options)
    if every is not None:
        wanted["every"] = every
    if residuals:
        wanted["residuals"] = True

    async def work(client: AsyncClient) -> TrackResult:
        return await client.track(video, options=wanted, timeout_s=timeout)

    with progress("following"):
        result = with_client(
            work, server=server, backend=backend, providers=provider, timeout_s=timeout
        )
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
