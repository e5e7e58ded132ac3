"""Generates the Python modules of `protos`, with types, into a folder.

python -m tools.generate_protos [FOLDER]
"""

from __future__ import annotations

import re
import sys
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

from gateway.paths import PROJECT_ROOT
from tools.protos import FOLDER

PYTHON = PROJECT_ROOT / "clients" / "python"
_INIT = '"""The messages and services of Semblant\'s gRPC interface, version 1; generated."""\n'


def generate(out: Path) -> None:
    """Write the modules below `out`.

    Raises:
        RuntimeError: the protos do not compile.
    """
    sources = sorted(str(path) for path in FOLDER.glob("*.proto"))
    root = FOLDER.parent.parent
    arguments = [
        "protoc",
        f"--proto_path={root}",
        f"--proto_path={files('grpc_tools') / '_proto'}",
        f"--python_out={out}",
        f"--mypy_out=quiet:{out}",
        f"--grpc_python_out={out}",
        f"--mypy_grpc_out=quiet:{out}",
        *sources,
    ]
    if protoc.main(arguments):
        raise RuntimeError("the protos do not compile")
    (out / "semblant" / "v1" / "__init__.py").write_text(_INIT, encoding="utf-8")
    for left in (out / "semblant" / "v1").glob("*_pb2_grpc.py*"):
        # Only files with services need them.
        name = left.name.removesuffix(".pyi").removesuffix(".py").removesuffix("_pb2_grpc")
        if not re.search("^service ", (FOLDER / f"{name}.proto").read_text("utf-8"), re.MULTILINE):
            left.unlink()


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else PYTHON)
