"""What tenants have used in windows of time: every statement about it.

All gateways of a database share it. Windows begin at multiples of their length by the database's
clock, so that gateways whose clocks differ agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from gateway.access.standing import DAY_S, Quota
from gateway.database import QUOTA_USAGE, Now, transaction

_KEEP_S = 2 * DAY_S
"""Windows that began earlier are over, whichever quota they are of."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a tenant has used of a quota in the present window.

    Attributes:
        used: How much, in the quota's unit.
        window: When the window began, in whole seconds since 1970, UTC.
        now: The database's time.
    """

    used: float
    window: int
    now: float


class Ledger:
    """The use of quotas that are counted in windows.

    Every method raises JobsUnavailable if the database is not reachable.

    Args:
        engine: Connections to the database.
        now: The database's clock.
    """

    def __init__(
        self, engine: sa.Engine, *, now: Callable[[], sa.ColumnElement[float]] = Now
    ) -> None:
        self._engine = engine
        self._now = now

    def book(self, tenant: str, quota: Quota, amount: float, *, limit: float) -> tuple[bool, Entry]:
        """Add to what is used, unless that becomes more than a limit; in one statement.

        Returns:
            Whether it was added, and what is used now.
        """
        if amount > limit:
            return False, self.read(tenant, quota)
        insert = sqlite.insert if self._sqlite else postgresql.insert
        sum = QUOTA_USAGE.c.used + amount
        statement = (
            insert(QUOTA_USAGE)
            .values(tenant=tenant, quota=quota, window_start=self._window(quota), used=amount)
            .on_conflict_do_update(
                index_elements=list(QUOTA_USAGE.primary_key), set_={"used": sum}, where=sum <= limit
            )
            .returning(QUOTA_USAGE.c.used, QUOTA_USAGE.c.window_start, self._now())
        )
        with transaction(self._engine) as connection:
            row = connection.execute(statement).one_or_none()
        return (False, self.read(tenant, quota)) if row is None else (True, Entry(*row))

    def take_back(
        self, tenant: str, quota: Quota, amount: float, *, window: int | None = None
    ) -> None:
        """Subtract from what was used in a window, by default the present one; never below 0."""
        of = QUOTA_USAGE.c
        start = self._window(quota) if window is None else window
        rest = sa.case((of.used > amount, of.used - amount), else_=0.0)
        change = sa.update(QUOTA_USAGE).where(
            of.tenant == tenant, of.quota == quota, of.window_start == start
        )
        with transaction(self._engine) as connection:
            connection.execute(change.values(used=rest))

    def read(self, tenant: str, quota: Quota) -> Entry:
        """Return what is used in the present window."""
        of, window = QUOTA_USAGE.c, self._window(quota)
        used = sa.select(of.used).where(
            of.tenant == tenant, of.quota == quota, of.window_start == window
        )
        query = sa.select(sa.func.coalesce(used.scalar_subquery(), 0.0), window, self._now())
        with transaction(self._engine) as connection:
            used_now, start, now = connection.execute(query).one()
        return Entry(float(used_now), int(start), float(now))

    def prune(self) -> int:
        """Remove windows that have been over for long; return how many there were."""
        old = sa.delete(QUOTA_USAGE).where(QUOTA_USAGE.c.window_start < self._now() - _KEEP_S)
        with transaction(self._engine) as connection:
            return connection.execute(old).rowcount

    @property
    def _sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    def _window(self, quota: Quota) -> sa.ColumnElement[Any]:
        """Return when the present window begins."""
        length_s = quota.window_s
        assert length_s is not None, f"{quota} has no window"
        windows = self._now() / length_s
        # SQLite may lack floor() and truncates in a cast; PostgreSQL rounds in one.
        whole = windows if self._sqlite else sa.func.floor(windows)
        return sa.cast(whole, sa.BigInteger) * length_s
