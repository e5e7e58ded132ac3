"""The catalogue of models: `model_repository/catalog.toml` as frozen, checked objects."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

from gateway.errors import ContractViolation, SetupIncomplete, UnknownModel

ModelKind = Literal["wheel", "sdist"]
Exporter = Literal["tflite", "dlib_resnet", "onnx", "face_3dmm", "face_occlusion"]
Dtype = Literal["uint8", "float32"]
Color = Literal["RGB", "BGR"]

CATALOG_FILE = "catalog.toml"
MODEL_VERSION = "1"
OWN_PACKAGE = "gateway"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class PackageSource:
    """One archive on the package registry.

    Attributes:
        key: Name in the catalogue.
        name: Name on the registry.
        version: Exact version.
        kind: Wheel or source archive.
        filename: The archive's own name.
        sha256: Digest of the archive, lower-case hex.
        python_version: pip tag of a wheel, such as `3.11`.
        implementation: pip tag of a wheel, such as `cp`.
        abi: pip tag of a wheel, such as `cp311`.
        platforms: pip platform tags of a wheel; `any` for a pure one.
    """

    key: str
    name: str
    version: str
    kind: ModelKind
    filename: str
    sha256: str
    python_version: str = ""
    implementation: str = ""
    abi: str = ""
    platforms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """One file inside a package.

    Attributes:
        package: The archive it lies in.
        path: Its path there; for a source archive below the top folder.
        sha256: Digest of the file, lower-case hex.
    """

    package: PackageSource
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class OwnFile:
    """One file that this project carries itself.

    Attributes:
        path: Where it lies, from the package `gateway` on.
        sha256: Digest of the file, lower-case hex.
    """

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class CatalogTensor:
    """One input or output of a model.

    Attributes:
        name: Name in the contract.
        dtype: Element type.
        shape: Shape without the batch axis.
        meaning: What the values are, with units.
        source: Name of the tensor in the original network.
        color: Channel order of an image input; None for other tensors.
        graph_color: Channel order the network itself wants.
        mean: Subtracted inside the graph, per RGB channel.
        divisor: What the difference is divided by inside the graph.
        activation: What the graph adds behind the original output.
        clip: Limit ±clip of the value before the activation.
    """

    name: str
    dtype: Dtype
    shape: tuple[int, ...]
    meaning: str
    source: str
    color: Color | None = None
    graph_color: Color | None = None
    mean: tuple[float, ...] = ()
    divisor: float = 1.0
    activation: Literal["sigmoid"] | None = None
    clip: float | None = None


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model of the repository.

    Attributes:
        name: Folder name in the model repository.
        title: What people call it.
        task: What it is for.
        license: SPDX identifier of the weights' licence.
        credit: Who made it.
        commercial: Whether the licence allows commercial use.
        weights: Where the original network lies: in a package, or here.
        exporter: Which reader turns it into ONNX.
        max_batch_size: Largest batch of one call.
        inputs: Contract of the inputs, in order.
        outputs: Contract of the outputs, in order.
    """

    name: str
    title: str
    task: str
    license: str
    credit: str
    commercial: bool
    weights: Member | OwnFile
    exporter: Exporter
    max_batch_size: int
    inputs: tuple[CatalogTensor, ...]
    outputs: tuple[CatalogTensor, ...]


@dataclass(frozen=True, slots=True)
class SampleEntry:
    """One sample portrait.

    Attributes:
        name: Short name.
        title: Who is seen.
        license: Terms of use.
        credit: Who made it.
        image: Where the file lies.
    """

    name: str
    title: str
    license: str
    credit: str
    image: Member


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything `catalog.toml` says.

    Attributes:
        repository: The model repository's folder.
        models: Models by name.
        samples: Sample portraits by name.
    """

    repository: Path
    models: Mapping[str, ModelEntry] = field(default_factory=dict)
    samples: Mapping[str, SampleEntry] = field(default_factory=dict)

    def model(self, name: str) -> ModelEntry:
        """Return a model by name.

        Raises:
            UnknownModel: the catalogue has no such model.
        """
        try:
            return self.models[name]
        except KeyError:
            known = ", ".join(sorted(self.models))
            raise UnknownModel(f"No model is called {name!r}; there are: {known}.") from None

    def onnx_path(self, name: str) -> Path:
        """Return where a model's ONNX file is, or will be, by name."""
        return self.repository / self.model(name).name / MODEL_VERSION / "model.onnx"


