"""What several commands have in common."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal, TypeVar

import typer

from gateway.settings import Settings
from semblant.client import AsyncClient
from semblant.in_process import in_process, provider_names

T = TypeVar("T")

Backend = Literal["embedded", "local"]

ServerOption = Annotated[
    str | None,
    typer.Option("--server", help="Address of a running server; without one it runs here."),
]
BackendOption = Annotated[
    Backend,
    typer.Option(
        "--backend",
        help="Running here: `local` in this process, or `embedded`, a Triton server of our own.",
    ),
]
ProviderOption = Annotated[
    list[str] | None,
    typer.Option(
        "--provider", help="ONNX Runtime provider for `local`, first choice first: cpu, cuda …"
    ),
]
TimeoutOption = Annotated[float, typer.Option("--timeout", help="Seconds it may take.", min=0.1)]


def with_client(
    work: Callable[[AsyncClient], Awaitable[T]],
    *,
    server: str | None,
    backend: Backend,
    providers: list[str] | None,
    timeout_s: float,
) -> T:
    """Run `work` with a client of the server, or of a service started for it."""

    async def here() -> T:
        if server is not None:
            async with AsyncClient(server, timeout_s=timeout_s) as client:
                return await work(client)
        settings = Settings(backend=backend)
        if providers:
            settings = settings.model_copy(
                update={"execution_providers": provider_names(providers)}
            )
        async with in_process(settings, timeout_s=timeout_s) as client:
            return await work(client)

    return asyncio.run(here())


def json_object(text: str | None) -> dict[str, object]:
    """Read options given as JSON.

    Raises:
        typer.BadParameter: if it is not a JSON object.
    """
    if not text:
        return {}
    try:
        value = json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise typer.BadParameter("a JSON object is needed")
    return value
