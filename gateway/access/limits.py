"""The limits of tenants: those of the settings, and tenants' own in the database."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace

import sqlalchemy as sa

from gateway.access.caller import TENANT
from gateway.access.standing import MINUTE_S, Quota
from gateway.database import TENANTS, transaction
from gateway.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a tenant may use; 0 = unlimited.

    Attributes:
        requests_per_minute: Requests.
        jobs: Jobs that have not ended.
        video_minutes_per_day: Minutes of video that are accepted in a day, UTC.
        bytes: Bytes that are kept.
    """

    requests_per_minute: float = 0
    jobs: float = 0
    video_minutes_per_day: float = 0
    bytes: float = 0

    def of(self, quota: Quota) -> float:
        """Return the limit of a quota, in its unit; 0 = unlimited."""
        return {
            Quota.REQUESTS: self.requests_per_minute,
            Quota.JOBS: self.jobs,
            Quota.VIDEO_SECONDS: MINUTE_S * self.video_minutes_per_day,
            Quota.BYTES: self.bytes,
        }[quota]

    @property
    def any(self) -> bool:
        """Whether anything is limited."""
        return any(self.told.values())

    @property
    def told(self) -> dict[str, float]:
        """All limits by their names."""
        return asdict(self)

    def changed(self, own: Mapping[str, object]) -> Limits:
        """Return these limits with those that a tenant has of its own.

        Raises:
            InvalidRequest: one of them is unknown or no number of at least 0.
        """
        known = [field.name for field in fields(self)]
        limits: dict[str, float] = {}
        for name, value in own.items():
            if name not in known:
                raise InvalidRequest(f"There is no limit {name}; there are {', '.join(known)}.")
            if not isinstance(value, int | float) or value is True or not 0 <= value < math.inf:
                raise InvalidRequest(f"The limit {name} must be a number of at least 0.")
            limits[name] = value
        return replace(self, **limits)


class LimitStore:
    """The limits that tenants have of their own. Calls may block: make them in a thread.

    Every method raises JobsUnavailable if the database is not reachable.

    Args:
        engine: Connections to the database.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def get(self, tenant: str) -> dict[str, float]:
        """Return the limits of a tenant by their names; those it has not are the settings'."""
        query = sa.select(TENANTS.c.limits).where(TENANTS.c.tenant == tenant)
        with transaction(self._engine) as connection:
            return dict(connection.execute(query).scalar_one_or_none() or {})

    def set(self, tenant: str, limits: Mapping[str, float]) -> None:
        """Replace the limits of a tenant; none at all makes it have those of the settings.

        Raises:
            InvalidRequest: the tenant's name or a limit is none.
        """
        if not TENANT.fullmatch(tenant):
            raise InvalidRequest("The tenant's name is not valid.")
        Limits().changed(limits)
        with transaction(self._engine) as connection:
            connection.execute(sa.delete(TENANTS).where(TENANTS.c.tenant == tenant))
            if limits:
                values = {"tenant": tenant, "limits": dict(limits)}
                connection.execute(sa.insert(TENANTS).values(values))
