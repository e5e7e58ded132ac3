"""Things that are kept for tenants by all gateways and workers together.

A row of the database says what there is and whose it is; contents are one file of arrays each in
the object store. A row is there before its file and after it, so that nothing lies in the store
which nobody knows of: what a process that died has left is removed by `SharedStore.sweep`.
"""

from __future__ import annotations

import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Generic

import numpy as np
import sqlalchemy as sa

from gateway.database import RECORDS, Now, exclusive, transaction
from gateway.disk import room_on_disk
from gateway.errors import InternalError, NotFound, StorageUnavailable
from gateway.storage.folder import (
    CACHED,
    DAMAGE,
    InfoT,
    RecordCodec,
    ThingT,
    id_pattern,
    latest_first,
)
from gateway.storage.objects import ObjectStore

_ABANDONED_S = 3600.0
"""Seconds after which a thing that has not arrived never will."""
_IN_MEMORY = 2**25
"""Bytes of a file that are read into memory rather than onto disk."""


class State(StrEnum):
    """Whether a thing can be had."""

    PENDING = "pending"
    STORED = "stored"
    DELETING = "deleting"


class SharedStore(Generic[ThingT, InfoT]):
    """Items whose rows are in a database and whose contents are in an object store.

    Every method raises JobsUnavailable if the database is not reachable, and StorageUnavailable if
    the object store is not.

    Args:
        engine: Connections to the database.
        objects: For the contents.
        kind: Kind of the items.
        most: Things that may be kept for each tenant.
        now: The database's clock.
    """

    def __init__(
        self,
        engine: sa.Engine,
        objects: ObjectStore,
        kind: RecordCodec[ThingT, InfoT],
        *,
        most: int,
        now: Callable[[], sa.ColumnElement[float]] = Now,
    ) -> None:
        self._engine = engine
        self._objects = objects
        self._kind = kind
        self._id = id_pattern(kind.prefix)
        self._most = most
        self._now = now
        self._lock = threading.Lock()
        self._cache: OrderedDict[str, ThingT] = OrderedDict()

    def add(self, tenant: str, thing: ThingT) -> None:
        """Keep a thing; see `Store.add`."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "arrays.npz")
            with room_on_disk():
                np.savez_compressed(path, allow_pickle=False, **self._kind.pack(thing))
            self._insert(tenant, thing, path.stat().st_size)
            try:
                self._objects.put(self._key(thing.id), path)
            except BaseException:
                self._move(tenant, thing.id, State.DELETING)
                self._remove(thing.id)
                raise
        if not self._move(tenant, thing.id, State.STORED):  # swept before it was there
            self._objects.delete(self._key(thing.id))
            raise StorageUnavailable(f"Storing a {self._kind.noun} took too long.")

    def get(self, tenant: str, id: str) -> ThingT:
        """Return a thing; see `Store.get`.

        Raises:
            InternalError: its file is damaged or lost.
        """
        self._require(tenant, id)
        with self._lock:
            known = self._cache.pop(id, None)
        thing = known or self._read(tenant, id)
        with self._lock:
            self._cache[id] = thing
            while len(self._cache) > CACHED:
                self._cache.popitem(last=False)
        return thing

    def info(self, tenant: str, id: str) -> InfoT:
        """Return the summary of a thing; see `Store.info`."""
        query = sa.select(RECORDS.c.info).where(
            *self._of(tenant), RECORDS.c.id == id, _is(State.STORED)
        )
        with transaction(self._engine) as connection:
            found = connection.execute(query).scalar_one_or_none()
        if found is None:
            raise self._kind.missing()
        return self._kind.read_info(found)

    def replace(self, tenant: str, thing: ThingT) -> None:
        """Keep a thing in place of another; see `Store.replace`.

        The row comes first: from then on every process knows, whatever it still remembers.
        """
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "arrays.npz")
            with room_on_disk():
                np.savez_compressed(path, allow_pickle=False, **self._kind.pack(thing))
            change = sa.update(RECORDS).where(
                *self._of(tenant), RECORDS.c.id == thing.id, _is(State.STORED)
            )
            values = {
                "info": self._kind.describe_info(thing.info),
                "bytes": path.stat().st_size,
            }
            with transaction(self._engine) as connection:
                if not connection.execute(change.values(values)).rowcount:
                    raise self._kind.missing()
            with self._lock:
                self._cache.pop(thing.id, None)
            self._objects.put(self._key(thing.id), path)

    def infos(self, tenant: str) -> list[InfoT]:
        """Return a tenant's items, the latest first."""
        query = sa.select(RECORDS.c.info).where(*self._of(tenant), _is(State.STORED))
        with transaction(self._engine) as connection:
            found = connection.execute(query).scalars().all()
        return latest_first([self._kind.read_info(info) for info in found])

    def delete(self, tenant: str, id: str) -> None:
        """Forget a thing; see `Store.delete`. Where this fails, it can be done again."""
        if not self._move(tenant, id, State.DELETING):
            raise self._kind.missing()
        with self._lock:
            self._cache.pop(id, None)
        self._remove(id)

    def check_room(self, tenant: str) -> None:
        """Check that one more may be kept; see `Store.check_room`."""
        with transaction(self._engine) as connection:
            self._check_room(connection, tenant)

    def bytes_of(self, tenant: str) -> int:
        """Return the bytes of a tenant's items; see `Store.bytes_of`."""
        query = sa.select(sa.func.coalesce(sa.func.sum(RECORDS.c.bytes), 0))
        with transaction(self._engine) as connection:
            return int(connection.execute(query.where(*self._of(tenant))).scalar_one())

    def sweep(self) -> None:
        """Remove what other processes have begun to remove, and what has never arrived."""
        left = sa.or_(
            _is(State.DELETING),
            sa.and_(_is(State.PENDING), RECORDS.c.since < self._now() - _ABANDONED_S),
        )
        query = sa.select(RECORDS.c.id).where(RECORDS.c.kind == self._kind.noun, left)
        with transaction(self._engine) as connection:
            found = connection.execute(query).scalars().all()
        for id in found:
            self._remove(id)

    def _insert(self, tenant: str, thing: ThingT, size: int) -> None:
        """Make the row of a thing that is about to be stored, if one more may be kept."""
        key = sa.func.hashtextextended(f"{self._kind.noun} of {tenant}", 0)
        with exclusive(self._engine, key) as connection:  # else two might find the last place
            self._check_room(connection, tenant)
            row = sa.insert(RECORDS).values(
                id=thing.id,
                kind=self._kind.noun,
                tenant=tenant,
                state=State.PENDING,
                since=self._now(),
                info=self._kind.describe_info(thing.info),
                bytes=size,
            )
            connection.execute(row)

    def _check_room(self, connection: sa.Connection, tenant: str) -> None:
        query = sa.select(sa.func.count()).where(
            *self._of(tenant), RECORDS.c.state != State.DELETING
        )
        if connection.execute(query).scalar_one() >= self._most:
            raise self._kind.full(self._most)

    def _require(self, tenant: str, id: str) -> None:
        """Check that a tenant has a thing of that id; other gateways may have removed it."""
        query = sa.select(RECORDS.c.id).where(
            *self._of(tenant), RECORDS.c.id == id, _is(State.STORED)
        )
        if self._id.fullmatch(id):
            with transaction(self._engine) as connection:
                if connection.execute(query).first() is not None:
                    return
        with self._lock:
            self._cache.pop(id, None)
        raise self._kind.missing()

    def _move(self, tenant: str, id: str, state: State) -> bool:
        """Let a thing get into a state; return whether the tenant has one of that id."""
        change = sa.update(RECORDS).where(*self._of(tenant), RECORDS.c.id == id)
        with transaction(self._engine) as connection:
            made = connection.execute(change.values(state=state, since=self._now()))
        return made.rowcount > 0

    def _remove(self, id: str) -> None:
        """Remove the contents of a thing, and its row once they are gone."""
        self._objects.delete(self._key(id))
        with transaction(self._engine) as connection:
            connection.execute(sa.delete(RECORDS).where(RECORDS.c.id == id))

    def _read(self, tenant: str, id: str) -> ThingT:
        try:
            with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
                with room_on_disk():
                    for chunk in self._objects.read(self._key(id)):
                        file.write(chunk)
                file.seek(0)
                with np.load(file, allow_pickle=False) as data:
                    return self._kind.unpack(data)
        except NotFound as error:
            self._require(tenant, id)  # it may have been removed meanwhile
            raise InternalError(f"The file of {self._kind.noun} {id} is lost.") from error
        except DAMAGE as error:
            raise InternalError(f"The file of {self._kind.noun} {id} is damaged.") from error

    def _of(self, tenant: str) -> tuple[sa.ColumnElement[bool], ...]:
        return RECORDS.c.kind == self._kind.noun, RECORDS.c.tenant == tenant

    def _key(self, id: str) -> str:
        return f"records/{self._kind.noun}/{id}.npz"


def _is(state: State) -> sa.ColumnElement[bool]:
    return RECORDS.c.state == state
