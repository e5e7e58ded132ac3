"""Model repositories outside a checkout."""

import pytest

from gateway import paths
from gateway.errors import SetupIncomplete
from gateway.paths import CATALOG, prepare_repository

CONFIG = "face/config.pbtxt"


@pytest.fixture
def release(tmp_path, monkeypatch):
    """A package's files of one release; called with a number they are those of another."""
    origin = tmp_path / "package"

    def become(number):
        (origin / "face").mkdir(parents=True, exist_ok=True)
        (origin / CATALOG).write_text(f"release {number}")
        (origin / CONFIG).write_text(f"configuration {number}")
        monkeypatch.setattr(paths, "version", lambda _: f"0.2.{number}")

    monkeypatch.setattr(paths, "repository_files", lambda: origin)
    become(0)
    return become


def test_an_empty_folder_gets_the_files_of_the_package(release, tmp_path):
    folder = tmp_path / "models"
    assert not prepare_repository(folder)
    assert (folder / CATALOG).read_text() == "release 0"
    assert (folder / CONFIG).read_text() == "configuration 0"


def test_what_this_release_prepared_is_left_alone(release, tmp_path):
    folder = tmp_path / "models"
    prepare_repository(folder)
    (folder / CONFIG).write_text("for a GPU")
    assert not prepare_repository(folder)
    assert (folder / CONFIG).read_text() == "for a GPU"


def test_another_release_brings_its_own_files_and_leaves_models(release, tmp_path):
    folder = tmp_path / "models"
    prepare_repository(folder)
    (folder / "face" / "model.onnx").write_text("weights")
    release(1)
    assert prepare_repository(folder)
    assert (folder / CATALOG).read_text() == "release 1"
    assert (folder / CONFIG).read_text() == "configuration 1"
    assert (folder / "face" / "model.onnx").read_text() == "weights"
    assert not prepare_repository(folder)


def test_a_repository_of_ones_own_is_left_alone(release, tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / CATALOG).write_text("mine")
    release(1)
    assert not prepare_repository(folder)
    assert (folder / CATALOG).read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_said_with_the_setting(release, tmp_path):
    (tmp_path / "models").write_text("a file")
    with pytest.raises(SetupIncomplete, match="SEMBLANT_MODEL_REPOSITORY"):
        prepare_repository(tmp_path / "models")
