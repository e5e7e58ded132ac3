"""The zoo: networks that users pull themselves, from `model_repository/zoo.toml`, checked.

Nothing here is downloaded or opened; see `store.py` for that.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator
from pydantic.dataclasses import dataclass

from gateway.errors import ContractViolation, UnknownModel
from gateway.models.entries import (
    ENTRY,
    MODEL_VERSION,
    Sha256,
    TensorEntry,
    matching,
    read_entry,
    read_toml,
    tensor_tables,
)

ZOO_FILE = "zoo.toml"

Batch = Literal["rows", "none"]
ZooDtype = Literal["float32", "float64", "float16", "int64", "int32", "uint8", "bool"]
T = TypeVar("T")


ModelName = Annotated[
    str,
    matching(
        r"(?!.*\.\.)[a-z0-9][a-z0-9_.]*",
        "a name of lower-case letters, digits, underscores and single dots",
    ),
]
FileName = Annotated[str, matching("([A-Za-z0-9][A-Za-z0-9._-]*)?", "a plain name")]
HttpsUrl = Annotated[str, matching("https://.*", "an address that begins with https://")]


def _rising(value: tuple[int, int, int]) -> tuple[int, int, int]:
    low, usual, high = value
    if not 0 < low <= usual <= high:
        raise ValueError("must be positive and rise")
    return value


def _sized(value: object, info: ValidationInfo) -> object:
    """Return a shape with the model's sizes in the place of their names."""
    if not isinstance(value, list):
        return value
    sizes: Mapping[str, int] = info.context or {}
    if unknown := [size for size in value if isinstance(size, str) and size not in sizes]:
        raise ValueError(f"sizes has no {unknown[0]!r}")
    return [sizes.get(size, size) for size in value]


def _open_or_positive(value: tuple[int, ...]) -> tuple[int, ...]:
    if not value or any(size < 1 and size != -1 for size in value):
        raise ValueError("must be positive, or -1 where it is open")
    return value


OpenSizes = Annotated[tuple[int, int, int], AfterValidator(_rising)]


@dataclass(frozen=True, slots=True, config=ENTRY)
class ZooTensor(TensorEntry):
    """One input or output of a network of the zoo.

    Attributes:
        name: Of an input, its name in the file; of an output, our own name for it.
        shape: Without the batch axis where the model's rows are independent, else all of it;
            -1 is an open size.
        loose: Whether only the number of elements per row is known of the file's own output;
            it is brought into `shape`.
    """

    dtype: ZooDtype
    shape: Annotated[tuple[int, ...], BeforeValidator(_sized), AfterValidator(_open_or_positive)]
    loose: bool = False

    @property
    def elements(self) -> int:
        """The number of elements per row; -1 if a size is open."""
        return -1 if -1 in self.shape else math.prod(self.shape)

    @model_validator(mode="after")
    def _counted(self) -> ZooTensor:
        if self.loose and self.elements < 0:
            raise ValueError("what is loose cannot be open")
        return self


ZooTensors = Annotated[tuple[ZooTensor, ...], BeforeValidator(tensor_tables)]


