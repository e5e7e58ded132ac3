"""Record of installed models: `zoo.lock.json` beside the zoo, not part of the repository.

A file's digest is trusted when it first comes, unless the zoo states it, and from then on has to
be the same. So is the licence: it was accepted once, on installation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock
from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from gateway.errors import SetupIncomplete
from gateway.models.entries import ENTRY, findings
from gateway.models.packages import write_atomically

LOCK_FILE = "zoo.lock.json"
_BUSY_FILE = ".zoo.busy"


@dataclass(frozen=True, slots=True, config=ENTRY)
class Pinned:
    """The lock record of one model.

    Attributes:
        sha256: Digest of its file as it came, lower-case hex; empty until one came.
        size: Bytes of that file.
        license: The licence that was accepted.
        accepted: The day that was, UTC, as YYYY-MM-DD.
        source: Where the file came from: an address without credentials, or `file`.
    """

    sha256: str
    size: int
    license: str
    accepted: str
    source: str


@dataclass(frozen=True, slots=True, config=ENTRY)
class _Lock:
    models: dict[str, Pinned]


_LOCK = TypeAdapter(_Lock)


def read_lock(repository: Path) -> dict[str, Pinned]:
    """Return the records, by the model's name.

    Raises:
        SetupIncomplete: the file is there and cannot be read.
    """
    path = repository / LOCK_FILE
    try:
        return _LOCK.validate_json(path.read_bytes()).models
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        told = "; ".join(findings(error)) if isinstance(error, ValidationError) else error
        raise SetupIncomplete(
            f"{path} cannot be read: {told}. It pins what was pulled; restore it, or delete it "
            "to trust what comes next."
        ) from None


def accept_license(repository: Path, name: str, license: str) -> None:
    """Remember that a model's licence was accepted today.

    Raises:
        SetupIncomplete: as `read_lock`.
        OSError: the file cannot be written.
    """
    with locked(repository):
        known = read_lock(repository)
        entry = known.get(name, Pinned("", 0, "", "", ""))
        today = datetime.now(UTC).date().isoformat()
        known[name] = replace(entry, license=license, accepted=today)
        _write(repository, known)


def pin(repository: Path, name: str, *, sha256: str, size: int, source: str) -> None:
    """Remember the file of a model; call it while `locked`.

    Raises:
        SetupIncomplete: as `read_lock`.
        OSError: the file cannot be written.
    """
    known = read_lock(repository)
    entry = known.get(name, Pinned("", 0, "", "", ""))
    known[name] = replace(entry, sha256=sha256, size=size, source=source)
    _write(repository, known)


@contextmanager
def locked(repository: Path) -> Iterator[None]:
    """Keep other processes from changing the repository's models meanwhile.

    Raises:
        OSError: the repository cannot be written to.
    """
    with FileLock(repository / _BUSY_FILE):  # released by the system however the process ends
        yield


def _write(repository: Path, known: Mapping[str, Pinned]) -> None:
    models = {name: asdict(known[name]) for name in sorted(known)}
    text = json.dumps({"models": models}, indent=2) + "\n"
    write_atomically(repository / LOCK_FILE, text.encode())
