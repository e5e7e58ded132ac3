"""Which file is served: one or the other, never none, and the way back is open."""

import pytest

from gateway.errors import StorageFull, UnknownModel
from gateway.models import served
from gateway.models.served import install_quantized, is_quantized, original, restore, served_path
from gateway.paths import PROJECT_ROOT


@pytest.fixture
def path(tmp_path):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "model.onnx").write_bytes(b"single")
    (tmp_path / "int8.onnx").write_bytes(b"int8")
    return tmp_path / "1" / "model.onnx"


@pytest.fixture
def int8(tmp_path, path):
    return tmp_path / "int8.onnx"


def files(path):
    return sorted(one.name for one in path.parent.iterdir())


def test_there_and_back(path, int8):
    assert not is_quantized(path)
    assert original(path) == path
    install_quantized(path, int8)
    assert is_quantized(path)
    assert (path.read_bytes(), original(path).read_bytes()) == (b"int8", b"single")
    assert restore(path)
    assert path.read_bytes() == b"single"
    assert files(path) == ["model.onnx"]
    assert not restore(path)


def test_installing_again_keeps_the_first(path, int8):
    install_quantized(path, int8)
    int8.write_bytes(b"better")
    install_quantized(path, int8)
    assert (path.read_bytes(), original(path).read_bytes()) == (b"better", b"single")


def test_what_ended_in_between_changes_nothing(path, int8, monkeypatch):
    monkeypatch.setattr(served.Path, "replace", _ends)
    with pytest.raises(KeyboardInterrupt):
        install_quantized(path, int8)
    assert path.read_bytes() == original(path).read_bytes() == b"single"
    assert not is_quantized(path)
    monkeypatch.undo()
    install_quantized(path, int8)
    assert (path.read_bytes(), original(path).read_bytes()) == (b"int8", b"single")


def _ends(*_):
    raise KeyboardInterrupt


def test_a_full_disk_is_named_and_nothing_is_left(path, int8, monkeypatch):
    def full(*_):
        raise OSError(28, "no space")

    monkeypatch.setattr(served.Path, "write_bytes", full)
    with pytest.raises(StorageFull):
        install_quantized(path, int8)
    assert files(path) == ["model.onnx"]


@pytest.mark.parametrize("name", ["nobody", "yunet"])
def test_what_is_not_installed_is_unknown(name):
    with pytest.raises(UnknownModel):
        served_path(PROJECT_ROOT / "model_repository", name)
