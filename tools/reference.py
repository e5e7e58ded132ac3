"""Write the reference pages of `docs/reference` from the code: `make docs`.

Each page is a function of what the code declares, so that none is kept by hand. A test holds the
committed pages to these functions.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer.main
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from semblant.cli.app import app

from gateway.deprecations import REMOVED_IN, RENAMES
from gateway.errors import ERROR_TABLE
from gateway.http.app import create_app
from gateway.operations.schemas.faces import FacesOptions, TrackOptions
from gateway.operations.schemas.identities import IdentityOptions
from gateway.operations.schemas.libraries import EnrolOptions
from gateway.paths import PROJECT_ROOT
from gateway.pipeline.options.choices import OneOf
from gateway.pipeline.options.swap import SwapOptions
from gateway.pipeline.options.video import VideoOptions
from gateway.serving.testing import fake_services
from gateway.settings import ENV_PREFIX, Settings

FOLDER = PROJECT_ROOT / "docs" / "reference"
NOTE = "<!-- Written by `make docs`; edit the code, not this page. -->"


def page(title: str, intro: str, *parts: str) -> str:
    """Return a page of Markdown with a title, an introduction and further parts."""
    return "\n\n".join((f"# {title}", NOTE, intro, *parts)) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of Markdown."""
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *cells)]
    return "\n".join(lines)


# Options


