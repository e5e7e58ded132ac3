"""What the client sends its requests with; see `client.py`."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import httpx

from gateway.errors import SetupIncomplete
from semblant._async.http_calls import AsyncHttpCalls
from semblant.access import DEFAULT_SERVER, Access, read_access

if TYPE_CHECKING:
    from semblant._async.grpc_calls import AsyncGrpcCalls


class AsyncConnection:
    """A connection to a server; its arguments are those of the client."""

    def __init__(
        self,
        server: str = DEFAULT_SERVER,
        *,
        timeout_s: float = 60.0,
        tenant: str | None = None,
        api_key: str | None = None,
        retries: int = 2,
        root_certificates: str | Path | None = None,
        client_certificate: str | Path | None = None,
        client_key: str | Path | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        access = read_access(
            server,
            tenant=tenant,
            api_key=api_key,
            root_certificates=root_certificates,
            client_certificate=client_certificate,
            client_key=client_key,
        )
        self._timeout_s = timeout_s
        self._calls: AsyncHttpCalls | AsyncGrpcCalls
        if not access.by_grpc:
            self._calls = AsyncHttpCalls(
                access, timeout_s=timeout_s, retries=retries, transport=transport
            )
        elif transport is not None:
            raise ValueError("`transport` is of HTTP")
        else:
            self._calls = _by_grpc(access, retries)

    async def close(self) -> None:
        """Close the connections."""
        await self._calls.close()

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


def _by_grpc(access: Access, retries: int) -> AsyncGrpcCalls:
    try:
        from semblant._async.grpc_calls import AsyncGrpcCalls  # noqa: PLC0415 - HTTP needs none
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("grpc", "google"):
            raise
        raise SetupIncomplete(
            f"Servers at grpc:// addresses need {error.name}: pip install 'semblant[grpc]'."
        ) from error
    return AsyncGrpcCalls(access, retries=retries)
