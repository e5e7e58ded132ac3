"""Diagnosis of the installation on this machine, with remedies: `semblant doctor`."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from semblant_triton.environment import check_platform, find_environment

from gateway.errors import JobsUnavailable, PlatformUnsupported, SemblantError
from gateway.inference.local import providers_here
from gateway.media.capabilities import encoders, image_formats
from gateway.models.build import list_models
from gateway.models.records import installed
from gateway.paths import checkout
from gateway.settings import Settings

State = Literal["ok", "warning", "error"]
_PACKAGES = ("numpy", "opencv-python-headless", "av", "numba", "onnxruntime", "tritonclient")
_LEAST_FREE_MB = 1024
_LEAST_SHM_MB = 64


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check.

    Attributes:
        name: Name of the check.
        state: ok; warning: works, with less; error: does not work.
        found: The finding, one sentence or a few values.
        remedy: The remedy; empty where none is needed.
    """

    name: str
    state: State
    found: str
    remedy: str = ""


def examine(settings: Settings) -> list[Check]:
    """Return all checks of this machine, in a fixed order, without lasting changes."""
    looks: tuple[Callable[[Settings], Iterator[Check]], ...] = (
        _python,
        _folders,
        _models,
        _triton,
        _media,
        _shared_memory,
        _ports,
        _database,
        _kernels,
    )
    return [check for look in looks for check in look(settings)]


def _python(settings: Settings) -> Iterator[Check]:
    where = checkout()
    home = "a checkout" if where else "a wheel"
    yield Check(
        "semblant",
        "ok",
        f"{version('semblant')} from {home}, Python {platform.python_version()}, "
        f"{platform.system()} on {platform.machine()}, {os.cpu_count()} cores",
    )
    found = {name: _version(name) for name in _PACKAGES}
    missing = [name for name, there in found.items() if not there and name != "tritonclient"]
    listed = ", ".join(f"{name} {there or '–'}" for name, there in found.items())
    remedy = "pip install 'semblant[local]'" if missing else ""
    yield Check("packages", "error" if missing else "ok", listed, remedy)
    # Without CUDA or TensorRT among the providers no GPU is used.
    yield Check("inference here", "ok", ", ".join(providers_here()) or "no ONNX Runtime")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _folders(settings: Settings) -> Iterator[Check]:
    folders = {
        "SEMBLANT_DATA_DIR": settings.data_dir,
        "SEMBLANT_CACHE_DIR": settings.cache_dir,
        "SEMBLANT_MODEL_REPOSITORY": settings.model_repository,
    }
    for variable, folder in folders.items():
        there = _nearest(folder)
        free_mb = shutil.disk_usage(there).free / 2**20
        name = variable.removeprefix("SEMBLANT_").lower().replace("_", " ")
        if not _writable(there):
            yield Check(name, "error", f"{folder} cannot be written", f"set {variable}")
        elif free_mb < _LEAST_FREE_MB:
            found = f"{folder}, {free_mb:.0f} MB free"
            yield Check(name, "warning", found, f"make room, or set {variable}")
        else:
            yield Check(name, "ok", f"{folder}, {free_mb / 1024:.0f} GB free")


