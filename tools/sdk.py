"""Write the client for threads from the one for event loops: `make sdk`.

The files of `clients/python/semblant/_sync` are those of `_async` with other words; `clock.py`,
`wire.py`, `streams.py` and `__init__.py` are not written.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import unasync

from gateway.paths import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "clients" / "python" / "semblant"
FILES = (
    "client.py",
    "connection.py",
    "grpc_calls.py",
    "http_calls.py",
    "jobs.py",
)
_WORDS = {
    "AsyncClient": "Client",
    "AsyncJobCalls": "JobCalls",
    "AsyncConnection": "Connection",
    "AsyncFrameStream": "FrameStream",
    "AsyncGrpcCalls": "GrpcCalls",
    "AsyncHttpCalls": "HttpCalls",
    "AsyncWire": "Wire",
    "aclosing": "closing",
    "AsyncBaseTransport": "BaseTransport",
    "AsyncHTTPTransport": "HTTPTransport",
    "_async": "_sync",
    "aclose": "close",
    "aread": "read",
    "aiter_bytes": "iter_bytes",
    "aiter_lines": "iter_lines",
}


def written() -> dict[str, str]:
    """Return the files of `_sync` by name, as they are to be."""
    with tempfile.TemporaryDirectory() as folder:
        sources = [str(FOLDER / "_async" / name) for name in FILES]
        rule = unasync.Rule(f"{FOLDER}/_async/", f"{folder}/", additional_replacements=_WORDS)
        unasync.unasync_files(sources, [rule])
        return {
            name: _tidied(
                (Path(folder) / name).read_text(encoding="utf-8"), FOLDER / "_sync" / name
            )
            for name in FILES
        }


def _tidied(text: str, path: Path) -> str:
    """Return a file as Ruff would leave it at a path."""
    ruff, place = str(Path(sys.executable).with_name("ruff")), f"--stdin-filename={path}"
    for command in (("check", "--select=I,UP028", "--fix", "--unsafe-fixes"), ("format",)):
        done = subprocess.run(
            [ruff, *command, "--quiet", place, "-"],
            input=text,
            capture_output=True,
            text=True,
            check=True,
        )
        text = done.stdout
    return text


def main() -> int:
    """Write the files; return 0."""
    for name, text in written().items():
        (FOLDER / "_sync" / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
