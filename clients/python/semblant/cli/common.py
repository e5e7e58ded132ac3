"""What several commands have in common."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from gateway.compute import share_heaps
from gateway.settings import Settings
from semblant.calls import server_address
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
IdArgument = Annotated[str, typer.Argument(metavar="ID", show_default=False)]
TimeoutOption = Annotated[float, typer.Option("--timeout", help="Seconds it may take.", min=0.1)]


def with_client(
    work: Callable[[AsyncClient], Awaitable[T]],
    *,
    server: str | None,
    backend: Backend,
    providers: list[str] | None,
    timeout_s: float,
    jobs: bool = False,
) -> T:
    """Run `work` with a client of the server, or of a service started for it.

    A service that is started here carries jobs out only with `jobs`.

    Raises:
        typer.BadParameter: if these cannot be had.
    """
    if server is not None:
        check_address(server)
    if providers and (server is not None or backend != "local"):
        raise typer.BadParameter("is for `--backend local`", param_hint="--provider")

    async def here() -> T:
        if server is not None:
            async with AsyncClient(server, timeout_s=timeout_s) as client:
                return await work(client)
        share_heaps()
        given = {"execution_providers": provider_names(providers)} if providers else {}
        settings = read_settings(backend=backend, **given)
        async with in_process(settings, timeout_s=timeout_s, jobs=jobs) as client:
            return await work(client)

    return asyncio.run(here())


def read_settings(**given: Any) -> Settings:
    """Return the settings: what is given, then the environment, then defaults.

    Raises:
        typer.BadParameter: naming what is wrong.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise typer.BadParameter(told, param_hint="the settings") from error
    except SettingsError as error:
        raise typer.BadParameter(str(error), param_hint="the settings") from error


def check_address(server: str) -> None:
    """Check the address of a server.

    Raises:
        typer.BadParameter: it is none.
    """
    try:
        server_address(server)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--server") from error


def json_object(text: str | None) -> dict[str, object]:
    """Read `--options`, given as JSON.

    Raises:
        typer.BadParameter: if it is not a JSON object.
    """
    if not text:
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise typer.BadParameter(f"not JSON: {error}", param_hint="--options") from error
    if not isinstance(value, dict):
        raise typer.BadParameter("a JSON object is needed", param_hint="--options")
    return value


def limits_of(told: Sequence[str], options: Mapping[str, object]) -> dict[str, object]:
    """Read `--limit`, each `NAME=NUMBER`, and join them to those of the options.

    Which names there are, the service knows.

    Raises:
        typer.BadParameter: if one is not of that form.
    """
    group = options.get("quality")
    given = group.get("limits") if isinstance(group, dict) else None
    limits: dict[str, object] = dict(given) if isinstance(given, dict) else {}
    for text in told:
        name, _, number = text.partition("=")
        try:
            limits[name.strip()] = float(number)
        except ValueError as error:
            raise typer.BadParameter(
                f"{text!r} is not NAME=NUMBER", param_hint="--limit"
            ) from error
    return limits


def merge(options: dict[str, object], name: str, **members: object) -> None:
    """Set members of a group of options and leave its others as they are.

    Raises:
        typer.BadParameter: if the options have something else in its place.
    """
    group = options.get(name, {})
    if not isinstance(group, dict):
        raise typer.BadParameter(f"{name}: a JSON object is needed", param_hint="--options")
    options[name] = {**group, **members}
