"""Libraries of expressions, one file each in a folder.

A file is written under another name and moved into place: whoever reads sees all of it or nothing.
The folder itself is the index, so several processes may share it.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import tempfile
import threading
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F32, U8
from gateway.errors import InternalError, LibraryLimit, LibraryNotFound

log = logging.getLogger(__name__)

T = TypeVar("T")

ID = re.compile(r"exp_[0-9a-f]{32}")
"""What an id looks like; nothing else ever becomes part of a path."""
CACHED = 4
"""Libraries that a folder's store keeps in memory, the latest used; up to 30 MB each."""
_FORMAT = 1
_DAMAGE = (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True, slots=True, eq=False)
class LibraryEntry:
    """One expression, and the picture it comes from.

    Attributes:
        expression: float32 (K + C,), named controls and residual coefficients.
        landmarks: float32 (478, 3), in the crop's pixels; z on x's scale.
        crop: uint8 (h, w, 3) RGB, the face and a little around it.
        reliability: How far all this can be trusted, 0–1.
    """

    expression: F32
    landmarks: F32
    crop: U8
    reliability: float


@dataclass(frozen=True, slots=True)
class LibraryInfo:
    """A library without its entries.

    Attributes:
        id: `exp_` and 32 hexadecimal digits.
        name: What its maker called it.
        created: When, UTC.
        size: Number of entries.
    """

    id: str
    name: str
    created: datetime
    size: int


@dataclass(frozen=True, slots=True, eq=False)
class ExpressionLibrary:
    """One person's expressions.

    Attributes:
        id: `exp_` and 32 hexadecimal digits.
        name: What its maker called it.
        created: When, UTC.
        entries: At least one.
    """

    id: str
    name: str
    created: datetime
    entries: tuple[LibraryEntry, ...]

    @classmethod
    def new(cls, name: str, entries: Sequence[LibraryEntry]) -> ExpressionLibrary:
        """Return a library made now, with an id nobody can guess."""
        return cls(f"exp_{secrets.token_hex(16)}", name, datetime.now(UTC), tuple(entries))

    @property
    def expressions(self) -> F32:
        """float32 (N, K + C), those of all entries."""
        return np.stack([entry.expression for entry in self.entries])

    @property
    def info(self) -> LibraryInfo:
        """The library without its entries."""
        return LibraryInfo(self.id, self.name, self.created, len(self.entries))


class ExpressionStore(Protocol):
    """Where libraries are kept. Calls may wait for a disk: make them in a thread."""

    def add(self, library: ExpressionLibrary) -> None:
        """Keep a library.

        Raises:
            LibraryLimit: as many are kept as may be.
        """
        ...

    def get(self, id: str) -> ExpressionLibrary:
        """Return a library.

        Raises:
            LibraryNotFound: there is none of that id.
        """
        ...

    def infos(self) -> list[LibraryInfo]:
        """Return what is kept, the latest first."""
        ...

    def delete(self, id: str) -> None:
        """Forget a library.

        Raises:
            LibraryNotFound: there is none of that id.
        """
        ...

    def check_room(self) -> None:
        """Check that one more may be kept, before any work is done for it.

        Raises:
            LibraryLimit: as many are kept as may be.
        """
        ...


