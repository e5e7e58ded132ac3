"""Shared parts of the commands: the options that select the backend, and JSON options."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_type_hints

import typer

if TYPE_CHECKING:
    from gateway.settings import Settings
    from semblant.client import AsyncClient

T = TypeVar("T")

Backend = Literal["embedded", "local"]
ServiceBackend = Literal["auto", "embedded", "triton", "local"]
DEFAULT_SERVER = "http://127.0.0.1:8000"

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
TimeoutOption = Annotated[
    float, typer.Option("--timeout", help="Seconds the command may take.", min=0.1)
]
JobsServerOption = Annotated[str, typer.Option("--server", help="Address of the server.")]
TenantOption = Annotated[str | None, typer.Option("--tenant", help="Tenant that owns the jobs.")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", show_default=False)]
OptionsOption = Annotated[
    str | None, typer.Option("--options", help="Any options of the API, as one JSON object.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="One option of the API, such as shape=0.6 or masks.blur=0.4; may be repeated.",
    ),
]
ServiceBackendOption = Annotated[
    ServiceBackend | None,
    typer.Option(
        "--backend",
        help="`embedded` starts Triton here, `triton` uses a running one, `local` needs none; "
        "`auto` is `embedded` where it is installed.",
    ),
]


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the work of a command is done.

    Attributes:
        server: Address of a running server; None runs it here.
        backend: Of what runs here.
        provider: ONNX Runtime's providers of `local`, first choice first.
        timeout: Seconds it may take.
    """

    server: str | None = field(default=None, metadata={"option": ServerOption})
    backend: Backend = field(default="local", metadata={"option": BackendOption})
    provider: list[str] | None = field(default=None, metadata={"option": ProviderOption})
    timeout: float = field(default=60.0, metadata={"option": TimeoutOption})

    def run(
        self,
        work: Callable[[AsyncClient], Awaitable[T]],
        *,
        jobs: bool = False,
        settings: Mapping[str, object] = MappingProxyType({}),
        options: Mapping[str, Any] | None = None,
    ) -> T:
        """Return the result of a call with a client of the server, or of a service started for it.

        A service that is started here executes jobs only with `jobs`; further `settings` are
        of it, too. There `options` are checked before models are loaded.

        Raises:
            InvalidOptions, UnknownModel: of the options.
            typer.BadParameter: the server or the backend cannot be had.
        """
        if self.server is not None:
            check_address(self.server)
        if self.provider and (self.server is not None or self.backend != "local"):
            raise typer.BadParameter("is for `--backend local`", param_hint="--provider")

        async def here() -> T:
            if self.server is not None:
                from semblant.client import AsyncClient  # noqa: PLC0415

                async with AsyncClient(self.server, timeout_s=self.timeout) as client:
                    return await work(client)
            from gateway.compute import share_heaps  # noqa: PLC0415
            from semblant.in_process import in_process, provider_names  # noqa: PLC0415

            share_heaps()  # the process is ours
            given = dict(settings)
            if self.provider:
                given["execution_providers"] = provider_names(self.provider)
            own = read_settings(backend=self.backend, **given)
            service = in_process(own, timeout_s=self.timeout, jobs=jobs, options=options)
            async with service as client:
                return await work(client)

        return asyncio.run(here())


@dataclass(frozen=True, slots=True)
class JobsConnection:
    """The server whose jobs a command is about.

    Attributes:
        server: Its address.
        tenant: Owner of the jobs.
        timeout: Seconds a request may take.
    """

    server: str = field(default=DEFAULT_SERVER, metadata={"option": JobsServerOption})
    tenant: str | None = field(default=None, metadata={"option": TenantOption})
    timeout: float = field(default=60.0, metadata={"option": TimeoutOption})

    def run(self, work: Callable[[AsyncClient], Awaitable[T]]) -> T:
        """Return the result of a call with a client of the server.

        Raises:
            typer.BadParameter: the server's address is none.
        """
        check_address(self.server)

        async def ask() -> T:
            from semblant.client import AsyncClient  # noqa: PLC0415

            async with AsyncClient(
                self.server, timeout_s=self.timeout, tenant=self.tenant
            ) as client:
                return await work(client)

        return asyncio.run(ask())


