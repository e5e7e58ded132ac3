"""Quotas of tenants, the same for all gateways of a database.

Requests are counted on every request, so a gateway books a few at once and spends them from
memory: a *lease* of 1/20 of the limit, at most 20. What is booked counts in full at once, so all
gateways together never admit more than the limit in a window. They may admit fewer: when the limit
is booked, each of the other gateways may still hold a lease less one request. With G gateways and
leases of B, at least limit - (G - 1) * (B - 1) are admitted: every further gateway costs less than
5 %. A lease ends with its window.
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.access.ledger import Entry, Ledger
from gateway.access.limits import Limits, LimitStore
from gateway.access.standing import Quota, Standing
from gateway.errors import InvalidRequest, JobsUnavailable

log = logging.getLogger(__name__)

LEASE = 20
"""Requests that are booked at once, at most."""
LEASE_PART = 20
"""A lease is at most this part of the limit."""
OWN_LIMITS_S = 10.0
"""Seconds after which a change of a tenant's own limits counts everywhere."""
_MOST_TENANTS = 10_000  # remembered at a time
_STRIPES = 16
_PRUNE_EVERY_S = 3600.0


@dataclass(slots=True)
class _Lease:
    """Requests that are booked and not made yet.

    Attributes:
        window: When their window began.
        ends_s: When it ends, by our clock.
        limit: The limit they were booked under.
        booked: What was booked in the window then, by all gateways.
        left: How many are left.
    """

    window: int
    ends_s: float
    limit: float
    booked: float
    left: float

    @property
    def used_up(self) -> bool:
        """Whether the limit does not allow one more in this window."""
        return self.left < 1 and self.booked + 1 > self.limit


