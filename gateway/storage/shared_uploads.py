"""Uploads that any gateway may continue: rows in the database, bytes in the object store.

The bytes of a request are stored in parts, and committed once they are: a gateway that dies takes
only the part with it that had not grown full. Whoever writes has a lease on the upload, which runs
out by the database's clock unless it is renewed; a writer whose lease was given to another finds
that out when it commits, and its bytes do not count.
"""

from __future__ import annotations

import logging
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa

from gateway.database import UPLOAD_PARTS, UPLOADS, Now, transaction
from gateway.disk import room_on_disk
from gateway.errors import (
    JobsUnavailable,
    SemblantError,
    UploadIncomplete,
    UploadLocked,
    UploadNotFound,
    UploadOffsetMismatch,
)
from gateway.storage.folder import new_id
from gateway.storage.objects import ObjectStore
from gateway.storage.uploads import (
    ID,
    PREFIX,
    Checksum,
    Upload,
    check_count,
    check_length,
    check_piece,
)

log = logging.getLogger(__name__)

LEASE_S = 20.0
"""Seconds for which a writer of whom nothing is heard keeps others from writing."""
_CLAIM_LEASE_S = 3600.0
"""The same of a request that turns an upload into a job's file."""
_ABANDONED_S = 3600.0
"""Seconds after which a file that was put together here, and not used, is removed."""


