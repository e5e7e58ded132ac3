"""What the client sends its requests with; see `client.py`."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import httpx
from httpx_retries import Retry, RetryTransport

from semblant.calls import request_failure, server_address, tenant_header

DEFAULT_SERVER = "http://127.0.0.1:8000"
_METHODS = ("GET", "HEAD", "POST", "DELETE")
_BUSY = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)


class AsyncHttpCalls:
    """A connection to a server; its arguments are those of the client."""

    def __init__(
        self,
        server: str = DEFAULT_SERVER,
        *,
        timeout_s: float = 60.0,
        tenant: str | None = None,
        retries: int = 2,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        retry = Retry(
            total=retries,
            allowed_methods=_METHODS,
            status_forcelist=_BUSY,
            backoff_factor=0.25,
            total_timeout=timeout_s,
        )
        self._http = httpx.AsyncClient(
            base_url=server_address(server),
            headers=tenant_header(tenant),
            transport=RetryTransport(transport or httpx.AsyncHTTPTransport(), retry),
        )
        self._timeout_s = timeout_s

    async def _send(self, arguments: dict[str, Any]) -> httpx.Response:
        try:
            return await self._http.request(**arguments)
        except httpx.RequestError as error:
            raise request_failure(error) from error

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        await self.close()