class Quotas:
    """Charges tenants for what they use; for any thread.

    Args:
        engine: Connections to the database; None where nothing is limited but what is in use.
        defaults: Limits of tenants that have none of their own.
        ledger: In place of the database's tables, for tests.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        engine: sa.Engine | None,
        defaults: Limits,
        *,
        ledger: Ledger | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger or (None if engine is None else Ledger(engine))
        self._own = None if engine is None else LimitStore(engine)
        if self._ledger is None and any(q.window_s and defaults.of(q) for q in Quota):
            raise ValueError("limits in windows of time need a database")
        self._defaults = defaults
        self._clock = clock
        self._limits: OrderedDict[str, tuple[Limits, float]] = OrderedDict()
        self._leases: OrderedDict[str, _Lease] = OrderedDict()
        self._lock = threading.Lock()  # of what is remembered; never held during a statement
        self._booking = [threading.Lock() for _ in range(_STRIPES)]
        self._prune_at_s = clock()

    async def admit(
        self, tenant: str, quota: Quota, amount: float = 1, *, in_use: float = 0
    ) -> Standing:
        """Charge without blocking the event loop; in most cases without a thread. See `charge`."""
        known = self._at_once(tenant, quota, amount, in_use)
        if known is not None:
            return known
        return await asyncio.to_thread(self.charge, tenant, quota, amount, in_use=in_use)

    def charge(
        self, tenant: str, quota: Quota, amount: float = 1, *, in_use: float = 0
    ) -> Standing:
        """Let a tenant use something; may block. What is refused is not charged.

        Args:
            tenant: The tenant.
            quota: Of what.
            amount: How much, in the quota's unit.
            in_use: For quotas without a window: what the tenant uses at present, without this.

        Raises:
            QuotaExceeded: that is more than is left.
            JobsUnavailable: the database is not reachable.
        """
        if amount < 0:
            raise ValueError("nothing negative can be used")
        self._learn_limits(tenant)
        known = self._at_once(tenant, quota, amount, in_use, learnt=True)
        if known is not None:
            return known
        self._prune_if_due()
        if quota is Quota.REQUESTS:
            return self._lease(tenant, amount)
        limit = self._limit(tenant, quota)
        booked, entry = self._books.book(tenant, quota, amount, limit=limit)
        standing = _standing(quota, limit, entry)
        if not booked:
            raise standing.exceeded(amount)
        return standing

    def refund(
        self, tenant: str, quota: Quota, amount: float = 1, *, window: int | None = None
    ) -> None:
        """Take a charge back, for what failed through no fault of the tenant; may block.

        Args:
            tenant: The tenant.
            quota: Of what; without a window there is nothing to take back.
            amount: How much was charged.
            window: The `window` of the standing then; None: the present one.
        """
        if quota is Quota.REQUESTS:
            with self._lock:
                lease = self._leases.get(tenant)
                if lease is not None and self._clock() < lease.ends_s:
                    lease.left += amount  # it is still booked, and can be used again here
        elif quota.window_s is not None and self._ledger is not None:
            self._ledger.take_back(tenant, quota, amount, window=window)

    def standing(self, tenant: str, quota: Quota, *, in_use: float = 0) -> Standing:
        """Return how a tenant stands with a quota, and charge nothing; may block.

        Raises:
            JobsUnavailable: the database is not reachable.
        """
        self._learn_limits(tenant)
        limit = self._limit(tenant, quota)
        if limit == 0:
            return Standing(quota, 0, math.inf)
        if quota.window_s is None:
            return Standing(quota, limit, max(0.0, limit - in_use))
        entry = self._books.read(tenant, quota)
        with self._lock:
            lease = self._leases.get(tenant) if quota is Quota.REQUESTS else None
            left = lease.left if lease is not None and lease.window == entry.window else 0
        return _standing(quota, limit, entry, left)

    def prune(self) -> int:
        """Remove windows that have been over for long; return how many there were; may block."""
        return 0 if self._ledger is None else self._ledger.prune()

    @property
    def _books(self) -> Ledger:
        assert self._ledger is not None
        return self._ledger

    def _at_once(
        self, tenant: str, quota: Quota, amount: float, in_use: float, *, learnt: bool = False
    ) -> Standing | None:
        """Charge from what is remembered; None if the database must be asked.

        Its limits may be out of date if they have just been `learnt`.
        """
        with self._lock:
            known = self._limits.get(tenant)
            current = learnt or (known is not None and self._clock() < known[1])
            if self._own is not None and not current:
                return None
            limit = (known[0] if known else self._defaults).of(quota)
            if limit == 0:
                return Standing(quota, 0, math.inf)
            if quota is Quota.REQUESTS:
                return self._spend(tenant, limit, amount)
        if quota.window_s is not None:
            return None
        standing = Standing(quota, limit, max(0.0, limit - in_use - amount))
        if in_use + amount > limit:
            raise Standing(quota, limit, max(0.0, limit - in_use)).exceeded(amount)
        return standing

    def _spend(self, tenant: str, limit: float, amount: float) -> Standing | None:
        """Spend from a lease; None if that is not possible. Call it with the lock."""
        lease = self._leases.get(tenant)
        left_s = 0.0 if lease is None else lease.ends_s - self._clock()
        if lease is None or left_s <= 0 or lease.limit != limit:
            return None
        self._leases.move_to_end(tenant)
        if lease.left < amount:
            if lease.used_up:
                raise Standing(Quota.REQUESTS, limit, 0, left_s, lease.window).exceeded(amount)
            return None
        lease.left -= amount
        remaining = max(0.0, limit - lease.booked) + lease.left
        return Standing(Quota.REQUESTS, limit, remaining, left_s, lease.window)

    def _lease(self, tenant: str, amount: float) -> Standing:
        """Book requests, one of them or some for later, too."""
        limit = self._limit(tenant, Quota.REQUESTS)
        # One thread at a time, or each would hold a lease of its own.
        with self._booking[hash(tenant) % _STRIPES]:
            known = self._at_once(tenant, Quota.REQUESTS, amount, 0, learnt=True)
            if known is not None:
                return known
            batch = max(amount, min(limit // LEASE_PART, LEASE))
            for size in dict.fromkeys((batch, amount)):
                asked_s = self._clock()  # before the database's clock is read: it ends no later
                booked, entry = self._books.book(tenant, Quota.REQUESTS, size, limit=limit)
                if booked:
                    break
            standing = _standing(Quota.REQUESTS, limit, entry)
            assert standing.reset_s is not None
            ends_s = asked_s + standing.reset_s
            with self._lock:
                held = self._leases.pop(tenant, None)
                left = held.left if held is not None and held.window == entry.window else 0
                left += size - amount if booked else 0
                self._leases[tenant] = _Lease(entry.window, ends_s, limit, entry.used, left)
                while len(self._leases) > _MOST_TENANTS:
                    self._leases.popitem(last=False)
            standing = _standing(Quota.REQUESTS, limit, entry, left)
        if not booked:
            raise standing.exceeded(amount)
        return standing

    def _limit(self, tenant: str, quota: Quota) -> float:
        with self._lock:
            known = self._limits.get(tenant)
        return (known[0] if known else self._defaults).of(quota)

    def _learn_limits(self, tenant: str) -> None:
        """Read the tenant's own limits, unless that was done a moment ago."""
        if self._own is None:
            return
        with self._lock:
            known = self._limits.get(tenant)
            if known is not None and self._clock() < known[1]:
                return
        try:
            limits = self._defaults.changed(self._own.get(tenant))
        except InvalidRequest as error:  # written by hand, or by a newer release
            log.warning("the limits of tenant %s are ignored: %s", tenant, error.detail)
            limits = self._defaults
        except JobsUnavailable:
            if known is None:
                raise
            limits = known[0]  # what is unlimited needs no database
        with self._lock:
            self._limits.pop(tenant, None)
            self._limits[tenant] = limits, self._clock() + OWN_LIMITS_S
            while len(self._limits) > _MOST_TENANTS:
                self._limits.popitem(last=False)

    def _prune_if_due(self) -> None:
        with self._lock:
            if self._clock() < self._prune_at_s:
                return
            self._prune_at_s = self._clock() + _PRUNE_EVERY_S
        self.prune()


def _standing(quota: Quota, limit: float, entry: Entry, left: float = 0) -> Standing:
    """Return a standing; `left` of what is booked is not used yet."""
    assert quota.window_s is not None
    reset_s = max(0.0, entry.window + quota.window_s - entry.now)
    remaining = max(0.0, limit - entry.used) + left
    return Standing(quota, limit, remaining, reset_s, entry.window)
