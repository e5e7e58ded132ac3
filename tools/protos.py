"""Writes the messages of options and answers, `protos/semblant/v1`, from their models.

    python -m tools.protos

The services are written by hand; what HTTP describes in OpenAPI is the same here, field by field.
Numbers of fields and values that are there already stay; new ones come after all that ever were.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from gateway.operations.schemas.faces import FacesOptions, FacesReport, TrackLine, TrackOptions
from gateway.operations.schemas.identities import IdentityList, IdentityOptions, IdentityReport
from gateway.operations.schemas.jobs import JobList, JobObject, WebhookOptions
from gateway.operations.schemas.libraries import (
    EnrolOptions,
    LibraryBody,
    LibraryList,
    LibraryMatch,
    MatchRequest,
    NewLibrary,
)
from gateway.operations.schemas.operations import ModelList
from gateway.operations.schemas.swaps import SwapReport
from gateway.operations.schemas.verify import VerifyReport
from gateway.paths import PROJECT_ROOT
from gateway.pipeline.options.swap import SwapOptions
from gateway.pipeline.options.video import VideoOptions

FOLDER = PROJECT_ROOT / "protos" / "semblant" / "v1"
OPTIONS: tuple[type[BaseModel], ...] = (
    SwapOptions,
    VideoOptions,
    FacesOptions,
    TrackOptions,
    EnrolOptions,
    IdentityOptions,
    MatchRequest,
    WebhookOptions,
)
ANSWERS: tuple[type[BaseModel], ...] = (
    SwapReport,
    FacesReport,
    TrackLine,
    IdentityReport,
    IdentityList,
    NewLibrary,
    LibraryBody,
    LibraryList,
    LibraryMatch,
    ModelList,
    JobObject,
    JobList,
    VerifyReport,
)
NAMES = {"MatchRequest": "MatchOptions"}
"""Messages that are called otherwise than their models: requests are what an rpc takes."""
LEFT_OUT = frozenset((("SwapReport", "image"), ("TrackLine", "face"), ("JobObject", "urls")))
"""Fields that only HTTP needs: the picture in a report, an always-null one, and addresses."""
WIDTH = 96
INT32 = 2**31 - 1

_HEAD = """\
// Written by `make protos` from the models of the service; edit those, not this file.

syntax = "proto3";

package semblant.v1;

