"""Common base of the catalogue and the zoo: entries of TOML files, checked by pydantic.

Entries are pydantic dataclasses; errors in one are reported with the file, the entry and the
field it is in.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from gateway.errors import ContractViolation, SetupIncomplete

MODEL_VERSION = "1"
ENTRY = ConfigDict(extra="forbid", populate_by_name=True)

T = TypeVar("T")


def matching(pattern: str, what: str) -> AfterValidator:
    """Return a check that all of a text matches a regular expression; `what` it then is."""
    whole = re.compile(pattern)

    def check(value: str) -> str:
        if not whole.fullmatch(value):
            raise ValueError(f"{value!r} is not {what}")
        return value

    return AfterValidator(check)


NO_PARENT = r"(?!(.*/)?\.\.(/|$))"
"""Begins the expressions of paths that do not lead upwards."""
Sha256 = Annotated[str, matching("[0-9a-f]{64}", "a SHA-256 digest in lower-case hex")]


@dataclass(frozen=True, slots=True, config=ENTRY)
class TensorEntry:
    """One input or output of a model.

    Attributes:
        name: Name in the contract.
        dtype: Element type.
        shape: Shape without the batch axis.
        meaning: Meaning of the values, with units.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    meaning: str


def tensor_tables(value: object) -> object:
    """Return tables by the tensor's name as a list, each with its name."""
    if isinstance(value, Mapping):
        value = [{**table, "name": name} for name, table in value.items()]
    if not value:
        raise ValueError("a model needs inputs and outputs")
    return value


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """Return the contents of a TOML file; `what` is its name in messages.

    Raises:
        SetupIncomplete: it is not there, or no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise SetupIncomplete(f"The model repository has no {what} at {path}.") from None
    except ValueError as error:
        raise SetupIncomplete(f"The {what} {path} cannot be read: {error}.") from None


def read_entry(
    kind: type[T], table: Mapping[str, Any], where: str, context: Mapping[str, Any] | None = None
) -> T:
    """Return an entry built from a table.

    Args:
        kind: A pydantic dataclass.
        table: Of the file.
        where: File and section, for messages.
        context: Lookup context of the validators.

    Raises:
        ContractViolation: naming all fields that are missing, unknown or wrong.
    """
    try:
        return TypeAdapter(kind).validate_python(table, context=context)
    except ValidationError as error:
        raise ContractViolation(f"{where}: {'; '.join(findings(error, table))}.") from None


def findings(error: ValidationError, table: object = None) -> list[str]:
    """Return the errors of a table, one clause for each field."""
    out = []
    for one in error.errors(include_url=False):
        field, context = _field(one["loc"], table), one.get("ctx", {})
        match one["type"]:
            case "missing":
                out.append(f"{field!r} is missing")
            case "unexpected_keyword_argument":
                out.append(f"unknown: {field}")
            case "literal_error":
                out.append(f"{field} must be one of {context['expected']}, not {one['input']!r}")
            case "greater_than_equal":
                out.append(f"{field} must be at least {context['ge']}")
            case _:
                message = str(context.get("error", one["msg"]))
                out.append(f"{field}: {message}" if field else message)
    return out


def _field(steps: Sequence[int | str], table: object) -> str:
    """Return where in a table something is; numbers of tensors become their names."""
    names = []
    for step in steps:
        if isinstance(table, Mapping):
            name = list(table)[step] if isinstance(step, int) else step
            table = table.get(name)
            names.append(str(name))
        else:
            names.append(str(step))
    return ".".join(names)