class FolderExpressionStore:
    """Libraries as files in a folder, which is made with the first one; only its owner may look.

    Args:
        folder: Where.
        most: Libraries that may be kept.
    """

    def __init__(self, folder: Path, *, most: int) -> None:
        self._folder = folder
        self._most = most
        self._lock = threading.Lock()
        self._cache: OrderedDict[str, tuple[int, ExpressionLibrary]] = OrderedDict()

    def add(self, library: ExpressionLibrary) -> None:
        """Keep a library; see `ExpressionStore.add`."""
        with self._lock:
            self.check_room()
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(self._path(library.id), pack(library))

    def get(self, id: str) -> ExpressionLibrary:
        """Return a library; see `ExpressionStore.get`.

        Raises:
            InternalError: its file is damaged.
        """
        path = self._path(id)
        with self._lock:
            try:
                changed = path.stat().st_mtime_ns
            except FileNotFoundError:
                self._cache.pop(id, None)
                raise LibraryNotFound() from None
            known = self._cache.pop(id, None)
            library = known[1] if known and known[0] == changed else _read(path, _unpack)
            self._cache[id] = changed, library
            while len(self._cache) > CACHED:
                self._cache.popitem(last=False)
        return library

    def infos(self) -> list[LibraryInfo]:
        """Return what is kept, the latest first; damaged files are told to the log only."""
        found = []
        for path in self._paths():
            try:
                found.append(_read(path, _unpack_info))
            except LibraryNotFound:
                continue  # deleted since
            except InternalError as error:
                log.error("%s", error.detail)
        return sorted(found, key=lambda info: (info.created, info.id), reverse=True)

    def delete(self, id: str) -> None:
        """Forget a library; see `ExpressionStore.delete`."""
        path = self._path(id)
        with self._lock:
            self._cache.pop(id, None)
            try:
                path.unlink()
            except FileNotFoundError:
                raise LibraryNotFound() from None

    def check_room(self) -> None:
        """Check that one more may be kept; see `ExpressionStore.check_room`."""
        if len(self._paths()) >= self._most:
            raise LibraryLimit(extra={"max_libraries": self._most})

    def _paths(self) -> list[Path]:
        return [path for path in self._folder.glob("exp_*.npz") if ID.fullmatch(path.stem)]

    def _path(self, id: str) -> Path:
        """Return where a library lies.

        Raises:
            LibraryNotFound: the id is none.
        """
        if not ID.fullmatch(id):
            raise LibraryNotFound()
        return self._folder / f"{id}.npz"


def pack(library: ExpressionLibrary) -> dict[str, NDArray[Any]]:
    """Return a library as arrays to save: (N, K + C), (N, 478, 3), (N,), and crops one by one."""
    entries = library.entries
    return {
        "format": np.array(_FORMAT),
        "id": np.array(library.id),
        "name": np.array(library.name),
        "created": np.array(library.created.isoformat()),
        "size": np.array(len(entries)),
        "expressions": library.expressions,
        "landmarks": np.stack([entry.landmarks for entry in entries]),
        "reliability": np.array([entry.reliability for entry in entries], np.float32),
        **{f"crop_{n}": entry.crop for n, entry in enumerate(entries)},
    }


def _unpack_info(data: Mapping[str, NDArray[Any]]) -> LibraryInfo:
    return LibraryInfo(
        str(data["id"]),
        str(data["name"]),
        datetime.fromisoformat(str(data["created"])),
        int(data["size"]),
    )


def _unpack(data: Mapping[str, NDArray[Any]]) -> ExpressionLibrary:
    info = _unpack_info(data)
    arrays = data["expressions"], data["landmarks"], data["reliability"]
    entries = []
    for n, (expression, landmarks, reliability) in enumerate(zip(*arrays, strict=True)):
        crop = data[f"crop_{n}"]
        for array in (expression, landmarks, crop):
            array.setflags(write=False)  # they are shared by all who ask
        entries.append(LibraryEntry(expression, landmarks, crop, float(reliability)))
    return ExpressionLibrary(info.id, info.name, info.created, tuple(entries))


def _read(path: Path, unpack: Callable[[Mapping[str, NDArray[Any]]], T]) -> T:
    """Read a file; arrays that `unpack` does not ask for are left where they are."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            return unpack(data)
    except FileNotFoundError:
        raise LibraryNotFound() from None
    except _DAMAGE as error:
        raise InternalError(f"The library {path.name} is damaged.") from error


def _write(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write a file in one step, for its owner's eyes only."""
    number, part = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(number, "wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        Path(part).replace(path)
    finally:
        Path(part).unlink(missing_ok=True)
