"""`semblant serve`: the service."""

from __future__ import annotations

from typing import Annotated

import typer

from semblant.cli.common import ServiceBackendOption, read_settings
from semblant.cli.console import MACHINE


def serve(
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="TCP port; 0 chooses one.")] = None,
    backend: ServiceBackendOption = None,
    triton_url: Annotated[
        str | None, typer.Option("--triton-url", help="host:port of a running Triton (gRPC).")
    ] = None,
    protocols: Annotated[
        str | None, typer.Option("--protocols", help="http, grpc, or both, on two ports.")
    ] = None,
    grpc_port: Annotated[
        int | None, typer.Option("--grpc-port", help="TCP port of gRPC; 0 chooses one.")
    ] = None,
) -> None:
    """Serve the API until interrupted.

    Everything else is set by environment variables, SEMBLANT_<NAME>.
    """
    from gateway.main import serve as run  # noqa: PLC0415 - the other commands need no server

    given = {"host": host, "port": port, "backend": backend, "triton_url": triton_url}
    given |= {"protocols": protocols, "grpc_port": grpc_port}
    if triton_url is not None and backend is None:
        given["backend"] = "triton"
    settings = read_settings(**{k: v for k, v in given.items() if v is not None})
    try:
        run(settings)
    except SystemExit:
        # uvicorn cannot listen; it has logged the error, and its exit codes are not ours.
        raise typer.Exit(MACHINE) from None
