"""The zoo: networks that users pull themselves, from `model_repository/zoo.toml`, checked.

Nothing here is downloaded or opened; see `store.py` for that.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

from gateway.errors import ContractViolation, SetupIncomplete, UnknownModel
from gateway.models.catalog import MODEL_VERSION

ZOO_FILE = "zoo.toml"

Batch = Literal["rows", "none"]
Dtype = Literal["float32", "float64", "float16", "int64", "int32", "uint8", "bool"]

_NAME = re.compile(r"[a-z0-9][a-z0-9_.]*")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ZooTensor:
    """One input or output of a network of the zoo.

    Attributes:
        name: Of an input, its name in the file; of an output, our own name for it.
        dtype: Element type.
        shape: Without the batch axis where the model's rows are independent, else all of it;
            -1 is an open size.
        meaning: What the values are, with units.
        loose: Whether only the number of elements per row is known of the file's own output;
            it is brought into `shape`.
    """

    name: str
    dtype: Dtype
    shape: tuple[int, ...]
    meaning: str
    loose: bool = False

    @property
    def elements(self) -> int:
        """The number of elements per row; -1 if a size is open."""
        return -1 if -1 in self.shape else math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class ZooModel:
    """One model of the zoo.

    Attributes:
        name: Folder name in the model repository.
        title: What people call it.
        task: What it is for.
        family: Which models share its inputs and outputs.
        license: SPDX identifier, or what its makers call it.
        license_url: Where to read it.
        credit: Who made it.
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
        sha256: Digest of the file in lower-case hex; empty if nobody told us.
        size_bytes: Size of the file; 0 if unknown.
        twin: The same network in single precision; empty for all but half-precision ones.
        fp16: Whether computing it in half precision is good enough.
        emap: Whether the file carries the matrix embeddings are multiplied with.
    """

    name: str
    title: str
    task: str
    family: str
    license: str
    license_url: str
    credit: str
    commercial: bool
    usable_commercially: bool
    needs: tuple[str, ...]
    batch: Batch
    max_batch_size: int
    inputs: tuple[ZooTensor, ...]
    outputs: tuple[ZooTensor, ...]
    spare_outputs: bool
    open_sizes: tuple[int, int, int] | None
    sizes: Mapping[str, int]
    base: str
    file: str
    sha256: str
    size_bytes: int
    twin: str
    fp16: bool
    emap: bool

    @property
    def pulled(self) -> bool:
        """Whether there is a place to pull it from; else it can only be added."""
        return bool(self.file)


@dataclass(frozen=True, slots=True)
class Zoo:
    """Everything `zoo.toml` says.

    Attributes:
        repository: The model repository's folder.
        models: Models by name.
        hosts: URL templates with `{base}` and `{file}`, by the host's name, first choice first.
    """

    repository: Path
    models: Mapping[str, ZooModel] = field(default_factory=dict)
    hosts: Mapping[str, str] = field(default_factory=dict)

    def model(self, name: str) -> ZooModel:
        """Return a model by name.

        Raises:
            UnknownModel: the zoo has no such model.
        """
        try:
            return self.models[name]
        except KeyError:
            known = ", ".join(sorted(self.models))
            raise UnknownModel(
                f"No model of the zoo is called {name!r}; there are: {known}."
            ) from None

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
    path = repository / ZOO_FILE
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise SetupIncomplete(f"The model repository has no zoo at {path}.") from None
    except ValueError as error:
        raise SetupIncomplete(f"The zoo {path} cannot be read: {error}.") from None
    hosts = dict(data.get("hosts", {}))
    with_place = [host for host, url in hosts.items() if "{base}" in url and "{file}" in url]
    if with_place != list(hosts):
        raise ContractViolation("Zoo, [hosts]: each needs {base} and {file}.")
    tables: dict[str, dict[str, Any]] = data.get("models", {})
    models: dict[str, ZooModel] = {}
    for name in _needed_first(tables):
        with _named(name):
            models[name] = _model(name, data, models)
    ordered = {name: models[name] for name in tables}
    return Zoo(repository, MappingProxyType(ordered), MappingProxyType(hosts))


class _named:  # noqa: N801 - reads as a statement
    """Let a fault name the section it is in."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        where = f"Zoo, [models.{self.name}]:"
        if isinstance(error, KeyError):
            raise ContractViolation(f"{where} {error.args[0]!r} is missing.") from None
        if isinstance(error, TypeError | ValueError):
            raise ContractViolation(f"{where} {error}.") from None


