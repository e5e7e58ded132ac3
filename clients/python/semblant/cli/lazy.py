"""Groups of commands whose modules are imported when a command is invoked."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer.main
from typer.core import TyperGroup


def lazy_group(module: str) -> type[TyperGroup]:
    """Return a group with the commands of `module.app`, which is not imported until then."""

    class LazyGroup(TyperGroup):
        """The commands of a module."""

        def list_commands(self, ctx: Any) -> list[str]:
            """Return the names of the commands."""
            return self._group().list_commands(ctx)

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            """Return a command by its name."""
            return self._group().get_command(ctx, cmd_name)

        @staticmethod
        def _group() -> TyperGroup:
            return typer.main.get_group(import_module(module).app)

    return LazyGroup
