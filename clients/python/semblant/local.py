"""The service inside this process for code without an event loop: models are loaded once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal

from semblant.client import Client

if TYPE_CHECKING:
    from gateway.settings import Settings


@contextmanager
def local(
    *,
    execution_providers: Sequence[str] = ("cpu",),
    execution_threads: int = 0,
    timeout_s: float = 60.0,
    settings: Settings | None = None,
) -> Iterator[Client]:
    """Run the models in this process for the time of the block, and yield a client of them.

    Loading models takes seconds; each call in the block takes what its work takes. It works in
    notebooks, too, and may be used from several threads. Videos are rendered by `semblant.run`, or
    by a server.

    Args:
        execution_providers: ONNX Runtime's providers, by short or full names, first choice first.
        execution_threads: Threads per model; 0 = as many as the machine's cores.
        timeout_s: Seconds a call may take.
        settings: Of the service, instead of the other arguments.

    Raises:
        SetupIncomplete: models are missing, or the package's extra `local`.
    """
    from gateway.settings import Settings  # noqa: PLC0415 - a client of a server needs none of it
    from semblant.in_process import provider_names, service  # noqa: PLC0415

    chosen = settings or Settings(
        backend="local",
        cpu_threads=execution_threads,
        execution_providers=provider_names(execution_providers),
    )
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(service(chosen, timeout_s=timeout_s)) as transport,
        Client(
            "http://in-process", timeout_s=timeout_s, transport=_Across(portal, transport)
        ) as client,
    ):
        yield client


class _Across(httpx.BaseTransport):
    """Sends requests of any thread to an application on an event loop in another one.

    Args:
        portal: The way to the loop.
        transport: To the application.
    """

    def __init__(self, portal: BlockingPortal, transport: httpx.AsyncBaseTransport) -> None:
        self._portal = portal
        self._transport = transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the whole answer to a request."""
        request.read()
        return self._portal.call(self._answer, request)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        sent = httpx.Request(
            request.method, request.url, headers=request.headers, content=request.content
        )
        answer = await self._transport.handle_async_request(sent)
        content = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, content=content)
