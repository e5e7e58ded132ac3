"""Installed models of the zoo: the files of a model and the record beside them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from gateway.models.entries import ENTRY, MODEL_VERSION
from gateway.models.zoo import ZooModel, load_zoo

# Raise it whenever networks are normalised or measured in another way: they count as outdated.
IMPORTER_VERSION = 1

MODEL_FILE = "model.onnx"
INSTALL_RECORD = "install.json"
EMAP_FILE = "emap.npy"
"""Beside the model: the (512, 512) float32 matrix that embeddings are multiplied with."""


@dataclass(frozen=True, slots=True, config=ENTRY)
class Installed:
    """Findings about a model at its installation.

    Attributes:
        model: Its name.
        contract: Digest of the contract it was checked against.
        source: Where the file came from: an address without credentials, or `file`.
        source_sha256: Digest of the file as it came.
        onnx_sha256: Digest of the file as it was written.
        onnx_bytes: Its size.
        max_batch_size: Largest batch of one call that comes out right; 0 where there is no batch.
        half_agrees: Of half precision, whether it was compared with its twin, and agreed.
        notes: Information for users, one sentence each.
    """

    model: str
    contract: str
    source: str
    source_sha256: str
    onnx_sha256: str
    onnx_bytes: int
    max_batch_size: int
    half_agrees: bool
    notes: tuple[str, ...]


_RECORD = TypeAdapter(Installed)


def installed(repository: Path) -> set[str]:
    """Return the names of the zoo's models that are installed; reads no network.

    Raises:
        SetupIncomplete, ContractViolation: as `load_zoo`.
    """
    return {name for name in load_zoo(repository).models if read_record(repository, name)}


def read_record(repository: Path, name: str) -> Installed | None:
    """Return the record of an installed model; None if it is missing or incomplete."""
    folder = repository / name / MODEL_VERSION
    try:
        record = _RECORD.validate_json((folder / INSTALL_RECORD).read_bytes())
    except (OSError, ValueError):
        return None
    return record if (folder / MODEL_FILE).is_file() else None


def contract_digest(model: ZooModel) -> str:
    """Return a digest of all that decides how a file becomes a model."""
    decides = (IMPORTER_VERSION, model.batch, model.max_batch_size, model.inputs, model.outputs)
    return hashlib.sha256(repr(decides).encode()).hexdigest()