def connected(
    kind: type[Connection] | type[JobsConnection] = Connection, **defaults: object
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of a connection; it takes them as one argument `connection`.

    Args:
        kind: Which connection.
        **defaults: Of its fields, where they differ for this command.
    """
    shared = kind.__dataclass_fields__

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def command(**given: Any) -> None:
            fields = {name: given.pop(name) for name in shared}
            function(**given, connection=kind(**fields))

        own = inspect.signature(function)
        hints = get_type_hints(function, include_extras=True)
        parameters = [p for p in own.parameters.values() if p.name != "connection"]
        parameters += [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=defaults.get(name, one.default),
                annotation=one.metadata["option"],
            )
            for name, one in shared.items()
        ]
        del command.__dict__["__wrapped__"]  # its signature is this one
        command.__dict__["__signature__"] = own.replace(
            parameters=[
                p.replace(annotation=hints.get(p.name, p.annotation), kind=p.KEYWORD_ONLY)
                for p in parameters
            ]
        )
        command.__annotations__ = {p.name: hints.get(p.name, p.annotation) for p in parameters} | {
            "return": None
        }
        return command

    return decorate


def read_settings(**given: Any) -> Settings:
    """Return the settings: given values, then the environment, then defaults.

    Raises:
        typer.BadParameter: naming the invalid value.
    """
    from pydantic import ValidationError  # noqa: PLC0415
    from pydantic_settings import SettingsError  # noqa: PLC0415

    from gateway.deprecations import collected  # noqa: PLC0415
    from gateway.settings import ENV_PREFIX, Settings, misspelt_variables  # noqa: PLC0415
    from semblant.cli.console import err  # noqa: PLC0415

    try:
        # At once, not at the end: a service may run for months.
        with collected() as deprecated:
            settings = Settings(**given)
    except ValidationError as error:
        wrong = "; ".join(
            f"{ENV_PREFIX}{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}"
            for e in error.errors()
        )
        raise typer.BadParameter(wrong, param_hint="the settings") from error
    except SettingsError as error:
        raise typer.BadParameter(str(error), param_hint="the settings") from error
    for rename in deprecated:
        err.print(f"note: {rename}", markup=False)
    for name, meant in misspelt_variables(os.environ).items():
        err.print(f"note: {name} is no setting; did you mean {meant}?", markup=False)
    return settings


def check_address(server: str) -> None:
    """Check the address of a server.

    Raises:
        typer.BadParameter: it is none.
    """
    from semblant.access import server_address  # noqa: PLC0415

    try:
        server_address(server)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--server") from error


def read_options(text: str | None, assignments: list[str] | None = None) -> dict[str, Any]:
    """Return the options of `--options` and `--set`; the latter count where both name one.

    Old names of options become the new ones.

    Raises:
        typer.BadParameter: the text is no JSON object, or an assignment is none.
    """
    from gateway.deprecations import with_new_options  # noqa: PLC0415

    options = json_object(text)
    for assignment in assignments or ():
        name, equals, value = assignment.partition("=")
        if not equals or not all(part.isidentifier() for part in name.split(".")):
            raise typer.BadParameter(f"{assignment!r} is not NAME=VALUE", param_hint="--set")
        *groups, last = name.split(".")
        merge_path(options, groups, last, _value(value))
    return with_new_options(options)


def _value(text: str) -> object:
    """Return the JSON value that a text is, else the text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def json_object(text: str | None) -> dict[str, Any]:
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


def merge(options: dict[str, Any], name: str, **members: object) -> None:
    """Set members of a group of options and leave its others as they are.

    Raises:
        typer.BadParameter: if the options have something else in its place.
    """
    for member, value in members.items():
        merge_path(options, [name], member, value)


def merge_path(options: dict[str, Any], groups: list[str], name: str, value: object) -> None:
    """Set an option inside nested groups; missing groups are created.

    Raises:
        typer.BadParameter: if the options have something else in a group's place.
    """
    if not groups:
        options[name] = value
        return
    group = options.get(groups[0], {})
    if not isinstance(group, dict):
        raise typer.BadParameter(f"{groups[0]}: a JSON object is needed", param_hint="--options")
    inner = dict(group)
    merge_path(inner, groups[1:], name, value)
    options[groups[0]] = inner
