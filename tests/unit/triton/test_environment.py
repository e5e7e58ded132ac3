"""Where the server cannot run, we say so and what to do instead."""

import json
import platform
import sys

import pytest
from semblant_triton.environment import check_platform, find_environment

from gateway.errors import PlatformUnsupported, SetupIncomplete

VERSIONS = {"numpy": "1.26.4", "onnxruntime": "1.32.0", "nvidia-pytriton": "0.7.0"}


@pytest.fixture(autouse=True)
def suitable_machine(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.36"))


@pytest.fixture
def venv(tmp_path):
    """A virtual environment whose Python only answers our question."""

    def make(**versions):
        packages = tmp_path / "packages"
        home = packages / "pytriton" / "tritonserver"
        for file in (
            "bin/tritonserver",
            "backends/python/libtriton_python.so",
            "backends/python/__pycache__/old.pyc",
            "python_backend_stubs/3.11/triton_python_backend_stub",
        ):
            (home / file).parent.mkdir(parents=True, exist_ok=True)
            (home / file).write_text(file)
        answer = {
            "site_packages": str(packages),
            "libdir": "/usr/local/lib",
            "python": "3.11",
            "versions": {**VERSIONS, **versions},
        }
        python = tmp_path / "venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(f"#!/bin/sh\necho '{json.dumps(answer)}'\n")
        python.chmod(0o755)
        return tmp_path / "venv"

    return make


def test_the_environment_is_asked_where_its_files_are(venv, tmp_path):
    found = find_environment(venv())
    assert found.binary == tmp_path / "packages/pytriton/tritonserver/bin/tritonserver"
    assert found.library_path == f"{tmp_path}/packages/nvidia_pytriton.libs:/usr/local/lib"


def test_the_servers_python_is_its_own_environments(venv, tmp_path):
    variables = find_environment(venv()).variables(
        {"PATH": "/usr/bin", "PYTHONPATH": "/ours", "VIRTUAL_ENV": "/ours", "LANG": "C"}
    )
    assert variables["PATH"] == f"{tmp_path}/venv/bin:/usr/bin"
    assert variables["LANG"] == "C"
    assert not {"PYTHONPATH", "VIRTUAL_ENV"} & set(variables)


def test_backends_are_laid_out_with_the_stub_and_ours(venv, tmp_path):
    target = tmp_path / "backends"
    find_environment(venv()).lay_out_backends(target)
    assert (target / "python" / "libtriton_python.so").exists()
    assert (target / "python" / "triton_python_backend_stub").stat().st_mode & 0o111
    assert (target / "onnxruntime" / "model.py").exists()
    assert not list(target.rglob("__pycache__"))


def test_numpy_2_is_refused_before_it_answers_with_nothing(venv):
    with pytest.raises(SetupIncomplete, match=r"NumPy 2\.2\.0.*below 2.*semblant setup"):
        find_environment(venv(numpy="2.2.0"))


def test_a_missing_package_is_named(venv):
    with pytest.raises(SetupIncomplete, match=r"lacks onnxruntime;.*semblant setup"):
        find_environment(venv(onnxruntime=""))


def test_a_missing_stub_is_named(venv, tmp_path):
    made = venv()
    stubs = tmp_path / "packages/pytriton/tritonserver/python_backend_stubs/3.11"
    (stubs / "triton_python_backend_stub").unlink()
    with pytest.raises(SetupIncomplete, match="triton_python_backend_stub"):
        find_environment(made)


def test_a_missing_or_broken_environment_is_incomplete_setup(tmp_path):
    with pytest.raises(SetupIncomplete, match="semblant setup"):
        find_environment(tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text("not a program")
    with pytest.raises(SetupIncomplete, match="does not run"):
        find_environment(tmp_path)


@pytest.mark.parametrize(
    ("system", "machine", "libc", "words"),
    [
        ("darwin", "arm64", ("", ""), "darwin on arm64"),
        ("win32", "AMD64", ("", ""), "win32"),
        ("linux", "aarch64", ("glibc", "2.39"), "aarch64"),
        ("linux", "x86_64", ("glibc", "2.31"), "glibc 2.31"),
        ("linux", "x86_64", ("", ""), "another C library"),
    ],
)
def test_other_platforms_are_pointed_to_the_local_backend(
    monkeypatch, system, machine, libc, words
):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(platform, "libc_ver", lambda: libc)
    with pytest.raises(PlatformUnsupported, match=f"{words}.*backend=local"):
        check_platform()
