"""The catalogue of models: `model_repository/catalog.toml` as frozen, checked objects."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Set
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator
from pydantic.dataclasses import dataclass

from gateway.errors import ContractViolation, UnknownModel
from gateway.models.entries import (
    ENTRY,
    MODEL_VERSION,
    NO_PARENT,
    Sha256,
    TensorEntry,
    matching,
    read_entry,
    read_toml,
    tensor_tables,
)

ModelKind = Literal["wheel", "sdist"]
Exporter = Literal["tflite", "dlib_resnet", "onnx", "face_3dmm", "unrolled"]
Dtype = Literal["uint8", "float32"]
Color = Literal["RGB", "BGR"]

CATALOG_FILE = "catalog.toml"
OF_MEMBER = frozenset(("package", "member", "member_sha256"))
OF_FILE = frozenset(("file", "file_sha256"))
"""Fields of a table that say where a file lies; see `Member` and `OwnFile`."""


ModelName = Annotated[
    str, matching("[a-z][a-z0-9_]*", "a name of lower-case letters, digits and underscores")
]
FileName = Annotated[str, matching("[^/]+", "a plain file name")]
ArchivePath = Annotated[str, matching(f"(?!/){NO_PARENT}.+", "a path inside the archive")]
OwnPath = Annotated[str, matching(f"gateway/{NO_PARENT}.+", "a path inside gateway/")]


def _known_package(value: object, info: ValidationInfo) -> object:
    """Return the package that a name stands for."""
    if not isinstance(value, str):
        return value
    if value not in (packages := info.context or {}):
        raise ValueError(f"there is no package {value!r}")
    return packages[value]


@dataclass(frozen=True, slots=True, config=ENTRY)
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
    filename: FileName
    sha256: Sha256
    python_version: str = ""
    implementation: str = ""
    abi: str = ""
    platforms: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _tagged(self) -> PackageSource:
        if self.kind == "wheel" and not (self.python_version and self.platforms):
            raise ValueError("a wheel needs its pip tags, python_version and platforms")
        return self


@dataclass(frozen=True, slots=True, config=ENTRY)
class Member:
    """One file inside a package.

    Attributes:
        package: The archive it lies in.
        path: Its path there; for a source archive below the top folder.
        sha256: Digest of the file, lower-case hex.
    """

    package: Annotated[PackageSource, BeforeValidator(_known_package)]
    path: Annotated[ArchivePath, Field(validation_alias="member")]
    sha256: Annotated[Sha256, Field(validation_alias="member_sha256")]


@dataclass(frozen=True, slots=True, config=ENTRY)
class OwnFile:
    """One file that this project carries itself.

    Attributes:
        path: Where it lies, from the package `gateway` on.
        sha256: Digest of the file, lower-case hex.
    """

    path: Annotated[OwnPath, Field(validation_alias="file")]
    sha256: Annotated[Sha256, Field(validation_alias="file_sha256")]


@dataclass(frozen=True, slots=True, config=ENTRY)
class CatalogTensor(TensorEntry):
    """One input or output of a model of the catalogue.

    Attributes:
        source: Name of the tensor in the original network.
        color: Channel order of an image input; None for other tensors.
        graph_color: Channel order of the network itself.
        mean: Subtracted inside the graph, per RGB channel.
        divisor: The divisor of the difference inside the graph.
        activation: The activation that the graph appends to the original output.
        clip: Limit ±clip of the value before the activation.
    """

    dtype: Dtype
    shape: tuple[Annotated[int, Field(ge=1)], ...]
    source: str
    color: Color | None = None
    graph_color: Color | None = None
    mean: tuple[float, ...] = ()
    divisor: float = 1.0
    activation: Literal["sigmoid"] | None = None
    clip: float | None = None

    @model_validator(mode="after")
    def _normalised(self) -> CatalogTensor:
        shape = self.shape
        if self.color is not None and (len(shape) != 3 or len(self.mean) != shape[-1]):
            raise ValueError("an image needs shape (H, W, C) and C means")
        return self


CatalogTensors = Annotated[tuple[CatalogTensor, ...], BeforeValidator(tensor_tables)]


@dataclass(frozen=True, slots=True, config=ENTRY)
class ModelEntry:
    """One model of the repository.

    Attributes:
        name: Folder name in the model repository.
        title: Its common name.
        task: Its purpose.
        license: SPDX identifier of the weights' licence.
        credit: Its author.
        commercial: Whether the licence allows commercial use.
        weights: Where the original network lies: in a package, or here.
        exporter: Which reader turns it into ONNX.
        max_batch_size: Largest batch of one call.
        inputs: Contract of the inputs, in order.
        outputs: Contract of the outputs, in order.
    """

    name: ModelName
    title: str
    task: str
    license: str
    credit: str
    commercial: bool
    weights: Member | OwnFile
    exporter: Exporter
    max_batch_size: Annotated[int, Field(ge=1)]
    inputs: CatalogTensors
    outputs: CatalogTensors


@dataclass(frozen=True, slots=True, config=ENTRY)
class SampleEntry:
    """One sample portrait.

    Attributes:
        name: Short name.
        title: The person shown.
        license: Terms of use.
        credit: Its author.
        image: Where the file lies.
    """

    name: str
    title: str
    license: str
    credit: str
    image: Member


@dataclasses.dataclass(frozen=True, slots=True)
class Catalog:
    """Everything `catalog.toml` says.

    Attributes:
        repository: The model repository's folder.
        models: Models by name.
        samples: Sample portraits by name.
    """

    repository: Path
    models: Mapping[str, ModelEntry] = dataclasses.field(default_factory=dict)
    samples: Mapping[str, SampleEntry] = dataclasses.field(default_factory=dict)

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
    data = read_toml(repository / CATALOG_FILE, "catalogue")
    packages = {
        key: read_entry(PackageSource, {**table, "key": key}, _where("packages", key))
        for key, table in data.get("packages", {}).items()
    }
    models = {name: _model(name, table, packages) for name, table in data.get("models", {}).items()}
    samples = {
        name: _sample(name, table, packages) for name, table in data.get("samples", {}).items()
    }
    return Catalog(repository, MappingProxyType(models), MappingProxyType(samples))


def _where(section: str, name: str) -> str:
    return f"{CATALOG_FILE}, [{section}.{name}]"


def _model(name: str, table: dict[str, Any], packages: Mapping[str, PackageSource]) -> ModelEntry:
    if "file" in table and "package" in table:
        where = _where("models", name)
        raise ContractViolation(f"{where}: the weights are a file or in a package, not both.")
    kind, keys = (OwnFile, OF_FILE) if "file" in table else (Member, OF_MEMBER)
    where, (part, rest) = _where("models", name), _parted(table, keys)
    weights = read_entry(kind, part, where, packages)
    return read_entry(ModelEntry, {**rest, "name": name, "weights": weights}, where)


def _sample(name: str, table: dict[str, Any], packages: Mapping[str, PackageSource]) -> SampleEntry:
    where, (part, rest) = _where("samples", name), _parted(table, OF_MEMBER)
    image = read_entry(Member, part, where, packages)
    return read_entry(SampleEntry, {**rest, "name": name, "image": image}, where)


def _parted(table: dict[str, Any], keys: Set[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the fields of a table that are among the keys, and those that are not."""
    part = {key: value for key, value in table.items() if key in keys}
    return part, {key: value for key, value in table.items() if key not in keys}
