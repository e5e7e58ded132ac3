"""Building, listing and verifying the models of the repository."""

from __future__ import annotations

import hashlib
import importlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from gateway.errors import SetupIncomplete
from gateway.models.catalog import Catalog, CatalogTensor, Exporter, ModelEntry, load_catalog
from gateway.models.packages import Downloader, fetch_weights, sha256_of, write_atomically
from gateway.models.served import KEPT_FILE, original

# Raise it whenever an exporter writes different bytes: every model is then built again.
EXPORTER_VERSION = 2
BUILD_RECORD = "build.json"

Convert = Callable[[bytes, ModelEntry], bytes]
"""Turns an original network into the ONNX model of its contract."""

EXPORTERS: Mapping[Exporter, tuple[str, str]] = MappingProxyType({
    "tflite": ("tflite_to_onnx", "tflite_to_onnx"),
    "dlib_resnet": ("dlib_to_onnx", "dlib_resnet_to_onnx"),
    "onnx": ("open_nsfw", "onnx_to_onnx"),
    "face_3dmm": ("face_3dmm", "face_3dmm_to_onnx"),
    "unrolled": ("unrolled_network", "unrolled_to_onnx"),
})  # fmt: skip
"""Module of this package and function of each, by name: only building needs their libraries, so
serving must not import them."""

BuildStage = Literal["fetch", "export", "built", "kept"]
Progress = Callable[[str, BuildStage], None]
"""Called with a model's name and what begins (fetch, export) or ended (built, kept)."""

BuildState = Literal["ready", "missing", "outdated"]


@dataclass(frozen=True, slots=True)
class BuildResult:
    """The result of one model's installation or build.

    Attributes:
        name: The model.
        path: Its ONNX file.
        built: Whether it was built; False when it was there already.
        seconds: Time it took, the download included.
    """

    name: str
    path: Path
    built: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """One line of the list of models.

    Attributes:
        entry: The catalogue's entry.
        path: Where the ONNX file is or will be.
        state: ready; missing: not built; outdated: built from another recipe, or changed.
        size: Bytes of the ONNX file, 0 if there is none.
    """

    entry: ModelEntry
    path: Path
    state: BuildState
    size: int


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """Outcome of verifying one model.

    Attributes:
        name: The model.
        findings: The problems found, one sentence each; empty if there are none.
    """

    name: str
    findings: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


def build_models(
    repository: Path,
    cache_dir: Path,
    names: Sequence[str] | None = None,
    *,
    on_progress: Progress | None = None,
    download: Downloader | None = None,
    force: bool = False,
) -> list[BuildResult]:
    """Build the models that are missing or were built from another recipe.

    Args:
        repository: The model repository; each model goes to `<name>/1/model.onnx`.
        cache_dir: Folder for downloads that can be rebuilt.
        names: Which models; all if None.
        on_progress: Callback that receives the progress, see `Progress`.
        download: Fetches a package; pip if None.
        force: Also rebuild models that are up to date.

    Returns:
        One result per model, in the order requested.

    Raises:
        UnknownModel: a name is not in the catalogue.
        SetupIncomplete: no catalogue, or a package or a build library cannot be had.
        ContractViolation: a network does not fit its entry in the catalogue.
    """
    catalog = load_catalog(repository)
    entries = _select(catalog, names)
    tell = on_progress or (lambda name, stage: None)
    return [_build(catalog, entry, cache_dir, tell, download, force) for entry in entries]


def list_models(repository: Path) -> list[ModelStatus]:
    """Return every model of the catalogue with its state; reads files, loads no network.

    Raises:
        SetupIncomplete: the repository has no catalogue.
        ContractViolation: the catalogue is wrong.
    """
    catalog = load_catalog(repository)
    statuses = []
    for entry in catalog.models.values():
        path = catalog.onnx_path(entry.name)
        size = path.stat().st_size if path.is_file() else 0
        statuses.append(ModelStatus(entry, path, _state(entry, path), size))
    return statuses


def verify_models(repository: Path, names: Sequence[str] | None = None) -> list[ModelCheck]:
    """Check built models: recorded digests, and the contract as ONNX Runtime sees it.

    Args:
        repository: The model repository.
        names: Which models; all if None.

    Raises:
        UnknownModel: a name is not in the catalogue.
        SetupIncomplete: no catalogue, or ONNX Runtime is not installed.
        ContractViolation: the catalogue is wrong.
    """
    catalog = load_catalog(repository)
    return [
        ModelCheck(entry.name, tuple(_findings(entry, catalog.onnx_path(entry.name))))
        for entry in _select(catalog, names)
    ]


