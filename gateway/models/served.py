"""Which file of a model is served: the network as it was installed, or the same in INT8.

The one in single precision is kept beside, and its presence indicates that the other is served.
"""

from __future__ import annotations

import os
from pathlib import Path

from gateway.disk import room_on_disk
from gateway.errors import UnknownModel
from gateway.models.catalog import load_catalog
from gateway.models.entries import MODEL_VERSION
from gateway.models.records import MODEL_FILE
from gateway.models.zoo import load_zoo

KEPT_FILE = "model.fp32.onnx"
"""Beside `model.onnx` where that is the network in INT8: the network it was derived from."""


def served_path(repository: Path, name: str) -> Path:
    """Return the file of a model that is served.

    Raises:
        UnknownModel: there is no such model, or it is not installed.
        SetupIncomplete, ContractViolation: as `load_catalog` and `load_zoo`.
    """
    if name not in load_catalog(repository).models:
        load_zoo(repository).model(name)
    path = repository / name / MODEL_VERSION / MODEL_FILE
    if not path.is_file():
        raise UnknownModel(f"{name} is not installed.")
    return path


def is_quantized(path: Path) -> bool:
    """Whether the file that is served, `path`, is the network in INT8."""
    return path.with_name(KEPT_FILE).is_file() and not path.samefile(path.with_name(KEPT_FILE))


def original(path: Path) -> Path:
    """Return the file of the network as it was installed, whichever is served at `path`."""
    kept = path.with_name(KEPT_FILE)
    return kept if kept.is_file() else path


def install_quantized(path: Path, quantized: Path) -> None:
    """Serve a network in INT8 in the place of the original; one of them is always served.

    Args:
        path: The file that is served.
        quantized: The file that is to be.

    Raises:
        StorageFull: there is no room.
        OSError: a file cannot be read or written.
    """
    fresh, kept = path.with_name(f".{path.name}-int8"), path.with_name(KEPT_FILE)
    try:
        with room_on_disk():
            fresh.write_bytes(quantized.read_bytes())
            if not kept.exists():
                os.link(path, kept)
            fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def restore(path: Path) -> bool:
    """Serve the network in single precision at `path` again, and return whether it was not.

    Raises:
        OSError: the file cannot be moved.
    """
    if not is_quantized(path):
        return False
    path.with_name(KEPT_FILE).replace(path)
    return True