def fields(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield the fields of a model by their paths, those of groups and list entries included."""
    for name, field in model.model_fields.items():
        inner = _model_of(field.annotation)
        if inner is None:
            yield f"{prefix}{name}", field
        elif get_origin(field.annotation) is tuple:
            yield f"{prefix}{name}", field
            yield from fields(inner, f"{prefix}{name}[].")
        else:
            yield from fields(inner, f"{prefix}{name}.")


def _model_of(annotation: Any) -> type[BaseModel] | None:
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def allowed(field: FieldInfo) -> str:
    """Return the values that a field takes, in words."""
    choices = next((one.names for one in field.metadata if isinstance(one, OneOf)), None)
    found = [", ".join(f"`{name}`" for name in choices) if choices else _kind(field.annotation)]
    for name, symbol in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<")):
        bounds = (getattr(limit, name, None) for limit in field.metadata)
        found += [f"{symbol} {bound:g}" for bound in bounds if bound is not None]
    return ", ".join(dict.fromkeys(part for part in found if part))


def _kind(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin in (tuple, list):
        return f"list of {_kind(arguments[0])}"
    if origin is dict:
        return "object of numbers"
    if arguments and origin is not Literal:
        if hasattr(annotation, "__metadata__"):
            return _kind(arguments[0])
        kinds = [_kind(one) for one in arguments if one is not type(None)]
        return " or ".join(kind for kind in kinds if kind)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return ", ".join(f"`{member.value}`" for member in annotation)
    words = {bool: "`true`, `false`", int: "whole number", float: "number", str: "text"}
    return words.get(annotation, "object")


def _default(field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True)
    if isinstance(default, tuple):
        default = list(default)
    return f"`{json.dumps(default)}`"


def options_table(model: type[BaseModel], *, but: type[BaseModel] | None = None) -> str:
    """Return the options of a model as a table, without those of another model."""
    known = {} if but is None else dict(fields(but))
    rows = [
        (f"`{path}`", _default(field), allowed(field), field.description or "")
        for path, field in fields(model)
        if path not in known
    ]
    return table(("option", "default", "allowed", "meaning"), rows)


def options() -> str:
    """Return the page about options."""
    return page(
        "Options",
        "Options are one JSON object: the form field `options` over HTTP, `--options` or "
        "`--set name=value` on the command line, `options=` in Python. A dot leads into a group. "
        "Unknown names and values out of range are refused with `invalid_options`, which names "
        "every finding by its JSON pointer.",
        "## Swaps: `POST /v1/swaps`, `semblant swap`\n\n" + options_table(SwapOptions),
        "## Videos: `POST /v1/jobs`\n\nAll of the above but `quality.limits`, `quality.retry` and "
        "`frame_enhancer_scale`, and\n\n" + options_table(VideoOptions, but=SwapOptions),
        "## Faces: `POST /v1/faces`\n\n`detector.thorough` is on by default here.\n\n"
        + options_table(FacesOptions),
        "## Tracks: `POST /v1/tracks`\n\n" + options_table(TrackOptions),
        "## Expression libraries: `POST /v1/expression-libraries`\n\n"
        + options_table(EnrolOptions),
        "## Identities: `POST /v1/identities`\n\n" + options_table(IdentityOptions),
    )


# Settings, errors, renamed names


def settings() -> str:
    """Return the page about settings."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        if isinstance(default, Path):
            shown = "see below"
        elif isinstance(default, tuple):
            shown = ", ".join(map(str, default)) or "none"
        else:
            shown = "none" if default in (None, "") else f"`{json.dumps(default)}`"
        choices = allowed(field) if get_origin(field.annotation) is Literal else ""
        meaning = (field.description or "") + (f" One of {choices}." if choices else "")
        rows.append((f"`{ENV_PREFIX}{name.upper()}`", shown, meaning))
    return page(
        "Settings",
        "Every setting is an environment variable, read once at the start. Values are written as "
        "they are, lists separated by commas.",
        table(("variable", "default", "meaning"), rows),
        "Folders without a setting lie in the checkout where Semblant runs from one, else in the "
        "user's own folders of the platform: `semblant doctor` prints them.",
    )


def errors() -> str:
    """Return the page about errors."""
    yes = {True: "yes", False: "no"}
    rows = [
        (f"`{s.code}`", str(s.http), s.grpc, yes[s.retryable], s.title)
        for s in ERROR_TABLE.values()
    ]
    return page(
        "Errors",
        "Every error is a problem document (RFC 9457): `code` is stable, `retryable` says whether "
        "the same request can succeed later, `errors` lists findings by JSON pointer. Statuses 429 "
        "and 503 come with `Retry-After`. In Python each code is a subclass of `SemblantError`. "
        "Status 500 never carries details; they are in the log under the request id.",
        table(("code", "HTTP", "gRPC", "retryable", "title"), rows),
    )


def deprecations() -> str:
    """Return the page about renamed names."""
    rows = []
    for rename in RENAMES:
        values = ", ".join(f"`{old}` → `{new}`" for old, new in rename.values.items())
        new = f"`{rename.new}`" + (f" ({values})" if values else "")
        rows.append((rename.kind, f"`{rename.old}`", new))
    return page(
        "Renamed names",
        f"Old names are accepted until release {REMOVED_IN}. Their use is reported: over HTTP by "
        "the header `X-Semblant-Deprecated`, in Python by a `DeprecationWarning`. Old error codes "
        "are no longer sent; `/problems/{code}` still explains them.",
        table(("kind", "old", "new"), rows),
    )


# HTTP and the command line


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and OpenAPI operation of every address."""
    document = create_app(fake_services()).openapi()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def http() -> str:
    """Return the page about addresses."""
    routes = list(operations())
    rows = [(method, f"`{path}`", route["summary"]) for method, path, route in routes]
    parts = [
        f"## {method} {path}\n\n{route['description'].strip()}"
        for method, path, route in routes
        if "description" in route
    ]
    return page(
        "HTTP",
        "`GET /openapi.json` is the machine-readable description, with a model and an example of "
        "every answer; `GET /docs` lists it for people. `X-Request-Timeout: 5` shortens the "
        "seconds a request may take; `X-Request-Id` is echoed and appears in the log.",
        table(("method", "address", "meaning"), rows),
        *parts,
    )


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield a command of the command line and all below it by their full names.

    Typer brings a Click of its own, so a group is known by what it offers, not by its class.
    """
    if command.hidden:
        return
    if hasattr(command, "list_commands"):
        context = command.context_class(command, info_name=name)
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            if found is not None:
                yield from commands(found, f"{name} {child}")
    else:
        yield name, command


def cli() -> str:
    """Return the page about the command line."""
    root = typer.main.get_command(app)
    parts = []
    for name, command in commands(root, "semblant"):
        context = command.context_class(command, info_name=name)
        usage = " ".join(command.collect_usage_pieces(context))
        rows = [
            (
                ", ".join(f"`{opt}`" for opt in (*param.opts, *param.secondary_opts)),
                _plain(getattr(param, "help", "") or ""),
            )
            for param in command.params
            if param.param_type_name == "option" and not param.hidden and param.name != "help"
        ]
        text = f"## {name}\n\n    {name} {usage}\n\n{_plain(command.help or '')}"
        parts.append(text + ("\n\n" + table(("option", "meaning"), rows) if rows else ""))
    return page(
        "Command line",
        "Results go to standard output, everything else to standard error. "
        + _plain(str(root.epilog or "")),
        *parts,
    )


def _plain(text: str) -> str:
    paragraphs = text.replace("\b", "").strip().split("\n\n")
    return "\n\n".join(" ".join(part.split()) for part in paragraphs)


PAGES: dict[str, Callable[[], str]] = {
    "options": options,
    "settings": settings,
    "errors": errors,
    "http": http,
    "cli": cli,
    "renamed": deprecations,
}


def main() -> int:
    """Write every page; return 0."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        (FOLDER / f"{name}.md").write_text(make(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
