"""Limits on request bodies: bytes counted and timed as they arrive, regardless of headers.

Plain ASGI and outermost, so that nothing behind it ever sees more than the limit. It raises in the
reader of the body; the response is built where all errors are handled.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import PayloadTooLarge, RequestTimeout

LINGER_S = 2.0
LINGER_BYTES = 8 * 2**20
"""Seconds and bytes a sender may continue after an early response, before disconnection."""


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Limits on reading a body.

    Attributes:
        max_bytes: Maximum size of a whole body.
        timeout_s: Seconds from its first wanted byte to its last.
    """

    max_bytes: int
    timeout_s: float


class BodyLimits:
    """Middleware that bounds the size of request bodies and the time they take.

    Args:
        app: The guarded application.
        limits: Returns the limits that apply to a request.
    """

    def __init__(self, app: ASGIApp, *, limits: Callable[[Scope], ReadLimits]) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        guard = _Guard(scope, receive, send, self._limits(scope))
        await self._app(scope, guard.receive, guard.send)


class _Guard:
    """Receive and send of one request."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limits: ReadLimits) -> None:
        headers = Headers(scope=scope)
        declared = headers.get("content-length", "")
        self._declared = int(declared) if declared.isdecimal() else 0
        self._receive, self._send = receive, send
        self._max_bytes, self._timeout_s = limits.max_bytes, limits.timeout_s
        self._seen = 0
        self._until: float | None = None
        self._complete = not self._declared and "transfer-encoding" not in headers

    async def receive(self) -> Message:
        """Pass on the next message.

        Raises:
            PayloadTooLarge: at the first byte too many, or at once if so many are announced.
            RequestTimeout: if the body is not there in time.
        """
        if self._complete:
            return await self._receive()  # only the news that the caller is gone can come
        if self._declared > self._max_bytes:
            raise self._too_large()
        if self._until is None:
            self._until = time.monotonic() + self._timeout_s
        try:
            async with asyncio.timeout(max(0.0, self._until - time.monotonic())):
                message = await self._receive()
        except TimeoutError:
            raise RequestTimeout(
                f"The upload did not arrive within {self._timeout_s:g} seconds."
            ) from None
        self._seen += len(message.get("body", b""))
        if self._seen > self._max_bytes:
            raise self._too_large()
        if not message.get("more_body", False):
            self._complete = True
        return message

    async def send(self, message: Message) -> None:
        """Pass on a message of the answer; an answer before the body's end closes politely."""
        if self._complete:
            await self._send(message)
            return
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["connection"] = "close"
            await self._send(message)
        elif message.get("more_body", False):
            await self._send(message)
        else:
            await self._send({**message, "more_body": True})
            await self._linger()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _linger(self) -> None:
        """Throw away what still arrives for a moment.

        Closing while the sender is in the middle of it would reset the connection, and the answer
        could be lost on its way. An ordinary photograph gets through in that moment.
        """
        thrown_away = 0
        try:
            async with asyncio.timeout(LINGER_S):
                while not self._complete and thrown_away <= LINGER_BYTES:
                    message = await self._receive()
                    thrown_away += len(message.get("body", b""))
                    self._complete = not message.get("more_body", False)
        except TimeoutError:
            return

    def _too_large(self) -> PayloadTooLarge:
        return PayloadTooLarge(
            f"At most {self._max_bytes} bytes may be sent.", extra={"max_bytes": self._max_bytes}
        )
