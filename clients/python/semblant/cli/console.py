"""Output of the command line: results to stdout, everything else to stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from gateway.errors import CapacityError, InferenceError, InputError, SemblantError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


class _Lazy:
    """A console that is created at the first output: importing Rich takes a while."""

    def __init__(self, *, stderr: bool) -> None:
        self._stderr = stderr
        self._console: Console | None = None

    @property
    def real(self) -> Console:
        """The console itself, for uses that need more than its attributes."""
        if self._console is None:
            from rich.console import Console  # noqa: PLC0415

            # Into a pipe a row of a table stays one line.
            width = None if self._stderr or sys.stdout.isatty() else 200
            self._console = Console(
                stderr=self._stderr, highlight=False, soft_wrap=True, emoji=False, width=width
            )
        return self._console

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


_out, _err = _Lazy(stderr=False), _Lazy(stderr=True)
out = cast("Console", _out)
err = cast("Console", _err)


def error_console() -> Console:
    """Return the console of the standard error, for progress bars."""
    return _err.real


EXIT_CODES = (
    (InputError, 3),
    (CapacityError, 4),
    (InferenceError, 5),
)
AT_REST = 0.05
"""Up to here a control of an expression is not worth a line."""
OTHER_ERRORS = MISSING = 6
MACHINE = 1
INTERRUPTED = 130
"""Moreover 0 is success, and 2 wrong usage."""


def exit_code(error: SemblantError) -> int:
    """Return the exit code that stands for an error."""
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), OTHER_ERRORS)


def explain(error: SemblantError) -> None:
    """Print an error, its code, and every finding."""
    _complain(error.spec.code, error.detail)
    for finding in error.errors:
        err.print(f"  {finding.get('pointer') or '/'}: {finding.get('detail', '')}", markup=False)


def explain_machine(error: OSError) -> None:
    """Print an operating system error, such as a failure to read or write a file."""
    _complain("machine", str(error))


EXTRAS = {"uvicorn": "server"}
"""Extras that bring a module; all others come with `local`."""
_LOCAL = frozenset(
    (
        *("PIL", "alembic", "av", "cv2", "dbos", "fastapi", "filelock", "google", "numba", "numpy"),
        *("obstore", "onnx", "onnxruntime", "prometheus_client", "pydantic_settings"),
        *(
            "grpc",
            "jwt",
            "tritonclient",
            "python_multipart",
            "sqlalchemy",
            "standardwebhooks",
            "starlette",
            "tflite",
        ),
    )
)


def missing_extra(error: ModuleNotFoundError) -> str | None:
    """Return the extra of this package that brings a module which is missing, if one does."""
    module = (error.name or "").partition(".")[0]
    return EXTRAS.get(module, "local" if module in _LOCAL else None)


def _complain(code: str, detail: str) -> None:
    from rich.text import Text  # noqa: PLC0415

    err.print(Text.assemble(("error", "bold red"), " ", (code, "dim"), " ", detail))


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Show a progress indicator on a terminal."""
    if err.is_terminal:
        with err.status(what):
            yield
    else:
        yield


def shown(controls: Mapping[str, float]) -> list[tuple[str, float]]:
    """Return the controls of an expression that are not at rest, the strongest first."""
    moved = [(name, value) for name, value in controls.items() if value > AT_REST]
    return sorted(moved, key=lambda item: -item[1])


def timing_table(timings_ms: Mapping[str, float]) -> Table:
    """Return stages and milliseconds as a table."""
    from rich.table import Table  # noqa: PLC0415

    table = Table("stage", "ms", box=None, pad_edge=False, header_style="dim")
    table.columns[1].justify = "right"
    for stage, milliseconds in timings_ms.items():
        table.add_row(stage, f"{milliseconds:.1f}")
    table.add_row("total", f"{sum(timings_ms.values()):.1f}", style="bold")
    return table
