"""One call: who makes it, what is known of it, and how long it may take."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc
from google.protobuf.message import DecodeError, Message

from gateway.access.authenticator import Credentials
from gateway.access.caller import Caller, Scope
from gateway.deadline import Deadline
from gateway.errors import InvalidRequest, JobsDisabled, MissingField, RequestCanceled
from gateway.jobs.protocol import JobEngine
from gateway.operations.exchange import Exchange
from gateway.operations.execution import perform
from gateway.serving.admission import Ticket
from gateway.serving.services import Services

M = TypeVar("M", bound=Message)
T = TypeVar("T")

TENANT_KEY, REQUEST_ID_KEY = "x-semblant-tenant", "x-request-id"
"""Names of metadata."""


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """What the endpoints know of a call.

    Attributes:
        services: The service's parts.
        context: Of gRPC.
        exchange: The record of the call.
        caller: Who makes it.
        credentials: By which that is known.
        scope: What it is about.
    """

    services: Services
    context: grpc.aio.ServicerContext[Any, Any]
    exchange: Exchange
    caller: Caller
    credentials: Credentials
    scope: Scope

    @property
    def tenant(self) -> str:
        """Whose call it is."""
        return self.caller.tenant

    async def check_again(self) -> None:
        """Check that a long call may go on.

        Raises:
            Unauthenticated, PermissionDenied: its credential was revoked or has expired.
            IssuerUnavailable, JobsUnavailable: that cannot be found out at present.
        """
        await self.services.entry.still_in(self.credentials, self.scope)

    @property
    def engine(self) -> JobEngine:
        """The engine of jobs.

        Raises:
            JobsDisabled: there is none.
        """
        if self.services.jobs is None:
            raise JobsDisabled()
        return self.services.jobs

    def limit_s(self, most_s: float) -> float:
        """Return the seconds that the call may take: the caller's, at most `most_s`."""
        left = self.context.time_remaining()
        return most_s if left is None else min(most_s, max(left, 1e-3))

    def ticket(self, kind: str, most_s: float) -> AbstractContextManager[Ticket]:
        """Be admitted for the time of the block; see `Admission.ticket`."""
        return self.services.admission.ticket(kind, self.limit_s(most_s))

    async def perform(
        self, work: Callable[[Deadline], Awaitable[T]], most_s: float, ticket: Ticket
    ) -> T:
        """Wait for a place, then work, both within the seconds that there are.

        Raises:
            DeadlineExceeded: the deadline has passed.
            Overloaded: it could not be done in time.
        """
        limit_s = self.limit_s(most_s)
        return await perform(self.services, self.exchange, work, limit_s, ticket=ticket)


def credentials_of(metadata: Mapping[str, str | bytes], peer: str) -> Credentials:
    """Return what a call's metadata say of its caller."""

    def text(name: str) -> str | None:
        value = metadata.get(name)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value

    return Credentials(text("authorization"), text("x-api-key"), text(TENANT_KEY), peer)


def parsed(kind: type[M], data: bytes) -> M:
    """Return a message from its bytes.

    Raises:
        InvalidRequest: they are none of it.
    """
    try:
        return kind.FromString(data)
    except (DecodeError, UnicodeDecodeError):
        name = kind.DESCRIPTOR.name
        raise InvalidRequest(f"The message is no {name}.") from None


async def parsed_all(kind: type[M], stream: AsyncIterator[bytes]) -> AsyncIterator[M]:
    """Yield the messages of a stream from their bytes.

    Raises:
        InvalidRequest: one is none.
        RequestCanceled: the caller has left, or the server has stopped.
    """
    async for data in _received(stream):
        yield parsed(kind, data)


async def _received(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for data in stream:
            yield data
    except Exception as error:  # gRPC's own: nothing else makes receiving fail
        raise RequestCanceled() from error


def require_files(name: str, files: Sequence[bytes], *, least: int = 1, most: int) -> None:
    """Check how many files a field has.

    Raises:
        MissingField: too few.
        InvalidRequest: too many.
    """
    if len(files) < least:
        raise MissingField(errors=[{"pointer": f"/{name}", "detail": "required"}])
    if len(files) > most:
        raise InvalidRequest(
            f"`{name}` may have at most {most} files.",
            errors=[{"pointer": f"/{name}", "detail": f"may be there {most} times at most"}],
        )
