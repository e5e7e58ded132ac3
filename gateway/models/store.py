"""What of the zoo is installed in a model repository."""

from __future__ import annotations

from pathlib import Path

from gateway.models.catalog import MODEL_VERSION
from gateway.models.zoo import load_zoo

MODEL_FILE = "model.onnx"
INSTALL_RECORD = "install.json"
EMAP_FILE = "emap.npy"
"""Beside the model: the (512, 512) float32 matrix that embeddings are multiplied with."""


def installed(repository: Path) -> set[str]:
    """Return the names of the zoo's models that are installed; reads no network.

    Raises:
        SetupIncomplete, ContractViolation: as `load_zoo`.
    """
    names = load_zoo(repository).models
    return {name for name in names if is_installed(repository, name)}


def is_installed(repository: Path, name: str) -> bool:
    """Whether a model's folder is complete."""
    folder = repository / name / MODEL_VERSION
    return (folder / MODEL_FILE).is_file() and (folder / INSTALL_RECORD).is_file()
