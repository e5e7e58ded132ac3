"""Things that are kept for tenants, one file of arrays each in a folder.

Those of the default tenant lie in the folder itself, those of any other in a folder below it, named
by a digest of the tenant's name: no name is a path, and no file system takes two names for one.

A file is written under another name and moved into place: a reader sees all of it or nothing.
The folder itself is the index, so several processes may share it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
import tempfile
import threading
import time
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from gateway.access.caller import DEFAULT_TENANT
from gateway.errors import InternalError, SemblantError

log = logging.getLogger(__name__)

Arrays = Mapping[str, NDArray[Any]]

CACHED = 4
"""Things that a folder's store keeps in memory, the latest used; up to 40 MB each."""
_TENANTS = "tenants"
_ABANDONED_S = 3600.0
DAMAGE = (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)
"""Errors of reading a file of arrays that is none, or not any more."""


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
        describe_info: Converts an info to a JSON object.
        read_info: Builds it from that.
        missing: Raised for an id that is none.
        full: Builds the error for a full store; takes the maximum number of items.
    """

    noun: str
    prefix: str
    pack: Callable[[ThingT], Arrays]
    unpack: Callable[[Arrays], ThingT]
    unpack_info: Callable[[Arrays], InfoT]
    describe_info: Callable[[InfoT], dict[str, Any]]
    read_info: Callable[[dict[str, Any]], InfoT]
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

    def add(self, tenant: str, thing: ThingT) -> None:
        """Keep a thing; fails if as many are kept for the tenant as may be."""
        ...

    def get(self, tenant: str, id: str) -> ThingT:
        """Return a thing; fails if the tenant has none of that id."""
        ...

    def info(self, tenant: str, id: str) -> InfoT:
        """Return the summary of a thing, as it is now; fails if the tenant has none of that id."""
        ...

    def replace(self, tenant: str, thing: ThingT) -> None:
        """Keep a thing in place of the one with its id; fails if the tenant has none."""
        ...

    def infos(self, tenant: str) -> list[InfoT]:
        """Return a tenant's items, the latest first."""
        ...

    def delete(self, tenant: str, id: str) -> None:
        """Forget a thing; fails if the tenant has none of that id."""
        ...

    def check_room(self, tenant: str) -> None:
        """Check that one more may be kept, before any work is done for it."""
        ...

    def bytes_of(self, tenant: str) -> int:
        """Return the bytes that a tenant's items take up where they are stored."""
        ...

    def sweep(self) -> None:
        """Remove what processes that have died left of items nobody can get."""
        ...


class FolderStore(Generic[ThingT, InfoT]):
    """Items as files in a folder, created with the first item; only its owner has access.

    Args:
        folder: Storage folder.
        kind: Kind of the items.
        most: Things that may be kept for each tenant.
    """

    def __init__(self, folder: Path, kind: RecordCodec[ThingT, InfoT], *, most: int) -> None:
        self._folder = folder
        self._kind = kind
        self._id = id_pattern(kind.prefix)
        self._most = most
        self._lock = threading.Lock()
        self._cache: OrderedDict[Path, tuple[int, ThingT]] = OrderedDict()

    def add(self, tenant: str, thing: ThingT) -> None:
        """Keep a thing; see `Store.add`."""
        path = self._path(tenant, thing.id)
        with self._lock:
            self.check_room(tenant)
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(path, self._kind.pack(thing))

    def get(self, tenant: str, id: str) -> ThingT:
        """Return a thing; see `Store.get`.

        Raises:
            InternalError: its file is damaged.
        """
        path = self._path(tenant, id)
        with self._lock:
            try:
                changed = path.stat().st_mtime_ns
            except FileNotFoundError:
                self._cache.pop(path, None)
                raise self._kind.missing() from None
            known = self._cache.pop(path, None)
            held = known[1] if known and known[0] == changed else None
            thing = held or self._read(path, self._kind.unpack)
            self._cache[path] = changed, thing
            while len(self._cache) > CACHED:
                self._cache.popitem(last=False)
        return thing

    def info(self, tenant: str, id: str) -> InfoT:
        """Return the summary of a thing; see `Store.info`."""
        return self._read(self._path(tenant, id), self._kind.unpack_info)

    def replace(self, tenant: str, thing: ThingT) -> None:
        """Keep a thing in place of another; see `Store.replace`."""
        path = self._path(tenant, thing.id)
        with self._lock:
            if not path.exists():
                raise self._kind.missing()
            self._cache.pop(path, None)
            _write(path, self._kind.pack(thing))

    def infos(self, tenant: str) -> list[InfoT]:
        """Return a tenant's items, the latest first; damaged files are only logged."""
        found: list[InfoT] = []
        for path in self._paths(tenant):
            try:
                found.append(self._read(path, self._kind.unpack_info))
            except self._kind.missing:
                continue  # deleted since
            except InternalError as error:
                log.error("%s", error.detail)
        return latest_first(found)

    def delete(self, tenant: str, id: str) -> None:
        """Forget a thing; see `Store.delete`."""
        path = self._path(tenant, id)
        with self._lock:
            self._cache.pop(path, None)
            try:
                path.unlink()
            except FileNotFoundError:
                raise self._kind.missing() from None

    def check_room(self, tenant: str) -> None:
        """Check that one more may be kept; see `Store.check_room`."""
        if len(self._paths(tenant)) >= self._most:
            raise self._kind.full(self._most)

    def bytes_of(self, tenant: str) -> int:
        """Return the bytes of a tenant's items; see `Store.bytes_of`."""
        total = 0
        for path in self._paths(tenant):
            with suppress(FileNotFoundError):  # deleted since
                total += path.stat().st_size
        return total

    def sweep(self) -> None:
        """Remove parts of files that have not been written to for an hour."""
        before = time.time() - _ABANDONED_S
        for path in self._folder.rglob(".*.part"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    path.unlink()

    def _folder_of(self, tenant: str) -> Path:
        """Return where the things of a tenant lie."""
        if tenant == DEFAULT_TENANT:
            return self._folder
        name = hashlib.sha256(tenant.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return self._folder / _TENANTS / name

    def _paths(self, tenant: str) -> list[Path]:
        found = self._folder_of(tenant).glob(f"{self._kind.prefix}*.npz")
        return [path for path in found if self._id.fullmatch(path.stem)]

    def _path(self, tenant: str, id: str) -> Path:
        """Return where a thing lies; fails if the id is none."""
        if not self._id.fullmatch(id):
            raise self._kind.missing()
        return self._folder_of(tenant) / f"{id}.npz"

    def _read(self, path: Path, unpack: Callable[[Arrays], T]) -> T:
        """Read a file; arrays that `unpack` does not request are not loaded."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
                return unpack(data)
        except FileNotFoundError:
            raise self._kind.missing() from None
        except DAMAGE as error:
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
