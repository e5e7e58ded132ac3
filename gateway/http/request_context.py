"""The record of a request, kept in its ASGI scope."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Scope

from gateway.operations.exchange import Exchange, request_id_of

_KEY = "semblant.exchange"


def begin_exchange(scope: Scope) -> Exchange:
    """Open the record of a request and leave it in the request's scope."""
    exchange = Exchange(request_id_of(Headers(scope=scope).get("x-request-id", "")))
    scope[_KEY] = exchange
    return exchange


def exchange_of(request: HTTPConnection) -> Exchange:
    """Return the record of a request."""
    exchange: Exchange = request.scope[_KEY]
    return exchange
