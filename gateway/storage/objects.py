"""Files under keys, in a folder or in an object store; reads under a key are never partial.

A key is what a path would be: names with slashes between. Where the store is a folder, files are
moved into it and read where they lie; elsewhere they are sent and fetched.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import from_url

from gateway.disk import room_on_disk
from gateway.errors import NotFound, SetupIncomplete, StorageUnavailable

CHUNK_BYTES = 2**20
_ATTEMPTS = 100
_CONNECT_S = 5.0
_RETRIES = 20
_ALLOW_HTTP = ("AWS_ALLOW_HTTP", "AZURE_ALLOW_HTTP")
_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A file that is kept.

    Attributes:
        key: Under which it is.
        size: In bytes.
        changed: When it was put there, in seconds since 1970, UTC.
    """

    key: str
    size: int
    changed: float


class ObjectStore:
    """Files under keys. Calls block on disk or network I/O: make them in a thread.

    Args:
        url: `s3://…`, `gs://…`, `az://…`, or `file:///…`; credentials come from the environment.
            Empty: the folder.
        folder: Folder for the files if there is no URL; created with the first of them.
        timeout_s: Seconds that a store elsewhere has to answer one of its requests.
        retry_s: Seconds for which a request is repeated that it does not answer, or with 5xx.

    Raises:
        SetupIncomplete: such a URL cannot be used.
    """

    def __init__(
        self,
        url: str = "",
        *,
        folder: Path,
        timeout_s: float = 30.0,
        retry_s: float = 15.0,
    ) -> None:
        parts = urlsplit(url)
        self._folder = folder if not url else None
        if parts.scheme == "file":
            self._folder = Path(unquote(parts.path))
        self._remote: Any = None
        if self._folder is None:
            try:
                self._remote = _opened(url, timeout_s, retry_s)
            except (BaseError, ValueError) as error:
                raise SetupIncomplete(
                    f"The object store of the scheme {parts.scheme!r} cannot be used."
                ) from error

    @property
    def folder(self) -> Path | None:
        """The folder of the files, if they are in a folder."""
        return self._folder

    def put(self, key: str, path: Path) -> int:
        """Move a file under a key, replacing any previous file; return its size in bytes.

        Raises:
            StorageFull, StorageUnavailable: it is not stored, and the previous file still is.
        """
        size = path.stat().st_size
        if self._folder is None:
            with _reachable():
                obstore.put(self._remote, _checked(key), path)
            path.unlink()
            return size
        there = self._path(key)
        with room_on_disk():
            for attempt in range(_ATTEMPTS):
                try:
                    there.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    _publish(path, there)
                except FileNotFoundError:
                    # `delete` may have taken the folder away while it was empty.
                    if attempt == _ATTEMPTS - 1 or not path.exists():
                        raise
                else:
                    break
        return size

    def local(self, key: str, scratch: Path) -> Path:
        """Return a path where a file can be read, as long as it is kept and `scratch` is there.

        Args:
            key: Of the file.
            scratch: A folder for a copy, if one is needed.

        Raises:
            NotFound: there is no such file.
            StorageFull, StorageUnavailable: it cannot be fetched.
        """
        if self._folder is not None:
            path = self._path(key)
            if not path.is_file():
                raise NotFound("A file is not kept any more.")
            return path
        copy = scratch / key.replace("/", "__")
        if not copy.exists():
            part = scratch / f".{secrets.token_hex(8)}.part"
            try:
                with room_on_disk(), part.open("wb") as file:
                    for chunk in self.read(key):
                        file.write(chunk)
                part.replace(copy)
            finally:
                part.unlink(missing_ok=True)
        return copy

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from `start` to before `end`, a piece at a time.

        Raises:
            NotFound: there is no such file.
            StorageUnavailable: it cannot be reached.
        """
        if self._folder is not None:
            yield from _read_file(self._path(key), start, end)
            return
        with _reachable():
            until = end if end is not None else obstore.head(self._remote, _checked(key))["size"]
            for at in range(start, until, CHUNK_BYTES):
                stop = min(at + CHUNK_BYTES, until)
                yield bytes(obstore.get_range(self._remote, key, start=at, end=stop))

    def objects(self, prefix: str) -> list[StoredObject]:
        """Return the files below a prefix, which ends at a name boundary."""
        if self._folder is not None:
            return list(_below(self._folder, _checked(prefix)))
        with _reachable():
            pages = obstore.list(self._remote, prefix=_checked(prefix))
            return [
                StoredObject(meta["path"], meta["size"], meta["last_modified"].timestamp())
                for page in pages
                for meta in page
            ]

    def delete(self, key: str) -> None:
        """Remove a file, and folders it leaves empty; nothing happens if there is none."""
        if self._folder is not None:
            path = self._path(key)
            path.unlink(missing_ok=True)
            with suppress(OSError):  # until one is not empty
                for folder in path.relative_to(self._folder).parents[:-1]:
                    with suppress(FileNotFoundError):  # another process was faster
                        (self._folder / folder).rmdir()
            return
        with suppress(NotFound), _reachable():
            obstore.delete(self._remote, _checked(key))

    def delete_below(self, prefix: str) -> None:
        """Remove all files below a prefix, which ends where a name does."""
        if self._folder is not None:
            shutil.rmtree(self._path(prefix), ignore_errors=True)
            return
        for found in self.objects(prefix):
            self.delete(found.key)

    def _path(self, key: str) -> Path:
        assert self._folder is not None
        return self._folder / _checked(key)


def _opened(url: str, timeout_s: float, retry_s: float) -> Any:
    """Return the store of a URL, which gives up in time: by itself it would try for minutes."""
    if urlsplit(url).scheme == "memory":
        return from_url(url)
    return from_url(
        url,
        client_options={
            "timeout": timedelta(seconds=timeout_s),
            "connect_timeout": timedelta(seconds=min(timeout_s, _CONNECT_S)),
            # Options given here take the place of those in the environment.
            "allow_http": any(os.environ.get(name, "").lower() == "true" for name in _ALLOW_HTTP),
        },
        retry_config={
            "max_retries": _RETRIES,
            "retry_timeout": timedelta(seconds=retry_s),
            "backoff": {
                "init_backoff": timedelta(seconds=0.1),
                "max_backoff": timedelta(seconds=2),
                "base": 2,
            },
        },
    )


def _checked(key: str) -> str:
    """Return a key that cannot lead out of the store."""
    if not _KEY.fullmatch(key):
        raise NotFound("There is no file of that name.")
    return key


def _publish(path: Path, there: Path) -> None:
    """Move a file in one step that outlives a crash."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    try:
        path.replace(there)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # From another file system: beside the place first, then into it.
        part = there.with_name(f".{secrets.token_hex(8)}.part")
        try:
            shutil.copyfile(path, part)
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.replace(there)
        finally:
            part.unlink(missing_ok=True)
        path.unlink()
    folder = os.open(there.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read_file(path: Path, start: int, end: int | None) -> Iterator[bytes]:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise NotFound("A file is not kept any more.") from None
    with file:
        file.seek(start)
        left = None if end is None else end - start
        while chunk := file.read(CHUNK_BYTES if left is None else min(CHUNK_BYTES, left)):
            yield chunk
            left = None if left is None else left - len(chunk)


def _below(folder: Path, prefix: str) -> Iterator[StoredObject]:
    """Yield the files below a prefix; those removed meanwhile are omitted."""
    for place, folders, names in os.walk(folder / prefix):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            with suppress(FileNotFoundError):
                found = path.stat()
                if not name.startswith("."):
                    key = path.relative_to(folder).as_posix()
                    yield StoredObject(key, found.st_size, found.st_mtime)


@contextmanager
def _reachable() -> Iterator[None]:
    """Name the errors of a store elsewhere."""
    try:
        yield
    except FileNotFoundError:
        raise NotFound("A file is not kept any more.") from None
    except BaseError as error:
        raise StorageUnavailable() from error