def _writable(folder: Path) -> bool:
    """Return whether a file can be made in a folder: permissions alone do not say so."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _nearest(folder: Path) -> Path:
    """Return a folder, or the nearest one above it that exists."""
    return next(path for path in (folder, *folder.resolve().parents) if path.exists())


def _models(settings: Settings) -> Iterator[Check]:
    try:
        states = {one.entry.name: one.state for one in list_models(settings.model_repository)}
        third = sorted(installed(settings.model_repository))
    except SemblantError as error:
        yield Check("models", "error", error.detail, "semblant models build")
        return
    wrong = {name: state for name, state in states.items() if state != "ready"}
    if wrong:
        found = ", ".join(f"{name} {state}" for name, state in wrong.items())
        yield Check("models", "error", found, "semblant models build")
    else:
        yield Check("models", "ok", f"{len(states)} built")
    yield Check("third-party models", "ok", ", ".join(third) or "none installed")


def _triton(settings: Settings) -> Iterator[Check]:
    if settings.backend == "triton":
        host, _, port = settings.triton_url.rpartition(":")
        up = _answers(host or "127.0.0.1", int(port) if port.isdecimal() else 0)
        remedy = "" if up else "start Triton, or set SEMBLANT_TRITON_URL"
        state: State = "ok" if up else "error"
        yield Check(
            "Triton", state, f"{settings.triton_url} {'answers' if up else 'is silent'}", remedy
        )
        return
    needed: State = "error" if settings.backend == "embedded" else "warning"
    try:
        check_platform()
        environment = find_environment(settings.triton_environment)
    except PlatformUnsupported as error:
        yield Check("embedded Triton", needed, error.detail)
    except SemblantError as error:
        yield Check("embedded Triton", needed, error.detail, "semblant setup")
    else:
        yield Check("embedded Triton", "ok", str(environment.binary))


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=2):
            return True
    except OSError:
        return False


def _media(settings: Settings) -> Iterator[Check]:
    found = encoders()
    works = [name for name, there in found.items() if there]
    lacking = [name for name, there in found.items() if not there]
    unusual = [name for name in lacking if not name.endswith("_nvenc")]
    listed = ", ".join(works) + (f"; not here: {', '.join(lacking)}" if lacking else "")
    yield Check("encoders", "warning" if unusual else "ok", listed)
    formats = image_formats()
    absent = [name for name, there in formats.items() if not there]
    remedy = "pip install 'semblant[heif]'" if "HEIC" in absent else ""
    listed = ", ".join(name for name, there in formats.items() if there)
    listed += f"; not here: {', '.join(absent)}" if absent else ""
    yield Check("image formats", "warning" if absent else "ok", listed, remedy)


def _shared_memory(settings: Settings) -> Iterator[Check]:
    folder = Path("/dev/shm")
    if sys.platform != "linux" or not folder.is_dir():
        yield Check("shared memory", "ok", "none; tensors travel inside messages")
        return
    free_mb = shutil.disk_usage(folder).free / 2**20
    few = free_mb < _LEAST_SHM_MB or not os.access(folder, os.W_OK)
    remedy = "give the container more (--shm-size), or set SEMBLANT_TRITON_SHARED_MEMORY=off"
    yield Check(
        "shared memory",
        "warning" if few else "ok",
        f"{free_mb:.0f} MB free in {folder}",
        remedy if few else "",
    )


def _ports(settings: Settings) -> Iterator[Check]:
    if not settings.port:
        yield Check("port", "ok", "any")
        return
    where = f"{settings.host}:{settings.port}"
    if _answers(settings.host, settings.port):
        yield Check("port", "warning", f"{where} is taken", "if not by Semblant, set SEMBLANT_PORT")
    else:
        yield Check("port", "ok", f"{where} is free")


def _database(settings: Settings) -> Iterator[Check]:
    if settings.job_execution == "disabled":
        yield Check("jobs", "ok", "disabled")
        return
    url = settings.jobs_database_url
    name = "PostgreSQL" if url.startswith("postgresql") else "SQLite"
    try:
        from gateway.database import check_connection, reason_of  # noqa: PLC0415

        check_connection(url, settings.data_dir / "jobs")
    except (SemblantError, ImportError) as error:
        reason = reason_of(error) if isinstance(error, JobsUnavailable) else str(error)
        yield Check("jobs database", "error", reason, "see SEMBLANT_JOBS_DATABASE_URL")
    else:
        yield Check("jobs database", "ok", f"{name} answers")


def _kernels(settings: Settings) -> Iterator[Check]:
    """Whether compiled kernels are kept: else each start compiles them anew."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    beside = Path(__file__).resolve().parent.parent / "imaging"
    user = Path.home() / ".cache"
    places = [Path(given)] if given else [beside, user]
    usable = next((place for place in places if _writable(_nearest(place))), None)
    if usable is None:
        found = "compiled anew at each start"
        yield Check(
            "kernel cache", "warning", found, "set NUMBA_CACHE_DIR to a folder to keep them"
        )
    else:
        yield Check("kernel cache", "ok", str(usable))