def _needed_first(tables: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    """Yield the names of models, each behind those it needs."""
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> Iterator[str]:
        if name in above:
            raise ContractViolation(f"Zoo, [models.{name}]: it needs itself.")
        if name in done:
            return
        for needed in tables[name].get("needs", ()):
            if needed not in tables:
                raise ContractViolation(f"Zoo, [models.{name}]: there is no {needed!r} to need.")
            yield from visit(needed, (*above, name))
        done.add(name)
        yield name

    for name in tables:
        yield from visit(name, ())


_FAMILY_FIELDS = frozenset(
    ("task", "batch", "max_batch_size", "open_sizes", "spare_outputs", "inputs", "outputs")
)
_OWN_FIELDS = frozenset(
    (
        *("title", "family", "license", "license_url", "credit", "commercial", "needs", "sizes"),
        *("base", "file", "sha256", "size_bytes", "twin", "fp16", "emap", "max_batch_size"),
    )
)


def _model(name: str, data: Mapping[str, Any], known: Mapping[str, ZooModel]) -> ZooModel:
    table = data["models"][name]
    family = _of(data, "families", table["family"])
    license = _of(data, "licenses", table["license"])
    _check_fields(table, _OWN_FIELDS)
    _check_fields(family, _FAMILY_FIELDS)
    if not _NAME.fullmatch(name) or ".." in name:
        raise ValueError("a name is lower-case letters, digits, underscores and single dots")
    sizes = {key: int(size) for key, size in table.get("sizes", {}).items()}
    needs = tuple(table.get("needs", ()))
    commercial = bool(table.get("commercial", license["commercial"]))
    batch = _one_of(family.get("batch", "rows"), get_args(Batch), "batch")
    model = ZooModel(
        name=name,
        title=table["title"],
        task=family["task"],
        family=table["family"],
        license=table["license"],
        license_url=table.get("license_url", license["url"]),
        credit=table["credit"],
        commercial=commercial,
        usable_commercially=commercial and all(known[n].usable_commercially for n in needs),
        needs=needs,
        batch=batch,
        max_batch_size=_batch_size(batch, table, family),
        inputs=_tensors(family["inputs"], sizes),
        outputs=_tensors(family["outputs"], sizes),
        spare_outputs=bool(family.get("spare_outputs", False)),
        open_sizes=_open_sizes(family),
        sizes=MappingProxyType(sizes),
        base=table.get("base", ""),
        file=table.get("file", ""),
        sha256=table.get("sha256", ""),
        size_bytes=int(table.get("size_bytes", 0)),
        twin=table.get("twin", ""),
        fp16=bool(table.get("fp16", False)),
        emap=bool(table.get("emap", False)),
    )
    _check(model, data["models"])
    return model


def _check(model: ZooModel, tables: Mapping[str, Any]) -> None:
    """Check what fields say of each other."""
    if bool(model.base) != bool(model.file):
        raise ValueError("base and file belong together")
    if model.file and not (_FILE.fullmatch(model.file) and _FILE.fullmatch(model.base)):
        raise ValueError("base and file must be plain names")
    if model.sha256 and not _SHA256.fullmatch(model.sha256):
        raise ValueError(f"{model.sha256!r} is not a SHA-256 digest in lower-case hex")
    if model.twin and model.twin not in tables:
        raise ValueError(f"there is no twin {model.twin!r}")
    if any(-1 in spec.shape for spec in model.inputs) != (model.open_sizes is not None):
        raise ValueError("open_sizes belong to inputs of open size, and only to them")
    if not model.license_url.startswith("https://"):
        raise ValueError("license_url must begin with https://")


def _batch_size(batch: Batch, table: Mapping[str, Any], family: Mapping[str, Any]) -> int:
    if batch == "none":
        if "max_batch_size" in table or "max_batch_size" in family:
            raise ValueError("max_batch_size is for models with a batch")
        return 0
    size = int(table["max_batch_size"] if "max_batch_size" in table else family["max_batch_size"])
    if size < 1:
        raise ValueError("max_batch_size must be at least 1")
    return size


def _open_sizes(family: Mapping[str, Any]) -> tuple[int, int, int] | None:
    if "open_sizes" not in family:
        return None
    low, usual, high = (int(size) for size in family["open_sizes"])
    if not 0 < low <= usual <= high:
        raise ValueError("open_sizes must be positive and rise")
    return low, usual, high


def _tensors(tables: Mapping[str, Any], sizes: Mapping[str, int]) -> tuple[ZooTensor, ...]:
    if not tables:
        raise ValueError("a model needs inputs and outputs")
    specs = []
    for name, table in tables.items():
        fields = dict(table)
        given = fields.pop("shape")
        shape = tuple(sizes[n] if isinstance(n, str) else int(n) for n in given)
        spec = ZooTensor(name=name, shape=shape, **fields)
        _one_of(spec.dtype, get_args(Dtype), f"{name}.dtype")
        if not shape or any(n < 1 and n != -1 for n in shape):
            raise ValueError(f"{name}.shape must be positive, or -1 where it is open")
        if spec.loose and spec.elements < 0:
            raise ValueError(f"{name} is loose and cannot be open")
        specs.append(spec)
    return tuple(specs)


def _of(data: Mapping[str, Any], kind: str, key: str) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = data.get(kind, {})
    if key not in found:
        raise ValueError(f"{kind} has no {key!r}")
    return found[key]


def _check_fields(table: Mapping[str, Any], allowed: frozenset[str]) -> None:
    if unknown := sorted(set(table) - allowed):
        raise ValueError(f"unknown: {', '.join(unknown)}")


def _one_of(value: Any, allowed: tuple[str, ...], what: str) -> Any:
    if value not in allowed:
        raise ValueError(f"{what} must be one of {', '.join(allowed)}, not {value!r}")
    return value
