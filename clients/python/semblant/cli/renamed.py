"""Flags that were replaced: each becomes the new one before the command line is parsed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Any

import typer
from typer.core import TyperCommand

from gateway.deprecations import Rename, note, renames


class RenamingCommand(TyperCommand):
    """A command that also takes the former names of its flags."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Replace former flags, then parse."""
        return super().parse_args(ctx, list(with_new_flags(args)))


def with_new_flags(arguments: Sequence[str]) -> Iterator[str]:
    """Yield arguments of a command with former flags replaced, and note each.

    A new name that ends in `=` takes the value of the old flag, one that ends in `.` is extended by
    it, as `--limit max_seam_ratio=1.2` by `--set quality.limits.max_seam_ratio=1.2`.
    """
    known = renames("flag")
    coming = iter(arguments)
    for argument in coming:
        if argument == "--":
            yield argument
            yield from coming
            return
        name, equals, value = argument.partition("=")
        rename: Rename | None = known.get(name)
        if rename is None:
            yield argument
            continue
        note(rename)
        *before, last = rename.new.split(" ")
        if last.endswith(("=", ".")):
            last += value if equals else next(coming, "")
        yield from (*before, last)


def former_verb(app: typer.Typer, verb: str, command: Callable[..., None]) -> None:
    """Register a command under the verb it had before as well, hidden."""

    @wraps(command)
    def former(**given: Any) -> None:
        note(renames("verb")[verb])
        command(**given)

    app.command(name=verb, hidden=True)(former)
