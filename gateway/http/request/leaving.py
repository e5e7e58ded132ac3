"""Callers that disconnect."""

from __future__ import annotations

from starlette.requests import Request


async def caller_leaves(request: Request) -> None:
    """Return once the caller of a request, whose body has been read, has disconnected."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
