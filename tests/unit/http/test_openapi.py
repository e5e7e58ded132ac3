"""The description is complete, and changes only on purpose.

`SEMBLANT_UPDATE_SNAPSHOTS=1 pytest tests/unit/http/test_openapi.py` writes it anew.
"""

import json
import os
from pathlib import Path

import pytest
from pydantic import BaseModel

from gateway.errors import ERROR_TABLE
from gateway.http.app import ENDPOINTS, create_app
from gateway.operations.schemas import (
    common,
    faces,
    identities,
    jobs,
    libraries,
    operations,
    swaps,
    verify,
)
from gateway.operations.schemas import problems as schemas
from gateway.pipeline.options.swap import SwapOptions
from gateway.serving.testing import fake_services

SNAPSHOT = Path(__file__).with_name("openapi.json")
UPDATE = "SEMBLANT_UPDATE_SNAPSHOTS"
# Told by probes and pages only, in a job's object, or never over HTTP.
NOT_ANSWERED = {"platform_unsupported", "job_canceled", "lease_lost"}
NOT_ANSWERED |= {
    "model_format_invalid",
    "model_verification_failed",
    "model_checksum_mismatch",
    "download_failed",
}
NOT_ANSWERED |= {"model_not_permitted", "license_not_accepted", "calibration_too_small"}
NOT_ANSWERED |= {"video_size_changes", "encoder_unavailable", "output_invalid"}
NOT_ANSWERED |= {"key_not_found"}
OPTIONS = (
    "SwapOptions",
    "FacesOptions",
    "TrackOptions",
    "EnrolOptions",
    "MatchRequest",
    "IdentityOptions",
    "WebhookOptions",
    "MappingEntry",
    "DetectorOptions",
    "FaceSelector",
    "MaskOptions",
    "QualityOptions",
    "QualityLimits",
)


@pytest.fixture(scope="module")
def document():
    return json.loads(json.dumps(create_app(fake_services()).openapi()))


def test_it_is_the_reviewed_one(document):
    if os.environ.get(UPDATE):
        SNAPSHOT.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    assert document == json.loads(SNAPSHOT.read_text()), f"review, then {UPDATE}=1"


def test_every_route_is_documented(document):
    routes = {
        (method, route.path)
        for endpoint in ENDPOINTS
        for route in endpoint.router.routes
        for method in route.methods
    }
    operations = {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert operations.keys() == routes
    for (method, _), operation in operations.items():
        assert operation["summary"].endswith(".")
        found = [status for status in operation["responses"] if status[0] in "23"]
        assert found
        for status in found:
            success = operation["responses"][status]
            assert ("content" in success) == (status not in ("204", "304") and method != "HEAD")


def test_every_error_has_an_example(document):
    codes = set()
    for methods in document["paths"].values():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                problems = answer.get("content", {}).get("application/problem+json", {})
                for code, example in problems.get("examples", {}).items():
                    schemas.Problem.model_validate(example["value"])
                    assert str(ERROR_TABLE[code].http) == status
                    codes.add(code)
    assert codes == ERROR_TABLE.keys() - NOT_ANSWERED


ANSWERS = [
    model
    for module in (common, faces, identities, jobs, libraries, operations, schemas, swaps, verify)
    for model in vars(module).values()
    if isinstance(model, type)
    and issubclass(model, BaseModel)
    and model.__module__ == module.__name__
    and "examples" in (model.model_config.get("json_schema_extra") or {})
]


@pytest.mark.parametrize("model", ANSWERS, ids=lambda model: model.__name__)
def test_examples_fit_their_models(model):
    (example,) = model.model_config["json_schema_extra"]["examples"]
    shown = model.model_validate(example)
    assert json.loads(shown.model_dump_json()) == example


def test_every_answer_has_an_example(document):
    stated = {
        content["schema"]["$ref"].rsplit("/", 1)[1]
        for methods in document["paths"].values()
        for operation in methods.values()
        for status, answer in operation["responses"].items()
        for kind, content in answer.get("content", {}).items()
        if status.startswith("2") and kind == "application/json" and content
    }
    assert stated <= {model.__name__ for model in ANSWERS}


def test_every_option_is_described(document):
    for name in OPTIONS:
        schema = document["components"]["schemas"][name]
        for option in schema["properties"].values():
            assert "description" in option or "$ref" in option
    assert set(SwapOptions.model_fields) == set(
        document["components"]["schemas"]["SwapOptions"]["properties"]
    )


def test_references_resolve(document):
    names = set(document["components"]["schemas"])
    text = json.dumps(document)
    used = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert used <= names