def _select(catalog: Catalog, names: Sequence[str] | None) -> list[ModelEntry]:
    if names is None:
        return list(catalog.models.values())
    return [catalog.model(name) for name in names]


def _build(
    catalog: Catalog,
    entry: ModelEntry,
    cache_dir: Path,
    tell: Progress,
    download: Downloader | None,
    force: bool,
) -> BuildResult:
    begin = time.monotonic()
    path = catalog.onnx_path(entry.name)
    if not force and _state(entry, path) == "ready":
        tell(entry.name, "kept")
        return BuildResult(entry.name, path, False, time.monotonic() - begin)
    tell(entry.name, "fetch")
    data = fetch_weights(entry.weights, cache_dir, download=download)
    tell(entry.name, "export")
    onnx_bytes = export(data, entry)
    # The record is written last: a crash in between leaves a model that counts as outdated.
    write_atomically(path, onnx_bytes)
    path.with_name(KEPT_FILE).unlink(missing_ok=True)
    record = {
        "model": entry.name,
        "source_sha256": entry.weights.sha256,
        "exporter": entry.exporter,
        "exporter_version": EXPORTER_VERSION,
        "recipe_sha256": _recipe(entry),
        "onnx_sha256": hashlib.sha256(onnx_bytes).hexdigest(),
    }
    write_atomically(path.with_name(BUILD_RECORD), (json.dumps(record, indent=2) + "\n").encode())
    tell(entry.name, "built")
    return BuildResult(entry.name, path, True, time.monotonic() - begin)


def export(data: bytes, entry: ModelEntry) -> bytes:
    """Turn an original network into the ONNX model of its contract.

    Raises:
        SetupIncomplete: a build library is not installed.
        ContractViolation: the network does not fit its entry in the catalogue.
    """
    module, function = EXPORTERS[entry.exporter]
    try:
        convert: Convert = getattr(importlib.import_module(f"gateway.models.{module}"), function)
    except ModuleNotFoundError as error:
        raise SetupIncomplete(
            f"Building models needs {error.name}; install semblant with the extra 'build'."
        ) from None
    return convert(data, entry)


def _recipe(entry: ModelEntry) -> str:
    """Return a digest of all that decides a model's bytes."""
    recipe = {"version": EXPORTER_VERSION, "entry": asdict(entry)}
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


def _record(path: Path) -> dict[str, object]:
    try:
        record = json.loads(path.with_name(BUILD_RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _state(entry: ModelEntry, path: Path) -> BuildState:
    if not path.is_file():
        return "missing"
    record = _record(path)
    same = record.get("recipe_sha256") == _recipe(entry)
    return (
        "ready" if same and record.get("onnx_sha256") == sha256_of(original(path)) else "outdated"
    )


def _findings(entry: ModelEntry, path: Path) -> list[str]:
    if not path.is_file():
        return ["The model has not been built."]
    findings = []
    record = _record(path)
    if record.get("recipe_sha256") != _recipe(entry):
        findings.append("The model was built from another recipe than the catalogue's.")
    if record.get("onnx_sha256") != sha256_of(original(path)):
        findings.append("The file is not the one that was built.")
    return findings + _contract_findings(entry, path)


def _contract_findings(entry: ModelEntry, path: Path) -> list[str]:
    """Compare the contract with what ONNX Runtime finds in the file."""
    try:
        import onnxruntime  # noqa: PLC0415
    except ModuleNotFoundError:
        raise SetupIncomplete(
            "Verifying models needs onnxruntime; install semblant with the extra 'local'."
        ) from None
    try:
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors share no base class of their own
        return [f"ONNX Runtime cannot load the model: {error}"]
    findings = []
    for kind, specs, nodes in (
        ("input", entry.inputs, session.get_inputs()),
        ("output", entry.outputs, session.get_outputs()),
    ):
        wanted = {spec.name: _signature(spec) for spec in specs}
        found = {node.name: (node.type, tuple(node.shape[1:])) for node in nodes}
        if wanted != found:
            findings.append(f"The model's {kind}s are {found}, the catalogue says {wanted}.")
        if any(isinstance(node.shape[0], int) for node in nodes):
            findings.append(f"The batch axis of the model's {kind}s is fixed.")
    return findings


def _signature(spec: CatalogTensor) -> tuple[str, tuple[int, ...]]:
    return f"tensor({ {'float32': 'float', 'uint8': 'uint8'}[spec.dtype] })", spec.shape