@dataclass(frozen=True, slots=True, config=ENTRY)
class ZooModel:
    """One model of the zoo.

    Attributes:
        name: Folder name in the model repository.
        title: Its common name.
        task: Its purpose.
        family: Which models share its inputs and outputs.
        license: SPDX identifier, or what its makers call it.
        license_url: Where to read it.
        credit: Its author.
        commercial: Whether its own licence clearly allows commercial use.
        usable_commercially: Whether that is so of it and of all it needs.
        needs: Models it cannot do without, directly.
        batch: rows: the first axis is the batch; none: the file is called as it is.
        max_batch_size: Largest batch of one call; 0 where there is no batch.
        inputs: Contract of the inputs, in order.
        outputs: Contract of the outputs, in order; further ones may follow, see `spare_outputs`.
        spare_outputs: Whether a file may have more outputs, which are let go.
        open_sizes: Smallest, usual and largest value of an open size of inputs.
        sizes: Named sizes, such as `side`, in pixels.
        base: Release the file is in; empty if it can only be added by hand.
        file: Name of the file there; likewise.
        sha256: Digest of the file in lower-case hex; empty if unknown.
        size_bytes: Size of the file; 0 if unknown.
        twin: The same network in single precision; empty for all but half-precision ones.
        fp16: Whether computing it in half precision is good enough.
        emap: Whether the file carries the matrix embeddings are multiplied with.
    """

    name: ModelName
    title: str
    task: str
    family: str
    license: str
    license_url: HttpsUrl
    credit: str
    commercial: bool
    usable_commercially: bool
    needs: tuple[str, ...]
    batch: Batch
    max_batch_size: int
    inputs: ZooTensors
    outputs: ZooTensors
    spare_outputs: bool
    open_sizes: OpenSizes | None
    sizes: Annotated[Mapping[str, int], AfterValidator(MappingProxyType)]
    base: FileName = ""
    file: FileName = ""
    sha256: Sha256 | Literal[""] = ""
    size_bytes: int = 0
    twin: str = ""
    fp16: bool = False
    emap: bool = False

    @property
    def pulled(self) -> bool:
        """Whether there is a place to pull it from; else it can only be added."""
        return bool(self.file)

    @model_validator(mode="after")
    def _consistent(self) -> ZooModel:
        if bool(self.base) != bool(self.file):
            raise ValueError("base and file belong together")
        if self.batch == "none" and self.max_batch_size:
            raise ValueError("max_batch_size is for models with a batch")
        if self.batch == "rows" and self.max_batch_size < 1:
            raise ValueError("max_batch_size must be at least 1")
        if any(-1 in spec.shape for spec in self.inputs) != (self.open_sizes is not None):
            raise ValueError("open_sizes belong to inputs of open size, and only to them")
        return self


@dataclass(frozen=True, slots=True, config=ENTRY)
class ZooLicense:
    """The terms behind the name of a licence.

    Attributes:
        url: Where to read it.
        commercial: Whether it clearly allows commercial use.
    """

    url: str
    commercial: bool


@dataclass(frozen=True, slots=True, config=ENTRY)
class ZooFamily:
    """Common properties of a model family; see `ZooModel`. Shapes may name sizes of the model."""

    task: str
    inputs: dict[str, dict[str, Any]]
    outputs: dict[str, dict[str, Any]]
    batch: Batch = "rows"
    max_batch_size: Annotated[int, Field(ge=0)] = 0
    spare_outputs: bool = False
    open_sizes: OpenSizes | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Zoo:
    """Everything `zoo.toml` says.

    Attributes:
        repository: The model repository's folder.
        models: Models by name.
        hosts: URL templates with `{base}` and `{file}`, by the host's name, first choice first.
    """

    repository: Path
    models: Mapping[str, ZooModel] = dataclasses.field(default_factory=dict)
    hosts: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def model(self, name: str) -> ZooModel:
        """Return a model by name.

        Raises:
            UnknownModel: the zoo has no such model.
        """
        try:
            return self.models[name]
        except KeyError:
            near = get_close_matches(name.lower(), self.models, n=3)
            hint = (
                f"did you mean {' or '.join(near)}?"
                if near
                else "`semblant models list` lists them."
            )
            raise UnknownModel(f"No model of the zoo is called {name!r}; {hint}") from None

    def with_needs(self, name: str) -> tuple[ZooModel, ...]:
        """Return all that a model needs, directly or not, and the model itself last.

        Raises:
            UnknownModel: the zoo has no such model.
        """
        found: dict[str, ZooModel] = {}

        def visit(model: ZooModel) -> None:
            for needed in model.needs:
                if needed not in found:
                    visit(self.models[needed])
            found.setdefault(model.name, model)

        visit(self.model(name))
        return tuple(found.values())

    def folder(self, name: str) -> Path:
        """Return the folder of a model's version, where its files are or will be.

        Raises:
            UnknownModel: the zoo has no such model.
        """
        return self.repository / self.model(name).name / MODEL_VERSION


