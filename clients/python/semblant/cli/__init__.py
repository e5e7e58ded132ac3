"""The command line: a thin user of the SDK."""

from __future__ import annotations

import gc
import os
import sys

from gateway.deprecations import collected
from gateway.errors import SemblantError
from semblant.cli.app import app
from semblant.cli.console import (
    INTERRUPTED,
    MACHINE,
    MISSING,
    err,
    exit_code,
    explain,
    explain_machine,
    missing_extra,
)

__all__ = ["main"]


def main() -> None:
    """Run the command line; our own errors become one message and an exit code."""
    # SVT-AV1 writes to the standard error otherwise, and knows no other way to be quiet. Only a
    # process of our own may decide that.
    os.environ.setdefault("SVT_LOG", "1")
    with collected() as deprecated:
        code = _run()
    for rename in deprecated:
        err.print(f"note: {rename}", markup=False)
    gc.freeze()  # else the interpreter's end traces all modules again, for most of a second
    sys.exit(code)


def _run() -> int:
    try:
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else MACHINE
    except SemblantError as error:
        explain(error)
        return exit_code(error)
    except OSError as error:
        explain_machine(error)
        return MACHINE
    except ModuleNotFoundError as error:
        if (extra := missing_extra(error)) is None:
            raise
        err.print(
            f"error: this needs {error.name}: pip install 'semblant[{extra}]', or ask a server "
            "with --server.",
            markup=False,
        )
        return MISSING
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0
