"""The one way in, for HTTP and gRPC alike: who calls, whether they may, and how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.access.authenticator import Authenticator, Credentials
from gateway.access.caller import Caller, Scope, require
from gateway.access.standing import Quota, Standing


class Book(Protocol):
    """Counts what tenants use; see `gateway.access.quotas.Quotas`."""

    async def admit(
        self, tenant: str, quota: Quota, amount: float = 1, *, in_use: float = 0
    ) -> Standing:
        """Let a tenant use something.

        Raises:
            QuotaExceeded: that is more than is left.
            JobsUnavailable: the database is not reachable.
        """
        ...

    def standing(self, tenant: str, quota: Quota, *, in_use: float = 0) -> Standing:
        """Return how a tenant stands with a quota; may block.

        Raises:
            JobsUnavailable: the database is not reachable.
        """
        ...

    def refund(
        self, tenant: str, quota: Quota, amount: float, *, window: int | None = None
    ) -> None:
        """Give something back that was not used after all; may block."""
        ...


@dataclass(frozen=True, slots=True)
class Entered:
    """A caller that was let in.

    Attributes:
        caller: Who it is.
        standing: How its tenant stands with requests; None where nothing is counted.
    """

    caller: Caller
    standing: Standing | None = None


class Entry:
    """Lets callers in."""

    def __init__(self, authenticator: Authenticator, book: Book | None = None) -> None:
        """Take what finds out who calls, and what counts; None: nothing is limited."""
        self._authenticator = authenticator
        self.book = book
        """What counts; None: nothing is limited."""

    async def enter(self, credentials: Credentials, scope: Scope) -> Entered:
        """Let a request in.

        Raises:
            Unauthenticated, PermissionDenied, InvalidRequest: it may not be made.
            QuotaExceeded: its tenant has made too many.
            IssuerUnavailable, JobsUnavailable: that cannot be found out at present.
        """
        caller = await self._authenticator.authenticate(credentials)
        require(caller, scope)
        if self.book is None:
            return Entered(caller)
        return Entered(caller, await self.book.admit(caller.tenant, Quota.REQUESTS))

    async def still_in(self, credentials: Credentials, scope: Scope) -> None:
        """Check again that a long request may go on: its credential may have been revoked.

        Raises:
            Unauthenticated, PermissionDenied: it may not.
            IssuerUnavailable, JobsUnavailable: that cannot be found out at present.
        """
        require(await self._authenticator.authenticate(credentials), scope)
