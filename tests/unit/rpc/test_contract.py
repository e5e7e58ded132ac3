"""The protos: what is generated is current, options are those of HTTP, every method is served."""

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf.descriptor import FieldDescriptor
from pydantic import BaseModel
from semblant.v1 import annotations_pb2, answers_pb2, options_pb2

from gateway.paths import PROJECT_ROOT
from gateway.rpc import endpoints
from gateway.rpc.messages import document_of
from gateway.rpc.server import ENDPOINTS, SERVICES
from tools.protos import ANSWERS, LEFT_OUT, NAMES, OPTIONS, Numbers, files

GENERATED = PROJECT_ROOT / "clients" / "python" / "semblant" / "v1"
LONGEST = 25
KINDS = {
    FieldDescriptor.CPPTYPE_BOOL: "boolean",
    FieldDescriptor.CPPTYPE_INT32: "integer",
    FieldDescriptor.CPPTYPE_INT64: "integer",
    FieldDescriptor.CPPTYPE_DOUBLE: "number",
    FieldDescriptor.CPPTYPE_STRING: "string",
    FieldDescriptor.CPPTYPE_ENUM: "string",
}


def descriptor(model):
    name = NAMES.get(model.__name__, model.__name__)
    for file in (options_pb2, answers_pb2):
        if name in file.DESCRIPTOR.message_types_by_name:
            return file.DESCRIPTOR.message_types_by_name[name]
    raise AssertionError(name)


def models_below(models):
    """Return models and all that are in them, each once."""
    found: dict[str, type[BaseModel]] = {}

    def add(model):
        if model.__name__ in found:
            return
        found[model.__name__] = model
        for name, field in model.model_fields.items():
            for kind in inner(field.annotation) if (model.__name__, name) not in LEFT_OUT else ():
                add(kind)

    for model in models:
        add(model)
    return list(found.values())


def inner(annotation):
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [kind for part in getattr(annotation, "__args__", ()) for kind in inner(part)]


def plain(schema):
    kept = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return kept[0] if len(kept) == 1 else schema


def test_messages_of_options_and_answers_are_written():
    for path, text in files().items():
        assert path.read_text(encoding="utf-8") == text, "run `make protos`"


def test_numbers_stay_and_are_never_used_again(tmp_path):
    old = tmp_path / "x.proto"
    old.write_text("message A {\n  reserved 4;\n  bool x = 1;\n  repeated Some y = 7;\n}\n")
    numbers = Numbers.read(old)
    assert numbers.of("A", ["new", "y", "x", "newer"], 1) == {"new": 8, "y": 7, "x": 1, "newer": 9}
    assert numbers.gone("A", ["x"]) == [4, 7]


def test_the_generated_modules_are_current(tmp_path):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", "tools.generate_protos", str(tmp_path)]
    subprocess.run(command, cwd=PROJECT_ROOT, env={**os.environ, "PATH": path}, check=True)
    fresh = {one.name: one.read_bytes() for one in (tmp_path / "semblant" / "v1").iterdir()}
    kept = {one.name: one.read_bytes() for one in GENERATED.iterdir() if one.is_file()}
    assert fresh == kept, "run `make protos`"


@pytest.mark.parametrize(
    "model", models_below((*OPTIONS, *ANSWERS)), ids=lambda model: model.__name__
)
def test_fields_are_those_of_the_model(model):
    schema = model.model_json_schema()
    fields = descriptor(model).fields_by_name
    left_out = {name for kind, name in LEFT_OUT if kind == model.__name__}
    assert set(fields) == set(model.model_fields) - left_out
    for name, field in fields.items():
        wanted = plain(schema["properties"][name])
        of_map = field.message_type is not None and field.message_type.GetOptions().map_entry
        assert (field.is_repeated and not of_map) == (wanted.get("type") == "array")
        wanted = wanted["items"] if wanted.get("type") == "array" else wanted
        if field.message_type is None:
            kind = wanted.get("type") or schema["$defs"][wanted["$ref"].split("/")[-1]]["type"]
            assert KINDS[field.cpp_type] == kind


@pytest.mark.parametrize("model", models_below(OPTIONS), ids=lambda model: model.__name__)
def test_ranges_defaults_and_values_are_those_of_the_model(model):
    schema = model.model_json_schema()
    for name, field in descriptor(model).fields_by_name.items():
        said = field.GetOptions().Extensions[annotations_pb2.constraint]
        wanted = schema["properties"][name]
        default = wanted.get("default")
        assert said.HasField("default_json") == (default is not None)
        if default is not None:
            assert json.loads(said.default_json) == default
        wanted = plain(wanted)
        for ours, theirs in (
            ("minimum", "minimum"),
            ("exclusive_minimum", "exclusiveMinimum"),
            ("maximum", "maximum"),
            ("min_length", "minLength"),
            ("max_length", "maxLength"),
            ("min_items", "minItems"),
            ("max_items", "maxItems"),
            ("pattern", "pattern"),
        ):
            assert said.HasField(ours) == (theirs in wanted), (name, ours)
            if theirs in wanted:
                assert getattr(said, ours) == wanted[theirs]
        wanted = wanted["items"] if wanted.get("type") == "array" else wanted
        if field.enum_type is not None and "$ref" not in wanted:
            spelled = [
                value.GetOptions().Extensions[annotations_pb2.spelling]
                for value in field.enum_type.values
            ]
            assert spelled == ["", *wanted["enum"]]


def test_a_field_that_is_not_set_is_not_in_the_document():
    assert document_of(options_pb2.SwapOptions()) == {}
    assert document_of(options_pb2.SwapOptions(shape=0.0)) == {"shape": 0.0}


def test_every_method_has_an_endpoint():
    methods = [name for service in SERVICES for name in service.methods_by_name]
    assert sorted(ENDPOINTS) == sorted(methods)
    assert len(set(methods)) == len(methods)


def test_endpoints_are_short_and_one_a_file():
    folder = Path(endpoints.__file__).parent
    assert len(list(folder.glob("*.py"))) == len(ENDPOINTS) + 1
    for name, endpoint in ENDPOINTS.items():
        assert len(inspect.getsource(endpoint).splitlines()) <= LONGEST, name
