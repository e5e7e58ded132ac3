"""Identities and libraries that all gateways and workers share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.serving.database import connections_of, prepare
from gateway.serving.stores import Stores, cipher_of, folder_stores
from gateway.settings import Settings
from gateway.storage.expressions import LIBRARIES
from gateway.storage.folder import InfoT, Store, ThingT
from gateway.storage.identities import identities_codec
from gateway.storage.objects import ObjectStore
from gateway.storage.shared import SharedStore

_CONNECTIONS = 4


@dataclass(frozen=True, slots=True, eq=False)
class SharedStores(Stores):
    """Stores in the database of jobs and the object store.

    Attributes:
        settings: Of the service.
        engine: Connections to the database.
    """

    settings: Settings
    engine: sa.Engine

    async def start(self) -> None:
        """Bring the database to this release's schema, waiting for it if it is away.

        Raises:
            JobsUnavailable: it is not reachable.
            SetupIncomplete: its schema is another release's, and must or can not be changed.
        """
        await prepare(self.engine, self.settings)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def shared_stores(settings: Settings) -> SharedStores:
    """Return the stores; nothing is connected yet.

    Raises:
        SetupIncomplete: a URL in the settings cannot be used.
    """
    folder = settings.data_dir / "jobs"
    engine = connections_of(settings, connections=_CONNECTIONS)
    objects = ObjectStore(
        settings.object_store_url,
        folder=folder / "objects",
        timeout_s=settings.object_store_timeout_s,
        retry_s=settings.object_store_retry_s,
    )
    return SharedStores(
        SharedStore(
            engine,
            objects,
            identities_codec(cipher_of(settings)),
            most=settings.max_identities,
        ),
        SharedStore(engine, objects, LIBRARIES, most=settings.max_libraries),
        settings,
        engine,
    )


def import_folder(settings: Settings, tenants: Sequence[str]) -> int:
    """Copy what lies in the folder of data into the database and the object store.

    What is there already is left alone, so it can be done again.

    Args:
        settings: Of the service; with a database.
        tenants: Whose identities and libraries; folders do not say whose they are.

    Returns:
        How many were copied.

    Raises:
        JobsUnavailable, StorageUnavailable: one of the two is not reachable.
        IdentityLimit, LibraryLimit: there would be more than may be.
    """
    before, now = folder_stores(settings), shared_stores(settings)
    try:
        people = [_copied(tenant, before.identities, now.identities) for tenant in tenants]
        libraries = [_copied(tenant, before.expressions, now.expressions) for tenant in tenants]
        return sum(people) + sum(libraries)
    finally:
        now.close()


def _copied(tenant: str, old: Store[ThingT, InfoT], new: Store[ThingT, InfoT]) -> int:
    there = {info.id for info in new.infos(tenant)}
    missing = [info.id for info in old.infos(tenant) if info.id not in there]
    for id in missing:
        new.add(tenant, old.get(tenant, id))
    return len(missing)
