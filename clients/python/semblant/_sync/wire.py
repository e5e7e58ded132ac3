"""Calls of gRPC in threads; those on event loops are made of them, see `_async/wire.py`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message

from semblant.access import Access
from semblant.rpc.failures import failure
from semblant.rpc.methods import (
    OPTIONS,
    Answer,
    credentials,
    metadata,
    methods,
    request_id_of,
    serialized,
)
from semblant.tracing import trace_headers

T = TypeVar("T")

Attempt = Callable[[float], T]
"""A call that may be repeated; it is told the seconds that are left."""
_LAST_S = 1.0
"""Seconds that the source of messages is waited for when a call is over."""


class Wire:
    """A connection to a server; several threads may use it."""

    def __init__(self, access: Access) -> None:
        """Open the channel, which connects with the first call."""
        self._server = access.server
        self._metadata = metadata(access)
        secured = credentials(access)
        self._channel: Any = (
            grpc.insecure_channel(access.target, OPTIONS)
            if secured is None
            else grpc.secure_channel(access.target, secured, OPTIONS)
        )

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def call(
        self, name: str, request: Message | Iterator[Message], timeout_s: float | None = None
    ) -> Call:
        """Begin a call.

        Args:
            name: Of the method.
            request: What is sent: a message, or several, which a thread of gRPC's asks for.
            timeout_s: The deadline of the call, in seconds from now; None: there is none.
        """
        method = methods()[name]
        made = getattr(self._channel, method.shape)(
            method.path, request_serializer=serialized, response_deserializer=method.answer
        )
        start = made.future if method.shape.endswith("_unary") else made
        sent = None if isinstance(request, Message) else _Sent(request)
        told = (*self._metadata, *trace_headers().items())
        begun = start(sent or request, timeout=timeout_s, metadata=told)
        if sent is not None:
            sent.begin(begun)
        return Call(begun, sent, self._server)

    def unary(self, name: str, request: Message, timeout_s: float) -> Answer:
        """Return the answer to a request.

        Raises:
            SemblantError: what the call reports.
        """
        with closing(self.call(name, request, timeout_s)) as call:
            return call.answer()

    def upload(self, name: str, messages: Iterator[Message], timeout_s: float) -> Answer:
        """Return the answer to several messages.

        Raises:
            SemblantError: what the call reports.
            OSError: a file cannot be read.
        """
        with closing(self.call(name, messages, timeout_s)) as call:
            return call.answer()

    def stream(
        self, name: str, request: Message, timeout_s: float | None = None
    ) -> Generator[Message, None]:
        """Yield the answers to a request; raises as `unary`."""
        with closing(self.call(name, request, timeout_s)) as call:
            yield from call

    def collected(self, name: str, request: Message, timeout_s: float) -> tuple[list[Message], str]:
        """Return all answers to a request, and its id; raises as `unary`."""
        with closing(self.call(name, request, timeout_s)) as call:
            return list(call), call.request_id


class Call:
    """A call that has begun, to be closed."""

    def __init__(self, call: Any, sent: _Sent | None, server: str) -> None:
        """Take gRPC's call, and what it sends where that is several messages."""
        self._call = call
        self._sent = sent
        self._server = server

    @property
    def request_id(self) -> str:
        """The id in the operator's log, of a call that is over."""
        return request_id_of(self._call.trailing_metadata())

    def answer(self) -> Answer:
        """Return the one answer, once it is there.

        Raises:
            SemblantError: what the call reports.
            Exception: what went wrong with the messages.
        """
        try:
            message = self._call.result()
        except (grpc.RpcError, grpc.FutureCancelledError) as error:
            raise self._reason() from error
        return Answer(message, self.request_id)

    def __iter__(self) -> Generator[Message, None]:
        """Yield the answers; raises as `answer`."""
        try:
            yield from self._call
        except grpc.RpcError as error:
            raise self._reason() from error

    def when_done(self, tell: Callable[[], None]) -> None:
        """Let something be called, in any thread, when the one answer, or an error, is there."""
        self._call.add_done_callback(lambda _: tell())

    def cancel(self) -> None:
        """End the call; whoever waits for its answers is told at once."""
        self._call.cancel()

    def close(self) -> None:
        """End the call, and the sending of its messages."""
        self._call.cancel()
        if self._sent is not None:
            self._sent.end()

    def _reason(self) -> Exception:
        if self._sent is not None and self._sent.failed is not None:
            return self._sent.failed
        return failure(self._call, self._server)


class _Sent:
    """Gives a thread of gRPC's the messages of a call, until the call is over.

    gRPC forgets that thread when the call is over: without an end of ours it waited on for a
    message that nobody wants.
    """

    def __init__(self, messages: Iterator[Message]) -> None:
        self._messages = messages
        self._call: Any = None
        self._begun, self._asking = threading.Event(), threading.Lock()
        self._over = False
        self.failed: Exception | None = None
        """What went wrong with the messages."""

    def begin(self, call: Any) -> None:
        """Take the call, which an error of the messages ends."""
        self._call = call
        self._begun.set()

    def __iter__(self) -> Iterator[Message]:
        return self

    def __next__(self) -> Message:
        self._begun.wait()
        with self._asking:
            if self._over:
                raise StopIteration
            try:
                return next(self._messages)
            except StopIteration:
                raise
            except Exception as error:
                # An error that reaches gRPC is logged; and the messages must not seem complete.
                self.failed = error
                self._call.cancel()
                raise StopIteration from None

    def end(self) -> None:
        """Let no more messages be asked for; one that is asked for is waited for for a moment."""
        self._over = True
        if self._asking.acquire(timeout=_LAST_S):
            self._asking.release()
            close = getattr(self._messages, "close", None)
            if close is not None:
                close()
