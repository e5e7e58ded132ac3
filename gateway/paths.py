"""Where files are: in the checkout Semblant runs from, else in the user's folders.

A checkout is a folder with this package, `model_repository/catalog.toml` and `pyproject.toml`:
there everything stays together. Installed from a wheel, the package carries the files of the model
repository, the Triton backend and the requirements of its environment (`PACKAGED`), and files that
are built or kept go to the folders that platformdirs names.
"""

from __future__ import annotations

import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from platformdirs import user_cache_path, user_data_path

from gateway.errors import SetupIncomplete

APP = "semblant"
PROJECT_ROOT = Path(__file__).resolve().parent.parent
"""Of a checkout; of a wheel the folder the package is installed in."""
PACKAGED = Path(__file__).resolve().parent / "packaged"
"""In a wheel: `repository/`, `triton/backends/`, `triton/requirements.txt`."""
CATALOG = "catalog.toml"
_PREPARED = ".prepared"


def checkout() -> Path | None:
    """Return the checkout that this package lies in; None if it is installed."""
    marks = ("pyproject.toml", f"model_repository/{CATALOG}")
    return PROJECT_ROOT if all((PROJECT_ROOT / mark).is_file() for mark in marks) else None


def release() -> str:
    """Return the major and minor version of this package, such as `0.2`."""
    return ".".join(_version().split(".")[:2])


def default_data_dir() -> Path:
    """Return the folder of persistent data: identities, expression libraries, jobs."""
    root = checkout()
    return root / ".data" if root else user_data_path(APP, appauthor=False) / "data"


def default_cache_dir() -> Path:
    """Return the folder for downloads that can be repeated."""
    root = checkout()
    return root / ".cache" if root else user_cache_path(APP, appauthor=False)


def default_model_repository() -> Path:
    """Return the folder of the models, one for each release: two may be installed."""
    root = checkout()
    if root:
        return root / "model_repository"
    return user_data_path(APP, appauthor=False) / f"models-{release()}"


def default_triton_environment() -> Path:
    """Return the virtual environment of the embedded server."""
    root = checkout()
    return root / ".venv-triton" if root else user_data_path(APP, appauthor=False) / "triton"


def repository_files() -> Path:
    """Return the folder with the files that a model repository begins with."""
    root = checkout()
    return root / "model_repository" if root else PACKAGED / "repository"


def triton_backends() -> Path:
    """Return the folder of our Python-based Triton backends."""
    root = checkout()
    return root / "triton" / "backends" if root else PACKAGED / "triton" / "backends"


def triton_requirements() -> Path:
    """Return the requirement file of the embedded server's environment."""
    root = checkout()
    return (
        root / "requirements" / "triton.txt" if root else PACKAGED / "triton" / "requirements.txt"
    )


def prepare_repository(repository: Path) -> bool:
    """Bring the catalogue and the configurations into a model repository that lacks them.

    A repository that was prepared by another release gets this release's. One that has a catalogue
    and was not prepared here is a person's own, and is left alone.

    Returns:
        Whether files of another release were replaced, configurations among them.

    Raises:
        SetupIncomplete: the folder cannot be written.
    """
    origin, mark = repository_files(), repository / _PREPARED
    if not (origin / CATALOG).is_file() or (repository.exists() and origin.samefile(repository)):
        return False
    current = _version()
    outdated = mark.is_file() and mark.read_text(encoding="utf-8") != current
    if (repository / CATALOG).is_file() and not outdated:
        return False
    try:
        for path in sorted(origin.rglob("*")):
            if path.is_file() and path.name != CATALOG:
                target = repository / path.relative_to(origin)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
        # The catalogue is what marks a repository as complete, so it comes last.
        repository.mkdir(parents=True, exist_ok=True)
        part = repository / f".{CATALOG}.part"
        shutil.copyfile(origin / CATALOG, part)
        part.replace(repository / CATALOG)
        mark.write_text(current, encoding="utf-8")
    except OSError as error:
        raise SetupIncomplete(
            f"The model repository {repository} cannot be written ({error.strerror}); "
            "SEMBLANT_MODEL_REPOSITORY names another folder."
        ) from error
    return outdated


def _version() -> str:
    try:
        return version(APP)
    except PackageNotFoundError:
        return "unreleased"