class SharedUploadStore:
    """Uploads in a database and an object store.

    Every method raises JobsUnavailable if the database is not reachable, and StorageUnavailable if
    the object store is not.

    Args:
        engine: Connections to the database.
        objects: For the bytes.
        scratch: A folder for parts that arrive, and for uploads that are used.
        most: Uploads that may be kept.
        max_bytes: Maximum size of an upload.
        keep_s: Seconds an upload is kept after it was last written to.
        part_bytes: Bytes after which a part is stored.
        now: The database's clock.
    """

    def __init__(
        self,
        engine: sa.Engine,
        objects: ObjectStore,
        scratch: Path,
        *,
        most: int,
        max_bytes: int,
        keep_s: float,
        part_bytes: int,
        now: Callable[[], sa.ColumnElement[float]] = Now,
    ) -> None:
        self._engine = engine
        self._objects = objects
        self._scratch = scratch
        self._most = most
        self._keep_s = keep_s
        self._part_bytes = part_bytes
        self._now = now
        self.max_bytes = max_bytes

    def create(self, tenant: str, length: int, metadata: str = "") -> Upload:
        """Begin an upload; see `UploadStore.create`."""
        check_length(length, self.max_bytes)
        id, expires = new_id(PREFIX), self._now() + self._keep_s
        row = sa.insert(UPLOADS).values(
            id=id, tenant=tenant, length=length, offset=0, metadata=metadata, expires=expires
        )
        with transaction(self._engine) as connection:
            count = sa.select(sa.func.count()).where(self._alive())
            check_count(connection.execute(count).scalar_one(), self._most)
            connection.execute(row)
        return self.get(tenant, id)

    def get(self, tenant: str, id: str) -> Upload:
        """Return an upload; see `UploadStore.get`."""
        if not ID.fullmatch(id):
            raise UploadNotFound()
        of = UPLOADS.c
        query = sa.select(of.length, of.expires, of.metadata, of.offset).where(
            of.id == id, of.tenant == tenant, self._alive()
        )
        with transaction(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise UploadNotFound()
        return Upload(id, tenant, *row)

    @contextmanager
    def reading(self, tenant: str, id: str) -> Iterator[Path]:
        """Give the file of a complete upload; see `UploadStore.reading`."""
        yield self._assembled(self.get(tenant, id))

    def bytes_of(self, tenant: str) -> int:
        """Return the bytes that a tenant's uploads have or will have."""
        total = sa.func.coalesce(sa.func.sum(UPLOADS.c.length), 0)
        query = sa.select(total).where(UPLOADS.c.tenant == tenant, self._alive())
        with transaction(self._engine) as connection:
            return int(connection.execute(query).scalar_one())

    @contextmanager
    def writing(
        self, tenant: str, id: str, offset: int, checksum: Checksum | None = None
    ) -> Iterator[PartWriter]:
        """Append to an upload; see `UploadStore.writing`."""
        with self._leased(tenant, id, LEASE_S) as owner:
            upload = self.get(tenant, id)
            if offset != upload.offset:
                raise UploadOffsetMismatch(extra={"offset": upload.offset})
            with PartWriter(self, upload, owner, checksum) as writer:
                yield writer

    @contextmanager
    def claim(self, tenant: str, id: str) -> Iterator[Path]:
        """Give the file of a complete upload, which is then gone; see `UploadStore.claim`."""
        with self._leased(tenant, id, _CLAIM_LEASE_S):
            yield self._assembled(self.get(tenant, id))
            self._expire(id)
            try:
                self._remove(id)
            except SemblantError as error:  # nobody sees it any more, and it is swept
                log.warning("upload %s is removed later: %s", id, error.spec.code)

    def delete(self, tenant: str, id: str) -> None:
        """Remove an upload; see `UploadStore.delete`. Where this fails, it is swept later."""
        with self._leased(tenant, id, LEASE_S):
            self._expire(id)
            self._remove(id)

    def sweep(self) -> None:
        """Remove uploads that are over, and files that were put together here for nothing."""
        query = sa.select(UPLOADS.c.id).where(~self._alive(), self._free())
        with transaction(self._engine) as connection:
            over = connection.execute(query).scalars().all()
        for id in over:
            self._remove(id)
        before = time.time() - _ABANDONED_S
        for path in self._scratch.glob("*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    path.unlink()

    def store_part(self, id: str, start: int, path: Path) -> str:
        """Move a part into the object store, not counted yet; return its key."""
        key = f"{_place(id)}/{start}-{secrets.token_hex(4)}"
        self._objects.put(key, path)
        return key

    def commit_parts(self, id: str, owner: str, parts: dict[int, str], end: int) -> None:
        """Let stored parts count, whose keys are given by their starts, and which end there.

        Raises:
            UploadLocked: another caller has taken over; the parts are removed.
        """
        change = sa.update(UPLOADS).where(
            UPLOADS.c.id == id, UPLOADS.c.lease_owner == owner, UPLOADS.c.offset == min(parts)
        )
        now = self._now()
        values = {"offset": end, "expires": now + self._keep_s, "lease_until": now + LEASE_S}
        with transaction(self._engine) as connection:
            ours = connection.execute(change.values(values)).rowcount > 0
            if ours:
                rows = [{"upload_id": id, "start": at, "key": key} for at, key in parts.items()]
                connection.execute(sa.insert(UPLOAD_PARTS), rows)
        if not ours:
            self.remove_parts(parts)
            raise UploadLocked(retry_after_s=1)

    def remove_parts(self, parts: dict[int, str]) -> None:
        """Remove parts that do not count."""
        for key in parts.values():
            self._objects.delete(key)

    def renew_lease(self, id: str, owner: str) -> None:
        """Put off the time from which others may write."""
        change = sa.update(UPLOADS).where(UPLOADS.c.id == id, UPLOADS.c.lease_owner == owner)
        with transaction(self._engine) as connection:
            connection.execute(change.values(lease_until=self._now() + LEASE_S))

    def part_file(self) -> Path:
        """Return a new, empty file for a part that arrives."""
        with room_on_disk():
            self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
            number, name = tempfile.mkstemp(dir=self._scratch, suffix=".part")
        with open(number, "wb"):
            return Path(name)

    @property
    def part_bytes(self) -> int:
        """Bytes after which a part is stored."""
        return self._part_bytes

    @contextmanager
    def _leased(self, tenant: str, id: str, seconds: float) -> Iterator[str]:
        """Keep others from an upload for the duration of the block; give the owner's name."""
        of, owner = UPLOADS.c, secrets.token_hex(8)
        change = sa.update(UPLOADS).where(
            of.id == id, of.tenant == tenant, self._alive(), self._free()
        )
        with transaction(self._engine) as connection:
            leased = connection.execute(
                change.values(lease_owner=owner, lease_until=self._now() + seconds)
            ).rowcount
        if not leased:
            self.get(tenant, id)
            raise UploadLocked(retry_after_s=1)
        try:
            yield owner
        finally:
            let_go = sa.update(UPLOADS).where(of.id == id, of.lease_owner == owner)
            with suppress(JobsUnavailable), transaction(self._engine) as connection:
                connection.execute(let_go.values(lease_owner=None, lease_until=None))

    def _assembled(self, upload: Upload) -> Path:
        """Return the file of a complete upload, put together unless it is there from before."""
        if not upload.complete:
            raise UploadIncomplete()
        whole = self._scratch / f"{upload.id}.data"
        if whole.exists():
            return whole
        query = sa.select(UPLOAD_PARTS.c.key).where(UPLOAD_PARTS.c.upload_id == upload.id)
        with transaction(self._engine) as connection:
            keys = connection.execute(query.order_by(UPLOAD_PARTS.c.start)).scalars().all()
        part = self.part_file()
        try:
            with room_on_disk(), part.open("wb") as file:
                for key in keys:
                    for chunk in self._objects.read(key):
                        file.write(chunk)
            part.replace(whole)
        finally:
            part.unlink(missing_ok=True)
        return whole

    def _expire(self, id: str) -> None:
        """Let nobody see an upload any more."""
        with transaction(self._engine) as connection:
            connection.execute(sa.update(UPLOADS).where(UPLOADS.c.id == id).values(expires=0.0))

    def _remove(self, id: str) -> None:
        """Remove the bytes of an upload, and its row once they are gone."""
        (self._scratch / f"{id}.data").unlink(missing_ok=True)
        self._objects.delete_below(_place(id))
        with transaction(self._engine) as connection:
            connection.execute(sa.delete(UPLOADS).where(UPLOADS.c.id == id))

    def _alive(self) -> sa.ColumnElement[bool]:
        return UPLOADS.c.expires > self._now()

    def _free(self) -> sa.ColumnElement[bool]:
        return sa.or_(UPLOADS.c.lease_until.is_(None), UPLOADS.c.lease_until <= self._now())


class PartWriter:
    """Appends to an upload in parts; see `SharedUploadStore.writing`."""

    def __init__(
        self, store: SharedUploadStore, upload: Upload, owner: str, checksum: Checksum | None
    ) -> None:
        self._store = store
        self._id = upload.id
        self._owner = owner
        self._checksum = checksum
        self._left = upload.length - upload.offset
        self._start = upload.offset
        self._path = store.part_file()
        self._file = self._path.open("wb")
        self._size = 0
        self._heard = time.monotonic()
        self._stored: dict[int, str] = {}

    def __enter__(self) -> PartWriter:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """Let what has arrived count, unless it should have a checksum that it has not."""
        try:
            if self._checksum is None:
                self._store_part()
            elif error is None:
                self._checksum.check()
                self._store_part()
                self._commit()
        finally:
            self._file.close()
            self._path.unlink(missing_ok=True)
            self._store.remove_parts(self._stored)

    def write(self, data: bytes) -> None:
        """Append a piece; see `Writer.write`. Waits for the store where a part is full."""
        check_piece(data, self._left)
        with room_on_disk():
            self._file.write(data)
        self._size += len(data)
        self._left -= len(data)
        if self._checksum is not None:
            self._checksum.update(data)
        if self._size >= self._store.part_bytes:
            self._store_part()
        elif time.monotonic() - self._heard > LEASE_S / 4:
            self._store.renew_lease(self._id, self._owner)
            self._heard = time.monotonic()

    def _store_part(self) -> None:
        """Store what has arrived as a part; it counts at once, unless there is a checksum."""
        if not self._size:
            return
        with room_on_disk():
            self._file.close()
        self._stored[self._start] = self._store.store_part(self._id, self._start, self._path)
        self._start += self._size
        self._size = 0
        if self._checksum is None:
            self._commit()
        self._path = self._store.part_file()
        self._file = self._path.open("wb")

    def _commit(self) -> None:
        """Let all parts count that are stored."""
        parts, self._stored = self._stored, {}
        if parts:
            self._store.commit_parts(self._id, self._owner, parts, self._start)
        self._heard = time.monotonic()


def _place(id: str) -> str:
    return f"uploads/{id}"