def load_zoo(repository: Path) -> Zoo:
    """Read and check the zoo of a model repository.

    Raises:
        SetupIncomplete: the folder has no readable zoo.
        ContractViolation: an entry is incomplete or contradicts itself.
    """
    data = read_toml(repository / ZOO_FILE, "zoo")
    hosts = dict(data.get("hosts", {}))
    with_place = [host for host, url in hosts.items() if "{base}" in url and "{file}" in url]
    if with_place != list(hosts):
        raise ContractViolation(f"{ZOO_FILE}, [hosts]: each needs {{base}} and {{file}}.")
    licenses = _section(data, "licenses", ZooLicense)
    families = _section(data, "families", ZooFamily)
    tables: dict[str, dict[str, Any]] = data.get("models", {})
    models: dict[str, ZooModel] = {}
    for name in _needed_first(tables):
        where = _where("models", name)
        family = _named(families, "families", tables[name], "family", where)
        license = _named(licenses, "licenses", tables[name], "license", where)
        models[name] = _model(name, tables[name], family, license, models)
        if models[name].twin not in ("", *tables):
            raise ContractViolation(f"{where}: there is no twin {models[name].twin!r}.")
    ordered = {name: models[name] for name in tables}
    return Zoo(repository, MappingProxyType(ordered), MappingProxyType(hosts))


def _where(section: str, name: str) -> str:
    return f"{ZOO_FILE}, [{section}.{name}]"


def _section(data: Mapping[str, Any], section: str, kind: type[T]) -> dict[str, T]:
    return {
        name: read_entry(kind, table, _where(section, name))
        for name, table in data.get(section, {}).items()
    }


def _named(
    found: Mapping[str, T], section: str, table: Mapping[str, Any], key: str, where: str
) -> T:
    """Return the entry that a table's field refers to in another section."""
    if key not in table:
        raise ContractViolation(f"{where}: {key!r} is missing.")
    if table[key] not in found:
        raise ContractViolation(f"{where}: {section} has no {table[key]!r}.")
    return found[table[key]]


def _needed_first(tables: Mapping[str, dict[str, Any]]) -> list[str]:
    """Return the names of models, each behind those it needs."""
    needs = {name: tuple(table.get("needs", ())) for name, table in tables.items()}
    for name, needed in needs.items():
        if unknown := [one for one in needed if one not in tables]:
            raise ContractViolation(
                f"{_where('models', name)}: there is no {unknown[0]!r} to need."
            )
    try:
        return list(TopologicalSorter(needs).static_order())
    except CycleError as error:
        name = error.args[1][0]
        raise ContractViolation(f"{_where('models', name)}: it needs itself.") from None


def _model(
    name: str,
    table: Mapping[str, Any],
    family: ZooFamily,
    license: ZooLicense,
    known: Mapping[str, ZooModel],
) -> ZooModel:
    """Return a model by its table; `known` has those it needs."""
    shared = {field.name: getattr(family, field.name) for field in dataclasses.fields(family)}
    if unknown := sorted(table.keys() & (shared.keys() - {"max_batch_size"} | _DERIVED)):
        raise ContractViolation(f"{_where('models', name)}: unknown: {', '.join(unknown)}.")
    commercial = table.get("commercial", license.commercial)
    needs, sizes = table.get("needs", ()), table.get("sizes", {})
    whole = {
        **shared,
        "license_url": license.url,
        "commercial": commercial,
        "needs": needs,
        "sizes": sizes,
        **table,
        "name": name,
        "usable_commercially": commercial and all(known[n].usable_commercially for n in needs),
    }
    return read_entry(ZooModel, whole, _where("models", name), sizes)


_DERIVED = frozenset(("name", "usable_commercially"))
"""Fields of a model that follow from others."""
