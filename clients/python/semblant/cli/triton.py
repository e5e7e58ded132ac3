"""`semblant triton`: only the embedded inference server."""

from __future__ import annotations

from semblant.cli.common import read_settings
from semblant.cli.console import out


def triton() -> None:
    """Run the embedded Triton server on free loopback ports until interrupted."""
    from semblant_triton.serve import serve_triton  # noqa: PLC0415 - Linux only

    settings = read_settings()
    serve_triton(
        settings.model_repository,
        settings.triton_environment,
        tell=lambda line: out.print(line, markup=False),
    )
