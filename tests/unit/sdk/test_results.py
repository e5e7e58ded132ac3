"""Writing results, and what the package offers."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest
import semblant
from semblant import SwapResult
from semblant.calls import write_atomically

RESULT = SwapResult(b"data", "image/png", 1, 1, (), {}, "id")


def test_a_result_is_saved_with_its_folder(tmp_path):
    path = tmp_path / "new" / "folder" / "result.png"
    assert RESULT.save(str(path)) == path
    assert path.read_bytes() == b"data"
    assert list(path.parent.iterdir()) == [path]


def test_a_result_replaces_an_older_one(tmp_path):
    (tmp_path / "result.png").write_bytes(b"old")
    RESULT.save(tmp_path / "result.png")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"data"]


def test_a_failure_leaves_the_older_one_and_nothing_else(tmp_path, monkeypatch):
    def fail(self, data):
        with self.open("wb") as file:
            file.write(data[:2])
        raise OSError(28, "No space left on device")

    path = tmp_path / "result.png"
    path.write_bytes(b"old")
    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OSError, match="No space"):
        RESULT.save(path)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"old"


def test_a_folder_in_the_way(tmp_path):
    (tmp_path / "result.png" / "kept").mkdir(parents=True)
    with pytest.raises(OSError, match=r"result\.png"):
        RESULT.save(tmp_path / "result.png")
    assert [path.name for path in tmp_path.iterdir()] == ["result.png"]


def test_a_name_as_long_as_the_file_system_takes(tmp_path):
    assert write_atomically(tmp_path / ("x" * 251 + ".png"), b"data").exists()


def test_two_writers_do_not_share_a_part(tmp_path, monkeypatch):
    parts = []
    monkeypatch.setattr(Path, "replace", lambda part, path: parts.append(part.name))
    for _ in range(2):
        write_atomically(tmp_path / "result.png", b"data")
    assert len(set(parts)) == 2


def test_public_names_are_exported_and_documented():
    assert dir(semblant) == sorted(semblant.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = semblant.nothing
    for name in semblant.__all__:
        offered = getattr(semblant, name)
        assert inspect.getdoc(offered), name
        for method, function in inspect.getmembers(offered, inspect.isfunction):
            assert method.startswith("_") or inspect.getdoc(function), f"{name}.{method}"


def test_a_client_of_a_server_loads_neither_server_nor_networks():
    heavy = ("fastapi", "uvicorn", "numpy", "cv2", "numba", "onnxruntime", "grpc", "typer")
    program = f"import semblant, sys; print([m for m in {heavy} if m in sys.modules])"
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
