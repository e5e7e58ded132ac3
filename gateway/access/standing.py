"""Quotas, and how a tenant stands with them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from gateway.errors import QuotaExceeded

MINUTE_S = 60
DAY_S = 86400
_RETRY_IN_USE_S = 10.0  # advice where something has to end or to be deleted first


class Quota(StrEnum):
    """What is limited for each tenant."""

    REQUESTS = "requests"
    """Requests in a minute."""
    VIDEO_SECONDS = "video_seconds"
    """Seconds of video accepted in a day, UTC."""
    JOBS = "jobs"
    """Jobs that have not ended."""
    BYTES = "bytes"
    """Bytes that are kept."""

    @property
    def window_s(self) -> int | None:
        """Seconds of the window its use is counted in; None for what is in use at the time."""
        return _WINDOWS_S.get(self)


_WINDOWS_S = {Quota.REQUESTS: MINUTE_S, Quota.VIDEO_SECONDS: DAY_S}
_UNITS = {Quota.VIDEO_SECONDS: "video-seconds", Quota.JOBS: "jobs", Quota.BYTES: "bytes"}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a tenant stands with a quota.

    Attributes:
        quota: Which one.
        limit: How much may be used; 0 = unlimited.
        remaining: How much of it is left; infinite if it is unlimited.
        reset_s: Seconds until the next window begins; None for what is in use at the time.
        window: When the window began, in whole seconds since 1970, UTC; likewise.
    """

    quota: Quota
    limit: float
    remaining: float
    reset_s: float | None = None
    window: int | None = None

    @property
    def unlimited(self) -> bool:
        """Whether there is no limit."""
        return self.limit == 0

    def headers(self) -> dict[str, str]:
        """Return the headers `RateLimit-Policy` and `RateLimit`; none if it is unlimited."""
        return rate_limit_headers([self])

    def exceeded(self, amount: float) -> QuotaExceeded:
        """Return the error for a request that would use more than is left."""
        told = f"{amount:g} {self.quota.replace('_', ' ')}"
        extra: dict[str, object] = {
            "quota": str(self.quota),
            "limit": self.limit,
            "remaining": self.remaining,
        }
        if self.reset_s is not None:
            extra["reset_s"] = round(self.reset_s, 3)
        return QuotaExceeded(
            f"The request needs {told}; {self.remaining:g} of {self.limit:g} are left.",
            extra=extra,
            retry_after_s=_RETRY_IN_USE_S if self.reset_s is None else self.reset_s,
        )


def rate_limit_headers(standings: Iterable[Standing]) -> dict[str, str]:
    """Return the headers of all quotas that apply to an answer.

    The form is that of draft-ietf-httpapi-ratelimit-headers-10: structured fields (RFC 9651), a
    string for each policy; q quota, w window in seconds, qu unit; r remaining, t seconds to the
    reset.
    """
    limited = [standing for standing in standings if not standing.unlimited]
    if not limited:
        return {}
    return {
        "RateLimit-Policy": ", ".join(map(_policy, limited)),
        "RateLimit": ", ".join(map(_left, limited)),
    }


def _policy(standing: Standing) -> str:
    quota = standing.quota
    window = "" if quota.window_s is None else f";w={quota.window_s}"
    unit = f';qu="{_UNITS[quota]}"' if quota in _UNITS else ""
    return f'"{quota}";q={math.floor(standing.limit)}{window}{unit}'


def _left(standing: Standing) -> str:
    reset = "" if standing.reset_s is None else f";t={math.ceil(standing.reset_s)}"
    return f'"{standing.quota}";r={max(0, math.floor(standing.remaining))}{reset}'