"""

Schema = Mapping[str, Any]


@dataclass
class Numbers:
    """The numbers of a file's fields and values, by the name of their block and their own."""

    known: dict[str, dict[str, int]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Numbers:
        """Return those of a file; none if there is no file."""
        known: dict[str, dict[str, int]] = {}
        blocks: list[str] = []
        for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
            if opened := re.match(r"\s*(?:message|enum) (\w+) \{", line):
                blocks.append(opened[1])
            elif re.match(r"\s*\}$", line):
                blocks.pop()
            elif found := re.match(r"\s*(?:[\w.<>, ]+ )?(\w+) = (\d+)", line):
                known.setdefault(".".join(blocks), {})[found[1]] = int(found[2])
            elif gone := re.match(r"\s*reserved ([\d, ]+);", line):
                of_block = known.setdefault(".".join(blocks), {})
                of_block |= {f"reserved {n}": int(n) for n in gone[1].split(",")}
        return cls(known)

    def of(self, block: str, names: list[str], first: int) -> dict[str, int]:
        """Return the number of each name in a block; new ones get the next."""
        known = self.known.get(block, {})
        following = max([first - 1, *known.values()]) + 1
        out = {}
        for name in names:
            if name not in known:
                out[name], following = following, following + 1
            else:
                out[name] = known[name]
        return out

    def gone(self, block: str, names: list[str]) -> list[int]:
        """Return the numbers of a block that no name has any more, sorted."""
        known = self.known.get(block, {})
        return sorted(number for name, number in known.items() if name not in names)


class Writer:
    """Writes one file."""

    def __init__(self, path: Path, others: Mapping[str, str]) -> None:
        """Take where it goes, and the messages that other files hold, with the file of each."""
        self._numbers = Numbers.read(path)
        self._others = others
        self._imports: set[str] = set()
        self._done: dict[str, str] = {}

    def written(self, models: Iterable[type[BaseModel]]) -> str:
        """Return the file."""
        for model in models:
            schema = model.model_json_schema(mode="validation")
            self._block(model.__name__, schema, schema.get("$defs", {}))
        imports = "".join(f'import "{name}";\n' for name in sorted(self._imports))
        return f"{_HEAD}{imports}\n" + "\n".join(self._done.values())

    @property
    def names(self) -> list[str]:
        """The messages and enumerations that the file holds."""
        return list(self._done)

    def _block(self, model: str, schema: Schema, defs: Schema) -> str:
        """Write a model, unless it is written, and return its message's name."""
        name = NAMES.get(model, model)
        if name in self._others:
            self._imports.add(self._others[name])
        elif name not in self._done:
            self._done[name] = ""  # its place is before what it uses
            if "enum" in schema:
                lines = [*_comment(schema), *self._enum(name, name, schema["enum"])]
            else:
                lines = [*_comment(schema), *self._message(name, model, schema, defs)]
            self._done[name] = "\n".join(lines) + "\n"
        return name

    def _message(self, name: str, model: str, schema: Schema, defs: Schema) -> Iterator[str]:
        fields = {
            key: value
            for key, value in schema.get("properties", {}).items()
            if (model, key) not in LEFT_OUT
        }
        numbers = self._numbers.of(name, list(fields), 1)
        yield f"message {name} {{"
        if gone := self._numbers.gone(name, list(fields)):
            yield f"  reserved {', '.join(map(str, gone))};"
        for key, value in fields.items():
            required = key in schema.get("required", ())
            kind, nested = self._kind(name, key, value, defs, scalar_optional=not required)
            yield from (f"  {line}" for line in nested)
            yield from (f"  {line}" for line in _comment(value))
            yield from _field(f"{kind} {key} = {numbers[key]}", _constraint(value, defs))
        yield "}"

    def _kind(
        self, message: str, key: str, schema: Schema, defs: Schema, *, scalar_optional: bool
    ) -> tuple[str, list[str]]:
        """Return a field's type with its label, and the enumeration that comes before it."""
        plain, nullable = _plain(schema)
        if "anyOf" in plain:  # a word, or named coefficients
            self._imports.add("semblant/v1/annotations.proto")
            return "Expression", []
        if plain.get("type") == "array":
            inner, nested = self._item(message, _singular(key), plain["items"], defs)
            return f"repeated {inner}", nested
        kind, nested = self._item(message, key, plain, defs)
        label = "optional " if (nullable or scalar_optional) and not kind.startswith("map<") else ""
        return f"{label}{kind}", nested

    def _item(self, message: str, key: str, schema: Schema, defs: Schema) -> tuple[str, list[str]]:
        if "$ref" in schema:
            target = schema["$ref"].rsplit("/", 1)[1]
            return self._block(target, defs[target], defs), []
        if schema.get("type") == "array":
            self._imports.add("semblant/v1/annotations.proto")
            return "Numbers", []
        if "enum" in schema and schema.get("type") == "string":
            enum = "".join(part.title() for part in key.split("_"))
            return enum, list(self._enum(f"{message}.{enum}", enum, schema["enum"]))
        if schema.get("type") == "object":
            values = schema.get("additionalProperties")
            if isinstance(values, dict):
                return f"map<string, {_scalar(values)}>", []
            self._imports.add("google/protobuf/struct.proto")
            return "google.protobuf.Struct", []
        return _scalar(schema), []

    def _enum(self, block: str, enum: str, values: list[str]) -> Iterator[str]:
        self._imports.add("semblant/v1/annotations.proto")
        prefix = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", enum).upper()
        names = {
            f"{prefix}_{re.sub('[^A-Za-z0-9]', '_', value).upper()}": value for value in values
        }
        unset = f"{prefix}_UNSPECIFIED"
        numbers = self._numbers.of(block, [unset, *names], 0)
        yield f"enum {enum} {{"
        if gone := self._numbers.gone(block, [unset, *names]):
            yield f"  reserved {', '.join(map(str, gone))};"
        yield f"  {unset} = {numbers[unset]};"
        for name, value in names.items():
            yield f'  {name} = {numbers[name]} [(semblant.v1.spelling) = "{value}"];'
        yield "}"


def _plain(schema: Schema) -> tuple[Schema, bool]:
    """Return a schema without its null, and whether it had one."""
    choices = schema.get("anyOf", ())
    kept = [choice for choice in choices if choice.get("type") != "null"]
    if choices and len(kept) == 1:
        return kept[0], True
    if "allOf" in schema:
        return schema["allOf"][0], False
    return schema, len(kept) < len(choices)


def _scalar(schema: Schema) -> str:
    kind = schema.get("type")
    if kind == "integer":
        most = max([schema.get("maximum", INT32 + 1), *schema.get("enum", ())])
        return "int32" if most <= INT32 else "int64"
    return {"number": "double", "boolean": "bool", "string": "string"}[str(kind)]


def _singular(key: str) -> str:
    return key.removesuffix("s")


def _constraint(schema: Schema, defs: Schema) -> list[str]:
    """Return the members of a field's constraint."""
    plain, _ = _plain(schema)
    items = plain.get("items", {})
    out = []
    if "default" in schema and schema["default"] is not None:
        out.append(f"default_json: {json.dumps(json.dumps(schema['default']))}")
    for key, name in (
        ("minimum", "minimum"),
        ("exclusiveMinimum", "exclusive_minimum"),
        ("maximum", "maximum"),
        ("minLength", "min_length"),
        ("maxLength", "max_length"),
        ("minItems", "min_items"),
        ("maxItems", "max_items"),
    ):
        if key in plain:
            out.append(f"{name}: {plain[key]}")
    if pattern := plain.get("pattern"):
        out.append(f"pattern: {json.dumps(pattern)}")
    chosen = items if plain.get("type") == "array" else plain
    if chosen.get("type") == "integer":
        out += [f"in: {value}" for value in chosen.get("enum", ())]
    return out


def _field(declaration: str, constraint: list[str]) -> Iterator[str]:
    if not constraint:
        yield f"  {declaration};"
        return
    yield f"  {declaration} [(semblant.v1.constraint) = {{"
    for n, member in enumerate(constraint):
        yield f"    {member}{',' if n < len(constraint) - 1 else ''}"
    yield "  }];"


def _comment(schema: Schema) -> list[str]:
    text = schema.get("description", "").split("\n\n")[0]
    return [f"// {line}" for line in textwrap.wrap(text, WIDTH - 3, break_on_hyphens=False)]


def files() -> dict[Path, str]:
    """Return every written file's text."""
    options = Writer(FOLDER / "options.proto", {})
    out = {FOLDER / "options.proto": options.written(OPTIONS)}
    held = dict.fromkeys(options.names, "semblant/v1/options.proto")
    answers = Writer(FOLDER / "answers.proto", held)
    out[FOLDER / "answers.proto"] = answers.written(ANSWERS)
    return out


def main() -> None:
    """Write the files."""
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
