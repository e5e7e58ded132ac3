"""`semblant models` and the zoo: what is said, asked, and left."""

import io
import json
import sys
from functools import partial

import httpx
import pytest
from semblant import Client

from gateway.models.catalog import load_catalog
from gateway.models.served import install_quantized
from gateway.paths import PROJECT_ROOT
from tests.unit.models.networks import DOUBLE, make_zoo, plain

CATALOG = (PROJECT_ROOT / "model_repository" / "catalog.toml").read_bytes()


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with a small zoo, whose files lie in a folder."""
    repository, files = tmp_path / "models", tmp_path / "files"
    make_zoo(repository)
    (repository / "catalog.toml").write_bytes(CATALOG)
    files.mkdir()
    plain(files / "plain.onnx")
    plain(files / "single.onnx")
    monkeypatch.setenv("SEMBLANT_MODEL_REPOSITORY", str(repository))
    monkeypatch.setenv("SEMBLANT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("SEMBLANT_MODEL_FOLDER", str(files))
    monkeypatch.setenv("SEMBLANT_MODELS_OFFLINE", "true")
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return repository


def rows(semblant, *arguments):
    done = semblant("models", "list", "--json", *arguments)
    assert done.code == 0
    return {row["name"]: row for row in json.loads(done.out)}


def test_a_model_is_pulled_listed_verified_and_removed(semblant, repository):
    done = semblant("models", "pull", "plain", "--accept-license")
    assert (done.code, done.out) == (0, "plain: installed, up to 8 rows\n")
    assert "licence: MIT, https://mit.test/" in done.err
    assert "pinned from now on" in done.words
    again = semblant("models", "pull", "plain")
    assert (again.code, again.out, again.err) == (0, "plain: up to date\n", "")
    found = rows(semblant)["plain"]
    assert (found["state"], found["commercial"], found["loaded"]) == ("present", True, None)
    assert found["needed_by"] == ["pair"]
    assert semblant("models", "verify", "plain").out == "plain: ok\n"
    assert semblant("models", "delete", "plain").out == "plain: deleted\n"
    assert semblant("models", "delete", "plain").out == "plain: was not installed\n"
    assert rows(semblant)["plain"]["state"] == "missing"


def test_what_is_needed_is_pulled_too_and_said_so(semblant, repository):
    done = semblant("models", "pull", "pair", "--accept-license")
    assert "single is needed by pair." in done.err
    assert done.code == 4  # the folder does not have `pair`
    assert done.out.splitlines() == [
        "single: installed, up to 1 rows",
        "plain: installed, up to 8 rows",
    ]
    assert "download_failed" in done.err


def test_nothing_is_installed_without_the_license(semblant, repository):
    done = semblant("models", "pull", "plain")
    assert (done.code, done.out) == (3, "")
    assert "license_not_accepted" in done.err
    assert not (repository / "plain").exists()


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 3), ("\n", 3)])
def test_who_sits_there_is_asked(semblant, repository, monkeypatch, answer, code):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    assert semblant("models", "pull", "plain").code == code
    assert (repository / "plain").exists() == (code == 0)


def test_commercial_services_pull_only_what_they_may(semblant, repository, monkeypatch):
    monkeypatch.setenv("SEMBLANT_REQUIRE_COMMERCIAL_LICENSE", "true")
    done = semblant("models", "pull", "single", "--accept-license")
    assert done.code == 3
    assert "model_not_permitted" in done.err
    assert rows(semblant)["single"]["refused"]
    assert "refused" in semblant("models", "list").out


def test_a_file_of_ones_own(semblant, repository, tmp_path):
    file = plain(tmp_path / "mine.onnx")
    done = semblant("models", "add", file, "--as", "own", "--accept-license")
    assert (done.code, done.out) == (0, "own: installed, up to 8 rows\n")


def test_a_file_is_told_all_that_is_wrong_with_it(semblant, repository, tmp_path):
    file = plain(tmp_path / "mine.onnx", inputs=[("a", DOUBLE, [1, 4])])
    done = semblant("models", "add", file, "--as", "plain", "--accept-license")
    assert (done.code, done.out) == (3, "")
    assert "Input 'x' is missing; there are: 'a'." in done.err
    assert "Input 'a' is needed, which plain is not given." in done.err


@pytest.mark.parametrize("command", ["pull", "delete"])
def test_models_of_our_own_are_neither_pulled_nor_removed(semblant, repository, command):
    done = semblant("models", command, "iris")
    assert (done.code, done.out) == (3, "")
    assert "iris is no model of the zoo" in done.err


def test_nobody_knows_it(semblant, repository):
    for command in ("pull", "delete", "verify", "configure"):
        assert "unknown_model" in semblant("models", command, "nobody").err


def test_configurations_for_another_machine(semblant, repository):
    semblant("models", "pull", "plain", "--accept-license")
    for folder in load_catalog(repository).models:
        (repository / folder).mkdir()
    done = semblant("models", "configure", "--profile", "a100", "--engine-cache", "/engines")
    assert done.code == 0
    assert "plain: configured for a100" in done.out
    for name in ("plain", "iris"):
        text = (repository / name / "config.pbtxt").read_text()
        assert f'"/engines/{name}"' in text
    semblant("models", "configure", "plain")
    assert "tensorrt" not in (repository / "plain" / "config.pbtxt").read_text()
    assert "tensorrt" in (repository / "iris" / "config.pbtxt").read_text()
    assert semblant("models", "configure", "--profile", "abacus").code == 2


def test_what_a_service_has_loaded(semblant, repository, monkeypatch):
    answers = []
    transport = httpx.MockTransport(lambda request: answers.pop(0))
    monkeypatch.setattr("semblant.served.Client", partial(Client, transport=transport))
    models = [{"name": "iris", "ready": True}, {"name": "plain", "ready": False}]
    answers[:] = [httpx.Response(200, json={"models": models})]
    found = rows(semblant, "--url", "http://there.test")
    assert [found[name]["loaded"] for name in ("iris", "plain", "single")] == [True, False, False]
    answers[:] = [httpx.Response(200, json={"models": 3})]
    assert semblant("models", "list", "--url", "http://there.test").code == 6
    answers[:] = [httpx.Response(503)]
    assert semblant("models", "list", "--url", "http://there.test").code != 0
    assert semblant("models", "list", "--url", "there").code == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "one of the two"),
        (("--restore", "--calibration", "{folder}"), "one of the two"),
        (("--calibration", "{folder}/none"), "does not exist"),
    ],
)
def test_quantising_needs_pictures_or_the_way_back(
    semblant, repository, tmp_path, arguments, words
):
    told = [argument.format(folder=tmp_path) for argument in arguments]
    done = semblant("models", "quantize", "plain", *told)
    assert done.code == 2
    assert words in done.words


def test_only_what_sees_pictures_is_quantised(semblant, repository, tmp_path):
    done = semblant("models", "quantize", "plain", "--calibration", tmp_path)
    assert done.code == 3
    assert "plain cannot be quantised" in done.words


def test_the_way_back_from_int8(semblant, repository, tmp_path):
    semblant("models", "pull", "plain", "--accept-license")
    path = repository / "plain" / "1" / "model.onnx"
    assert semblant("models", "quantize", "plain", "--restore").out == (
        "plain: was in single precision\n"
    )
    before = path.read_bytes()
    (tmp_path / "int8.onnx").write_bytes(before)
    install_quantized(path, tmp_path / "int8.onnx")
    assert semblant("models", "verify", "plain").out == "plain: ok\n"
    assert semblant("models", "quantize", "plain", "--restore").out == (
        "plain: in single precision again\n"
    )
    assert path.read_bytes() == before
    assert semblant("models", "quantize", "nobody", "--restore").code == 3


def test_a_gpu_is_told_of_int8(semblant, repository, tmp_path):
    semblant("models", "pull", "plain", "--accept-license")
    path = repository / "plain" / "1" / "model.onnx"
    (tmp_path / "int8.onnx").write_bytes(path.read_bytes())
    config = repository / "plain" / "config.pbtxt"
    for install in (False, True):
        if install:
            install_quantized(path, tmp_path / "int8.onnx")
        assert semblant("models", "configure", "plain", "--profile", "gpu").code == 0
        assert ('value: "INT8"' in config.read_text()) == install
