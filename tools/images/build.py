"""Building the images, and looking at what is in them."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.paths import PROJECT_ROOT
from tools.images.buildah import buildah, identity
from tools.images.pip_settings import as_file, mounts, pip_settings, traces

IMAGES = ("gateway", "triton-cpu")
_LEFTOVERS = (
    "var/lib/apt/lists/*_*",
    "var/cache/apt/archives/*.deb",
    "root/.cache",
    "root/.config",
)
_PROGRAMS = ("gcc", "cc", "pip", "pip3", "make")


@dataclass(frozen=True, slots=True)
class Built:
    """An image and its figures.

    Attributes:
        image: Its name in the local store.
        seconds: Time its build took.
        megabytes: Size of its files, uncompressed, in 10⁶ bytes.
        findings: What should not be in it.
    """

    image: str
    seconds: float
    megabytes: float
    findings: list[str]


def name_of(part: str, version: str) -> str:
    """Return the local name of an image, such as `localhost/semblant/gateway:0.2.0`."""
    return f"localhost/semblant/{part}:{version}"


def build(part: str, base: str, version: str, log: Path) -> Built:
    """Build one image from `docker/Dockerfile.<part>`.

    Args:
        part: `gateway` or `triton-cpu`, which takes models and code of the gateway's image.
        base: Image that it is built on.
        version: The project's version, its tag.
        log: File that the build's output is appended to.

    Raises:
        BuildFailed: with the end of buildah's output.
    """
    began = time.monotonic()
    image = name_of(part, version)
    before = identity(image)
    arguments = {
        "BASE": base,
        "GATEWAY": name_of("gateway", version),
        "VERSION": version,
        "REVISION": _git("rev-parse", "HEAD"),
        "SOURCE": os.environ.get("SOURCE", ""),
    }
    with _pip_options() as options:
        buildah(
            "bud",
            "--isolation=chroot",
            "--quiet",
            *(f"--build-arg={name}={value}" for name, value in arguments.items()),
            *options,
            f"--file=docker/Dockerfile.{part}",
            f"--tag={image}",
            str(PROJECT_ROOT),
            log=log,
        )
    seconds = time.monotonic() - began
    if before and before != identity(image):
        buildah("rmi", before)  # without a name it would only take up space
    with mounted(image) as root:
        return Built(image, seconds, _size(root), findings(root))


def findings(root: Path, settings: Mapping[str, str] | None = None) -> list[str]:
    """Return what should not be in an image: package indexes, caches, compilers, installers.

    Args:
        root: Folder of the image's files.
        settings: Settings of pip whose package indexes are searched for; this machine's if None.
    """
    words = traces(pip_settings() if settings is None else settings)
    found = [f"{p} is left" for pattern in _LEFTOVERS for p in root.glob(pattern)]
    folders = ("usr/bin", "usr/local/bin", "opt/semblant/bin", "opt/triton/bin")
    found += [
        f"/{folder}/{name} is there"
        for folder in folders
        for name in _PROGRAMS
        if os.path.lexists(root / folder / name)
    ]
    found += [f"{path} names a package index" for path in _holding(words, root)]
    return [line.replace(str(root), "") for line in found]


@contextmanager
def mounted(image: str) -> Iterator[Path]:
    """Give the folder of an image's files for the time of the block; changes are lost."""
    container = buildah("from", "--pull-never", image)
    try:
        yield Path(buildah("mount", container))
    finally:
        buildah("rm", container)


def _holding(words: Sequence[str], root: Path) -> list[str]:
    if not words:
        return []
    pattern = "|".join(re.escape(word) for word in words)
    places = [
        str(root / name) for name in ("etc", "opt", "root", "tmp", "usr/local", "var", "models")
    ]
    command = ("grep", "-rlE", "--binary-files=text", pattern, *filter(os.path.exists, places))
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()


@contextmanager
def _pip_options() -> Iterator[list[str]]:
    settings = pip_settings()
    with tempfile.TemporaryDirectory() as folder:
        secret = Path(folder) / "pip.conf"
        secret.touch(0o600)
        secret.write_text(as_file(settings), encoding="utf-8")
        yield [f"--secret=id=pip,src={secret}"] + [
            f"--volume={path}:{path}:ro" for path in mounts(settings)
        ]


def _size(root: Path) -> float:
    used = subprocess.run(("du", "-sb", str(root)), capture_output=True, text=True, check=True)
    return int(used.stdout.split()[0]) / 1e6


def _git(*arguments: str) -> str:
    command = ("git", "-C", str(PROJECT_ROOT), *arguments)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()
