"""Stores for tests, which forget everything with themselves."""

from __future__ import annotations

from typing import Generic

from gateway.storage.expressions import LIBRARIES, ExpressionLibrary, LibraryInfo
from gateway.storage.folder import InfoT, RecordCodec, ThingT, latest_first
from gateway.storage.identities import IDENTITIES, EnrolledIdentity, IdentityInfo


class MemoryStore(Generic[ThingT, InfoT]):
    """Things in memory; behaves as `FolderStore`.

    Args:
        kind: Kind of the items.
        most: Things that may be kept for each tenant.
    """

    def __init__(self, kind: RecordCodec[ThingT, InfoT], *, most: int = 1000) -> None:
        self._kind = kind
        self._most = most
        self._things: dict[tuple[str, str], ThingT] = {}

    def add(self, tenant: str, thing: ThingT) -> None:
        """Keep a thing."""
        self.check_room(tenant)
        self._things[tenant, thing.id] = thing

    def get(self, tenant: str, id: str) -> ThingT:
        """Return a thing."""
        if (tenant, id) not in self._things:
            raise self._kind.missing()
        return self._things[tenant, id]

    def info(self, tenant: str, id: str) -> InfoT:
        """Return the summary of a thing."""
        found: InfoT = self.get(tenant, id).info
        return found

    def replace(self, tenant: str, thing: ThingT) -> None:
        """Keep a thing in place of another."""
        self.get(tenant, thing.id)
        self._things[tenant, thing.id] = thing

    def infos(self, tenant: str) -> list[InfoT]:
        """Return a tenant's items, the latest first."""
        return latest_first([thing.info for (t, _), thing in self._things.items() if t == tenant])

    def delete(self, tenant: str, id: str) -> None:
        """Forget a thing."""
        if self._things.pop((tenant, id), None) is None:
            raise self._kind.missing()

    def check_room(self, tenant: str) -> None:
        """Check that one more may be kept."""
        if sum(owner == tenant for owner, _ in self._things) >= self._most:
            raise self._kind.full(self._most)

    def bytes_of(self, tenant: str) -> int:
        """Return the bytes of a tenant's items, unpacked."""
        packed = [self._kind.pack(thing) for (t, _), thing in self._things.items() if t == tenant]
        return sum(array.nbytes for arrays in packed for array in arrays.values())

    def sweep(self) -> None:
        """Do nothing: nothing outlives this process."""


class MemoryExpressionStore(MemoryStore[ExpressionLibrary, LibraryInfo]):
    """Libraries in memory.

    Args:
        most: Libraries that may be kept for each tenant.
    """

    def __init__(self, *, most: int = 1000) -> None:
        super().__init__(LIBRARIES, most=most)


class MemoryIdentityStore(MemoryStore[EnrolledIdentity, IdentityInfo]):
    """Identities in memory.

    Args:
        most: Identities that may be kept for each tenant.
    """

    def __init__(self, *, most: int = 1000) -> None:
        super().__init__(IDENTITIES, most=most)
