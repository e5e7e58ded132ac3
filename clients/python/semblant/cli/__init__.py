"""The command line: a thin user of the SDK."""

from __future__ import annotations

import os
import sys

from gateway.errors import SemblantError
from semblant.cli.app import app
from semblant.cli.console import INTERRUPTED, MACHINE, exit_code, explain, explain_machine

__all__ = ["main"]


def main() -> None:
    """Run the command line; errors of ours become one message and an exit code."""
    # SVT-AV1 writes to the standard error otherwise, and knows no other way to be quiet. Only a
    # process of our own may decide that.
    os.environ.setdefault("SVT_LOG", "1")
    try:
        app()
    except SemblantError as error:
        explain(error)
        sys.exit(exit_code(error))
    except OSError as error:
        explain_machine(error)
        sys.exit(MACHINE)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
