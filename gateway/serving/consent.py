"""Whose faces may be used, and whose are protected, by the settings and the enrolled identities."""

from __future__ import annotations

import time
from collections.abc import Sequence

from gateway.arrays import F32
from gateway.settings import Settings
from gateway.storage.identities import IdentityStore
from gateway.trust.consent import ConsentRules, Medium

_MOST_TENANTS = 1000


class IdentityGuard:
    """Decides by enrolled identities; see `ConsentGuard`."""

    def __init__(self, settings: Settings, identities: IdentityStore) -> None:
        """Take the settings, and where people are kept."""
        self._settings = settings
        self._identities = identities
        self._known: dict[str, tuple[float, tuple[F32, ...]]] = {}

    def rules(self, medium: Medium) -> ConsentRules:
        """Return what is asked before a face is put into something."""
        return ConsentRules(self._settings.consent, medium)

    def protected(self, tenant: str) -> Sequence[F32]:
        """Return the descriptors of a tenant's protected people, remembered for a while."""
        now = time.monotonic()
        known = self._known.get(tenant)
        if known is not None and now - known[0] < self._settings.consent_cache_s:
            return known[1]
        found = tuple(
            self._identities.get(tenant, info.id).descriptor
            for info in self._identities.infos(tenant)
            if info.protected and info.size
        )
        if len(self._known) >= _MOST_TENANTS:
            self._known.clear()
        self._known[tenant] = now, found
        return found

    def forget(self, tenant: str) -> None:
        """Look again, the next time somebody asks for a tenant's protected people."""
        self._known.pop(tenant, None)

    @property
    def farthest(self) -> float:
        """Distance of descriptors up to which two are of one person."""
        return self._settings.consent_max_distance
