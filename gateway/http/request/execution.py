"""Execution of a request: queued, with a deadline, and cancelled when the client disconnects."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from starlette.requests import Request

from gateway.deadline import Deadline
from gateway.errors import DeadlineExceeded, RequestCanceled
from gateway.http.request_context import Exchange
from gateway.serving.services import Services

T = TypeVar("T")


async def perform(
    services: Services,
    request: Request,
    work: Callable[[Deadline], Awaitable[T]],
    seconds: float,
) -> T:
    """Wait for a place, then work, both within `seconds`.

    The work is cancelled, and with it its inference calls, when time is up or the caller goes away.

    Raises:
        DeadlineExceeded: the deadline has passed.
        RequestCanceled: the client has disconnected.
    """
    deadline = Deadline.after(seconds)
    exchange = Exchange.of(request)

    async def in_turn() -> T:
        async with services.admission.place() as waited_s:
            exchange.timings.add("queue", waited_s)
            return await work(deadline)

    working = asyncio.create_task(in_turn(), name=f"work-{exchange.request_id}")
    leaving = asyncio.create_task(_caller_leaves(request))
    try:
        await asyncio.wait(
            {working, leaving}, timeout=deadline.check(), return_when=asyncio.FIRST_COMPLETED
        )
        if working.done():
            return working.result()
        if leaving.done():
            raise RequestCanceled()
        raise DeadlineExceeded(f"The request did not finish within {seconds:g} seconds.")
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _caller_leaves(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
