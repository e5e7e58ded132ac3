"""What is wrong on a machine is found, with what to do about it."""

import json

import pytest

from gateway.media.capabilities import encoders, image_formats
from gateway.serving.doctor import Check, examine
from gateway.settings import Settings


def found(**settings) -> dict[str, Check]:
    return {check.name: check for check in examine(Settings(**settings))}


@pytest.fixture(scope="module")
def checks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("doctor")
    return found(
        data_dir=folder / "data",
        cache_dir=folder / "cache",
        model_repository=folder / "models",
        triton_environment=folder / "triton",
        port=0,
    )


def test_what_is_missing_is_an_error_with_its_remedy(checks):
    assert (checks["models"].state, checks["models"].remedy) == ("error", "semblant models build")
    assert checks["embedded Triton"].state == "warning"


def test_what_works_needs_no_remedy(checks):
    for name in ("semblant", "packages", "data dir", "port", "jobs database"):
        assert (checks[name].state, checks[name].remedy) == ("ok", ""), name


def test_looking_makes_nothing(checks, tmp_path):
    found(data_dir=tmp_path / "data", model_repository=tmp_path / "models", port=0)
    assert list(tmp_path.iterdir()) == []


def test_a_triton_that_does_not_answer(tmp_path):
    check = found(backend="triton", triton_url="127.0.0.1:9", port=0)["Triton"]
    assert check.state == "error"
    assert "SEMBLANT_TRITON_URL" in check.remedy


def test_a_database_that_is_not_there():
    check = found(jobs_database_url="postgresql://127.0.0.1:9/none", port=0)["jobs database"]
    assert check.state == "error"


def test_encoders_are_tried():
    works = encoders()
    assert works["libx264"]
    assert works["ffv1"]
    assert works["gif"]
    assert image_formats()["AVIF"]


def test_the_command_says_it_as_json_too(semblant, monkeypatch, tmp_path):
    monkeypatch.setenv("SEMBLANT_MODEL_REPOSITORY", str(tmp_path))
    done = semblant("doctor", "--json")
    assert done.code == 6
    states = {check["name"]: check["state"] for check in json.loads(done.out)}
    assert states["models"] == "error"
