"""Clients of a running server: one for threads, one for event loops, nothing else differs."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from semblant.calls import (
    FacesResult,
    File,
    Options,
    SwapResult,
    faces_request,
    faces_result,
    request_failure,
    server_address,
    swap_request,
    swap_result,
)

DEFAULT_SERVER = "http://127.0.0.1:8000"


class Client:
    """A connection to a server.

    Args:
        server: Its address.
        timeout_s: Seconds a request may take; the server is told, too.
        transport: Where requests go instead of the network; for tests.

    Raises:
        ValueError: if the address is none.
    """

    def __init__(
        self,
        server: str = DEFAULT_SERVER,
        *,
        timeout_s: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = httpx.Client(base_url=server_address(server), transport=transport)
        self._timeout_s = timeout_s

    def swap(
        self,
        sources: File | Sequence[File],
        target: File,
        *,
        options: Options | None = None,
        media_type: str | None = None,
        reference: File | None = None,
    ) -> SwapResult:
        """Put the face of the sources into the target; see `POST /v1/swaps`.

        Args:
            sources: One portrait or several of the same person.
            target: The picture to change.
            options: As the API documents them.
            media_type: Of the result; default the target's own.
            reference: Who is meant, for `face_selector.mode = reference`.

        Raises:
            SemblantError: by its subclass; `InferenceUnavailable` if the server is not there.
        """
        arguments = swap_request(
            sources,
            target,
            options,
            media_type=media_type,
            reference=reference,
            timeout_s=self._timeout_s,
        )
        return swap_result(self._send(arguments))

    def faces(self, image: File, *, options: Options | None = None) -> FacesResult:
        """Return the faces of a picture; see `POST /v1/faces`.

        Raises:
            SemblantError: by its subclass; `InferenceUnavailable` if the server is not there.
        """
        return faces_result(self._send(faces_request(image, options, timeout_s=self._timeout_s)))

    def _send(self, arguments: dict[str, Any]) -> httpx.Response:
        try:
            return self._http.request(**arguments)
        except httpx.RequestError as error:
            raise request_failure(error) from error

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self.close()


class AsyncClient:
    """As `Client`, for an event loop."""

    def __init__(
        self,
        server: str = DEFAULT_SERVER,
        *,
        timeout_s: float = 60.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(base_url=server_address(server), transport=transport)
        self._timeout_s = timeout_s

    async def swap(
        self,
        sources: File | Sequence[File],
        target: File,
        *,
        options: Options | None = None,
        media_type: str | None = None,
        reference: File | None = None,
    ) -> SwapResult:
        """As `Client.swap`."""
        arguments = swap_request(
            sources,
            target,
            options,
            media_type=media_type,
            reference=reference,
            timeout_s=self._timeout_s,
        )
        return swap_result(await self._send(arguments))

    async def faces(self, image: File, *, options: Options | None = None) -> FacesResult:
        """As `Client.faces`."""
        arguments = faces_request(image, options, timeout_s=self._timeout_s)
        return faces_result(await self._send(arguments))

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