def load_catalog(repository: Path) -> Catalog:
    """Read and check the catalogue of a model repository.

    Raises:
        SetupIncomplete: the folder has no readable catalogue.
        ContractViolation: an entry is incomplete or contradicts itself.
    """
    path = repository / CATALOG_FILE
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise SetupIncomplete(f"The model repository has no catalogue at {path}.") from None
    except ValueError as error:
        raise SetupIncomplete(f"The catalogue {path} cannot be read: {error}.") from None
    packages = {
        key: _entry(f"packages.{key}", _package, key, table)
        for key, table in data.get("packages", {}).items()
    }
    models = {
        name: _entry(f"models.{name}", _model, name, table, packages)
        for name, table in data.get("models", {}).items()
    }
    samples = {
        name: _entry(f"samples.{name}", _sample, name, table, packages)
        for name, table in data.get("samples", {}).items()
    }
    return Catalog(repository, MappingProxyType(models), MappingProxyType(samples))


def _entry(where: str, make: Any, *arguments: Any) -> Any:
    """Build one entry and let its fault name the section it is in."""
    try:
        return make(*arguments)
    except KeyError as error:
        raise ContractViolation(f"Catalogue, [{where}]: {error.args[0]!r} is missing.") from None
    except (TypeError, ValueError) as error:
        raise ContractViolation(f"Catalogue, [{where}]: {error}.") from None


def _package(key: str, table: dict[str, Any]) -> PackageSource:
    fields = dict(table)
    fields["platforms"] = tuple(fields.get("platforms", ()))
    package = PackageSource(key=key, **fields)
    _one_of(package.kind, get_args(ModelKind), "kind")
    _check_sha256(package.sha256)
    if Path(package.filename).name != package.filename:
        raise ValueError("filename must be a plain file name")
    if package.kind == "wheel" and not (package.python_version and package.platforms):
        raise ValueError("a wheel needs its pip tags, python_version and platforms")
    return package


def _model(name: str, table: dict[str, Any], packages: Mapping[str, PackageSource]) -> ModelEntry:
    if not _NAME.fullmatch(name):
        raise ValueError("a model's name is lower-case letters, digits and underscores")
    if int(table["max_batch_size"]) < 1:
        raise ValueError("max_batch_size must be at least 1")
    return ModelEntry(
        name=name,
        title=table["title"],
        task=table["task"],
        license=table["license"],
        credit=table["credit"],
        commercial=bool(table["commercial"]),
        weights=_own_file(table) if "file" in table else _member(table, packages),
        exporter=_one_of(table["exporter"], get_args(Exporter), "exporter"),
        max_batch_size=int(table["max_batch_size"]),
        inputs=_tensors(table["inputs"]),
        outputs=_tensors(table["outputs"]),
    )


def _sample(name: str, table: dict[str, Any], packages: Mapping[str, PackageSource]) -> SampleEntry:
    return SampleEntry(
        name=name,
        title=table["title"],
        license=table["license"],
        credit=table["credit"],
        image=_member(table, packages),
    )


def _member(table: dict[str, Any], packages: Mapping[str, PackageSource]) -> Member:
    if table["package"] not in packages:
        raise ValueError(f"there is no package {table['package']!r}")
    if not _stays_inside(table["member"]):
        raise ValueError("member must be a path inside the archive")
    _check_sha256(table["member_sha256"])
    return Member(packages[table["package"]], table["member"], table["member_sha256"])


def _own_file(table: dict[str, Any]) -> OwnFile:
    if "package" in table:
        raise ValueError("the weights are a file or in a package, not both")
    if not (_stays_inside(table["file"]) and table["file"].startswith(f"{OWN_PACKAGE}/")):
        raise ValueError(f"file must be a path inside {OWN_PACKAGE}/")
    _check_sha256(table["file_sha256"])
    return OwnFile(table["file"], table["file_sha256"])


def _stays_inside(path: str) -> bool:
    return not path.startswith("/") and ".." not in path.split("/")


def _tensors(tables: dict[str, dict[str, Any]]) -> tuple[CatalogTensor, ...]:
    if not tables:
        raise ValueError("a model needs inputs and outputs")
    specs = []
    for name, table in tables.items():
        fields = dict(table)
        fields["shape"] = tuple(int(n) for n in fields["shape"])
        fields["mean"] = tuple(float(m) for m in fields.get("mean", ()))
        spec = CatalogTensor(name=name, **fields)
        _one_of(spec.dtype, get_args(Dtype), f"{name}.dtype")
        if any(n < 1 for n in spec.shape):
            raise ValueError(f"{name}.shape must be positive")
        if spec.color is not None and (len(spec.shape) != 3 or len(spec.mean) != spec.shape[-1]):
            raise ValueError(f"{name} is an image and needs shape (H, W, C) and C means")
        specs.append(spec)
    return tuple(specs)


def _one_of(value: Any, allowed: tuple[str, ...], what: str) -> Any:
    if value not in allowed:
        raise ValueError(f"{what} must be one of {', '.join(allowed)}, not {value!r}")
    return value


def _check_sha256(value: str) -> None:
    if not _SHA256.fullmatch(value):
        raise ValueError(f"{value!r} is not a SHA-256 digest in lower-case hex")
