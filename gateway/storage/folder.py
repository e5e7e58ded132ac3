"""Things that are kept, one file of arrays each in a folder.

A file is written under another name and moved into place: a reader sees all of it or nothing.
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
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from gateway.errors import InternalError, SemblantError

log = logging.getLogger(__name__)

Arrays = Mapping[str, NDArray[Any]]

CACHED = 4
"""Things that a folder's store keeps in memory, the latest used; up to 40 MB each."""
_DAMAGE = (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)


class Info(Protocol):
    """The summary of an item, available without reading all of it."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def created(self) -> datetime: ...  # noqa: D102


T = TypeVar("T")
InfoT = TypeVar("InfoT", bound=Info)
InfoT_co = TypeVar("InfoT_co", bound=Info, covariant=True)


class Record(Protocol[InfoT_co]):
    """The stored items."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def info(self) -> InfoT_co: ...  # noqa: D102


ThingT = TypeVar("ThingT", bound=Record[Any])


@dataclass(frozen=True, slots=True, eq=False)
class RecordCodec(Generic[ThingT, InfoT]):
    """A kind of thing: how it is named, written and read.

    Attributes:
        noun: Name of the item in messages about damaged files.
        prefix: Prefix of its ids, followed by 32 hexadecimal digits.
        pack: Converts it to the arrays to save.
        unpack: Makes it of these.
        unpack_info: Builds its info; arrays it does not request are not read.
        missing: Raised for an id that is none.
        full: Builds the error for a full store; takes the maximum number of items.
    """

    noun: str
    prefix: str
    pack: Callable[[ThingT], Arrays]
    unpack: Callable[[Arrays], ThingT]
    unpack_info: Callable[[Arrays], InfoT]
    missing: type[SemblantError]
    full: Callable[[int], SemblantError]


def new_id(prefix: str) -> str:
    """Return an unguessable id."""
    return f"{prefix}{secrets.token_hex(16)}"


def id_pattern(prefix: str) -> re.Pattern[str]:
    """Return the format of an id; no other text ever becomes part of a path."""
    return re.compile(rf"{prefix}[0-9a-f]{{32}}")


def latest_first(infos: list[InfoT]) -> list[InfoT]:
    """Sort infos by the creation time of their items."""
    return sorted(infos, key=lambda info: (info.created, info.id), reverse=True)


class Store(Protocol[ThingT, InfoT]):
    """A store of items. Calls may block on disk I/O: make them in a thread.

    The kind defines the errors for a missing item and for a full store.
    """

    def add(self, thing: ThingT) -> None:
        """Keep a thing; fails if as many are kept as may be."""
        ...

    def get(self, id: str) -> ThingT:
        """Return a thing; fails if there is none of that id."""
        ...

    def infos(self) -> list[InfoT]:
        """Return the stored items, the latest first."""
        ...

    def delete(self, id: str) -> None:
        """Forget a thing; fails if there is none of that id."""
        ...

    def check_room(self) -> None:
        """Check that one more may be kept, before any work is done for it."""
        ...


class FolderStore(Generic[ThingT, InfoT]):
    """Items as files in a folder, created with the first item; only its owner has access.

    Args:
        folder: Storage folder.
        kind: Kind of the items.
        most: Things that may be kept.
    """

    def __init__(self, folder: Path, kind: RecordCodec[ThingT, InfoT], *, most: int) -> None:
        self._folder = folder
        self._kind = kind
        self._id = id_pattern(kind.prefix)
        self._most = most
        self._lock = threading.Lock()
        self._cache: OrderedDict[str, tuple[int, ThingT]] = OrderedDict()

    def add(self, thing: ThingT) -> None:
        """Keep a thing; see `Store.add`."""
        with self._lock:
            self.check_room()
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(self._path(thing.id), self._kind.pack(thing))

    def get(self, id: str) -> ThingT:
        """Return a thing; see `Store.get`.

        Raises:
            InternalError: its file is damaged.
        """
        path = self._path(id)
        with self._lock:
            try:
                changed = path.stat().st_mtime_ns
            except FileNotFoundError:
                self._cache.pop(id, None)
                raise self._kind.missing() from None
            known = self._cache.pop(id, None)
            held = known[1] if known and known[0] == changed else None
            thing = held or self._read(path, self._kind.unpack)
            self._cache[id] = changed, thing
            while len(self._cache) > CACHED:
                self._cache.popitem(last=False)
        return thing

    def infos(self) -> list[InfoT]:
        """Return the stored items, the latest first; damaged files are only logged."""
        found: list[InfoT] = []
        for path in self._paths():
            try:
                found.append(self._read(path, self._kind.unpack_info))
            except self._kind.missing:
                continue  # deleted since
            except InternalError as error:
                log.error("%s", error.detail)
        return latest_first(found)

    def delete(self, id: str) -> None:
        """Forget a thing; see `Store.delete`."""
        path = self._path(id)
        with self._lock:
            self._cache.pop(id, None)
            try:
                path.unlink()
            except FileNotFoundError:
                raise self._kind.missing() from None

    def check_room(self) -> None:
        """Check that one more may be kept; see `Store.check_room`."""
        if len(self._paths()) >= self._most:
            raise self._kind.full(self._most)

    def _paths(self) -> list[Path]:
        found = self._folder.glob(f"{self._kind.prefix}*.npz")
        return [path for path in found if self._id.fullmatch(path.stem)]

    def _path(self, id: str) -> Path:
        """Return where a thing lies; fails if the id is none."""
        if not self._id.fullmatch(id):
            raise self._kind.missing()
        return self._folder / f"{id}.npz"

    def _read(self, path: Path, unpack: Callable[[Arrays], T]) -> T:
        """Read a file; arrays that `unpack` does not request are not loaded."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
                return unpack(data)
        except FileNotFoundError:
            raise self._kind.missing() from None
        except _DAMAGE as error:
            raise InternalError(f"The {self._kind.noun} {path.name} is damaged.") from error


def _write(path: Path, arrays: Arrays) -> None:
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
