"""Execution of a request: queued, with a deadline, and cancelled when the caller leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from gateway.deadline import Deadline
from gateway.errors import DeadlineExceeded, InferenceOverloaded, RequestCanceled
from gateway.operations.exchange import Exchange
from gateway.serving.admission import Ticket
from gateway.serving.services import Services
from gateway.telemetry.spans import add_past

T = TypeVar("T")


async def perform(
    services: Services,
    exchange: Exchange,
    work: Callable[[Deadline], Awaitable[T]],
    seconds: float,
    *,
    ticket: Ticket,
    leaving: Coroutine[Any, Any, None] | None = None,
) -> T:
    """Wait for a place, then work, both within `seconds`.

    The work is cancelled, and with it its inference calls, when time is up or the caller goes away.

    Args:
        services: The service's parts.
        exchange: The record of the request.
        work: What is done, by a deadline.
        seconds: For waiting and working together.
        ticket: With which the request was admitted.
        leaving: Ends when the caller has left; None where its leaving cancels the caller of this.

    Raises:
        DeadlineExceeded: the deadline has passed.
        RequestCanceled: the caller has left.
        Overloaded: it could not be done in time.
    """
    deadline = Deadline.after(seconds)

    async def in_turn() -> T:
        async with services.admission.place(ticket, deadline.remaining()) as waited_s:
            exchange.timings.add("queue", waited_s)
            add_past("queue", waited_s)
            return await work(deadline)

    working = asyncio.create_task(in_turn(), name=f"work-{exchange.request_id}")
    watched = [asyncio.create_task(leaving)] if leaving is not None else []
    try:
        await asyncio.wait(
            [working, *watched], timeout=deadline.check(), return_when=asyncio.FIRST_COMPLETED
        )
        if working.done():
            if isinstance(working.exception(), InferenceOverloaded):
                services.admission.limit.refused()
            return working.result()
        if any(task.done() for task in watched):
            raise RequestCanceled()
        raise DeadlineExceeded(f"The request did not finish within {seconds:g} seconds.")
    finally:
        for task in (working, *watched):
            task.cancel()
        await asyncio.gather(working, *watched, return_exceptions=True)
