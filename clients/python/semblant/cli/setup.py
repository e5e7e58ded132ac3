"""`semblant setup`: models and, where it runs, the environment of the embedded server."""

from __future__ import annotations

from typing import Annotated

import typer

from semblant.cli.common import read_settings
from semblant.cli.console import err, out, progress


def setup(
    triton: Annotated[
        bool,
        typer.Option("--triton/--no-triton", help="Also the environment of the embedded server."),
    ] = True,
) -> None:
    """Build the models, and install the embedded Triton server where it can run."""
    from gateway.errors import PlatformUnsupported  # noqa: PLC0415
    from semblant.cli.models import build  # noqa: PLC0415

    build()
    if not triton:
        return
    from semblant_triton.environment import create_environment  # noqa: PLC0415

    environment = read_settings().triton_environment
    try:
        with progress("installing the Triton server"):
            create_environment(environment)
    except PlatformUnsupported as error:
        err.print(error.detail, markup=False)
    else:
        out.print(f"Triton server: {environment}", markup=False)
