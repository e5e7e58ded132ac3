"""Uploads in a folder of this machine.

An upload is a file that grows and a note about it, side by side; its offset is the length of the
file, so no crash can make the two disagree. A writer holds a lock on the file, which the system
takes back when a process dies.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO

from filelock import FileLock, Timeout

from gateway.disk import room_on_disk
from gateway.errors import (
    UploadIncomplete,
    UploadLocked,
    UploadNotFound,
    UploadOffsetMismatch,
)
from gateway.storage.folder import new_id
from gateway.storage.uploads import (
    ID,
    PREFIX,
    Checksum,
    Upload,
    check_count,
    check_length,
    check_piece,
)


class FolderWriter:
    """Appends to an upload; see `UploadStore.writing`."""

    def __init__(self, file: IO[bytes], upload: Upload, checksum: Checksum | None) -> None:
        self._file = file
        self._left = upload.length - upload.offset
        self._checksum = checksum

    def write(self, data: bytes) -> None:
        """Append a piece; see `Writer.write`. Waits for the disk."""
        check_piece(data, self._left)
        with room_on_disk():
            self._file.write(data)
            self._file.flush()
        self._left -= len(data)
        if self._checksum is not None:
            self._checksum.update(data)


class FolderUploadStore:
    """Uploads in a folder, created with the first upload. Calls may block on disk I/O.

    Args:
        folder: Storage folder.
        most: Uploads that may be kept.
        max_bytes: Maximum size of an upload.
        keep_s: Seconds an upload is kept after it was last written to.
    """

    def __init__(self, folder: Path, *, most: int, max_bytes: int, keep_s: float) -> None:
        self._folder = folder
        self._most = most
        self._keep_s = keep_s
        self.max_bytes = max_bytes

    def create(self, tenant: str, length: int, metadata: str = "") -> Upload:
        """Begin an upload; see `UploadStore.create`."""
        check_length(length, self.max_bytes)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_count(len(list(self._folder.glob("*.json"))), self._most)
        upload = Upload(new_id(PREFIX), tenant, length, time.time() + self._keep_s, metadata)
        with room_on_disk():
            self._data(upload.id).touch(mode=0o600)
            note = self._folder / f".{upload.id}.part"
            note.write_text(json.dumps(asdict(upload)), encoding="utf-8")
            note.replace(self._note(upload.id))
        return upload

    def get(self, tenant: str, id: str) -> Upload:
        """Return an upload; see `UploadStore.get`."""
        if not ID.fullmatch(id):
            raise UploadNotFound()
        try:
            kept = Upload(**json.loads(self._note(id).read_text(encoding="utf-8")))
            found = self._data(id).stat()
        except FileNotFoundError:
            raise UploadNotFound() from None
        expires = max(kept.expires, found.st_mtime + self._keep_s)
        if kept.tenant != tenant or expires <= time.time():
            raise UploadNotFound()
        return Upload(id, tenant, kept.length, expires, kept.metadata, found.st_size)

    @contextmanager
    def reading(self, tenant: str, id: str) -> Iterator[Path]:
        """Give the file of a complete upload; see `UploadStore.reading`."""
        if not self.get(tenant, id).complete:
            raise UploadIncomplete()
        yield self._data(id)

    def bytes_of(self, tenant: str) -> int:
        """Return the bytes that a tenant's uploads have or will have."""
        total = 0
        for note in self._folder.glob(f"{PREFIX}*.json"):
            with suppress(UploadNotFound):
                total += self.get(tenant, note.stem).length
        return total

    @contextmanager
    def writing(
        self, tenant: str, id: str, offset: int, checksum: Checksum | None = None
    ) -> Iterator[FolderWriter]:
        """Append to an upload; see `UploadStore.writing`."""
        with self._locked(tenant, id) as file:
            upload = self.get(tenant, id)
            if offset != upload.offset:
                raise UploadOffsetMismatch(extra={"offset": upload.offset})
            whole = False
            try:
                yield FolderWriter(file, upload, checksum)
                if checksum is not None:
                    checksum.check()
                whole = True
            finally:
                if checksum is not None and not whole:
                    file.truncate(offset)  # its integrity cannot be verified
                os.fsync(file.fileno())

    @contextmanager
    def claim(self, tenant: str, id: str) -> Iterator[Path]:
        """Give the file of a complete upload, which is then gone; see `UploadStore.claim`."""
        with self._locked(tenant, id):
            if not self.get(tenant, id).complete:
                raise UploadIncomplete()
            yield self._data(id)
            self._remove(id)

    def delete(self, tenant: str, id: str) -> None:
        """Remove an upload; see `UploadStore.delete`."""
        with self._locked(tenant, id):
            self._remove(id)

    def sweep(self) -> None:
        """Remove abandoned uploads, and the remains of others left by crashes."""
        before = time.time() - self._keep_s
        for path in self._folder.glob("*"):
            try:
                note = path.suffix == ".json"
                old = path.stat().st_mtime < before
                if not path.with_suffix(".data").exists() if note else old:
                    path.unlink(missing_ok=True)
            except FileNotFoundError:
                continue  # another process was faster

    @contextmanager
    def _locked(self, tenant: str, id: str) -> Iterator[IO[bytes]]:
        self.get(tenant, id)
        try:
            file = self._data(id).open("r+b")
        except FileNotFoundError:
            raise UploadNotFound() from None
        with file:
            try:
                held = FileLock(self._folder / f"{id}.lock").acquire(blocking=False)
            except Timeout:
                raise UploadLocked(retry_after_s=1) from None
            with held:
                file.seek(0, os.SEEK_END)
                yield file

    def _remove(self, id: str) -> None:
        self._note(id).unlink(missing_ok=True)
        self._data(id).unlink(missing_ok=True)
        (self._folder / f"{id}.lock").unlink(missing_ok=True)

    def _note(self, id: str) -> Path:
        return self._folder / f"{id}.json"

    def _data(self, id: str) -> Path:
        return self._folder / f"{id}.data"
