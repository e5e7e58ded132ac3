"""What handlers ask for in their signatures, read from the request and documented with it."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Header, Request
from pydantic.json_schema import SkipJsonSchema

from gateway.access.authenticator import Credentials, challenge
from gateway.access.caller import DEFAULT_TENANT, TENANT, Scope
from gateway.errors import AccessError
from gateway.http import request_context
from gateway.http.request.negotiate import JSON, Accepted, acceptable
from gateway.operations.exchange import Exchange
from gateway.serving.services import Services

LEAST_S = 0.001
"""Seconds that a caller may give the work, at least."""


async def services_of(request: Request) -> Services:
    """Return the services the application was made with."""
    services: Services = request.app.state.services
    return services


async def exchange_of(
    request: Request,
    request_id: Annotated[
        str,
        Header(
            alias="X-Request-Id",
            description="Echoed, and in the log: 1–64 letters, digits, `.`, `_`, `:`, `-`.",
            json_schema_extra={"pattern": "^[A-Za-z0-9._:-]{1,64}$"},
        ),
    ] = "",
) -> Exchange:
    """Return the record of a request; its id was read before."""
    return request_context.exchange_of(request)


async def requested_limit_s(
    limit_s: Annotated[
        float | SkipJsonSchema[None],
        Header(
            alias="X-Request-Timeout",
            ge=LEAST_S,
            description="Seconds the work may take, queue included; at most the service's limit.",
            examples=[5],
        ),
    ] = None,
    other_s: Annotated[
        float | None, Header(alias="Request-Timeout", ge=LEAST_S, include_in_schema=False)
    ] = None,
) -> float:
    """Return the seconds the work may take, as requested; infinite if nothing is."""
    stated = [seconds for seconds in (limit_s, other_s) if seconds is not None]
    return stated[0] if stated else math.inf


def accepting(*offers: str) -> Callable[..., Awaitable[Accepted]]:
    """Return a dependency that matches `Accept` with the available media types.

    Raises:
        NotAcceptable: when called, naming what could be had.
    """

    async def accepted(
        accept: Annotated[str | None, Header(include_in_schema=False)] = None,
    ) -> Accepted:
        return acceptable(accept, offers)

    return accepted


AnswersJson = Depends(accepting(JSON))
"""Refuses requests that accept no JSON."""
RunningServices = Annotated[Services, Depends(services_of)]
RequestRecord = Annotated[Exchange, Depends(exchange_of)]
RequestedLimit = Annotated[float, Depends(requested_limit_s)]
"""Seconds, at most infinite."""


def calling(scope: Scope) -> Callable[..., Awaitable[str]]:
    """Return a dependency that lets callers in who may use a scope, and gives their tenant.

    Raises:
        Unauthenticated, PermissionDenied, InvalidRequest, QuotaExceeded: when called, by name.
        IssuerUnavailable, JobsUnavailable: likewise.
    """

    async def tenant(
        request: Request,
        named: Annotated[
            str | SkipJsonSchema[None],
            Header(
                alias="X-Semblant-Tenant",
                description="Tenant that owns what is made and seen; with authentication it is "
                "the credential's, and no other may be named.",
                examples=[DEFAULT_TENANT],
                json_schema_extra={"pattern": f"^{TENANT.pattern}$"},
            ),
        ] = None,
        authorization: Annotated[str | None, Header(include_in_schema=False)] = None,
        api_key: Annotated[str | None, Header(alias="X-API-Key", include_in_schema=False)] = None,
    ) -> str:
        peer = request.client.host if request.client else None
        credentials = Credentials(authorization, api_key, named, peer)
        services, exchange = await services_of(request), request_context.exchange_of(request)
        try:
            entered = await services.entry.enter(credentials, scope)
        except AccessError as error:
            exchange.headers["WWW-Authenticate"] = challenge(error, credentials)
            raise
        if entered.standing is not None:
            exchange.headers.update(entered.standing.headers())
        exchange.tenant, exchange.actor = entered.caller.tenant, entered.caller.name
        return entered.caller.tenant

    return tenant


JobsTenant = Annotated[str, Depends(calling(Scope.JOBS))]
IdentitiesTenant = Annotated[str, Depends(calling(Scope.IDENTITIES))]
"""The tenant of a caller who may use that scope."""
MaySwap = Depends(calling(Scope.SWAP))
MayUseModels = Depends(calling(Scope.MODELS))
"""Let callers in who may use that scope."""
