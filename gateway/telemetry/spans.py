"""Spans: what took how long within what, as far as somebody wants to know.

The current span is carried in a context variable, which tasks inherit, and threads where work is
handed over to them (`Compute.run`, `EventLoopThreadPool.run`, `asyncio.to_thread`). A span is made
by the one around it, so nothing but the edges needs to know a `Tracer`. Without one, or in a trace
that is not sampled, a span costs a look at that variable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum, auto
from types import MappingProxyType
from typing import Protocol

from gateway.errors import SemblantError
from gateway.telemetry.attributes import Attribute, Attributes

NOTHING: Attributes = MappingProxyType({})
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
CANCELED = "canceled"
"""Type of the error of a span that was cut short; whoever cut it short says why."""


class Kind(Enum):
    """The side of a call that a span is on."""

    INTERNAL = auto()
    SERVER = auto()
    CLIENT = auto()


class Span(Protocol):
    """One span, open until `end`. Safe to use from any thread."""

    @property
    def trace_id(self) -> str:
        """Of its trace, 32 hexadecimal digits; empty where nothing is traced."""
        ...

    @property
    def span_id(self) -> str:
        """Its own, 16 hexadecimal digits; empty likewise."""
        ...

    @property
    def sampled(self) -> bool:
        """Whether it is kept."""
        ...

    def headers(self) -> Mapping[str, str]:
        """Return W3C's `traceparent` and `tracestate` for calls that are made within it."""
        ...

    def rename(self, name: str) -> None:
        """Give it another name."""
        ...

    def set(self, attributes: Attributes) -> None:
        """Add attributes."""
        ...

    def event(self, name: str, attributes: Attributes = NOTHING) -> None:
        """Add an event that happens now."""
        ...

    def fail(self, error_type: str) -> None:
        """Mark it as failed, by the code of the error, or the name of its class."""
        ...

    def child(self, name: str, kind: Kind, attributes: Attributes, *, ago_s: float = 0.0) -> Span:
        """Return a new span within it that began so many seconds ago."""
        ...

    def end(self) -> None:
        """End it."""
        ...


class Tracer(Protocol):
    """Begins traces, and sends those away that are sampled."""

    @property
    def active(self) -> bool:
        """Whether it does."""
        ...

    def start(self) -> None:
        """Begin to send."""
        ...

    def root(
        self,
        name: str,
        kind: Kind,
        attributes: Attributes,
        *,
        caller: Mapping[str, str] = NO_HEADERS,
        links: Sequence[str] = (),
    ) -> Span:
        """Return a span that is within no other one of this process.

        Args:
            name: Its name.
            kind: Its kind.
            attributes: Its attributes.
            caller: Headers that may have W3C's `traceparent` and `tracestate` of the caller's span.
            links: The `traceparent` of each span that led to this one without awaiting it. Without
                a caller's span, the first of them decides whether this one is sampled.
        """
        ...

    def close(self) -> None:
        """Send what there is, within the time that sending may take, and stop."""
        ...


class NoSpan:
    """A span that is none."""

    trace_id = span_id = ""
    sampled = False

    def headers(self) -> Mapping[str, str]:
        """Return none."""
        return NO_HEADERS

    def rename(self, name: str) -> None:
        """Do nothing."""

    def set(self, attributes: Attributes) -> None:
        """Do nothing."""

    def event(self, name: str, attributes: Attributes = NOTHING) -> None:
        """Do nothing."""

    def fail(self, error_type: str) -> None:
        """Do nothing."""

    def child(self, name: str, kind: Kind, attributes: Attributes, *, ago_s: float = 0.0) -> Span:
        """Return itself."""
        return self

    def end(self) -> None:
        """Do nothing."""


class NoTracer:
    """A tracer that traces nothing."""

    active = False

    def start(self) -> None:
        """Do nothing."""

    def root(
        self,
        name: str,
        kind: Kind,
        attributes: Attributes,
        *,
        caller: Mapping[str, str] = NO_HEADERS,
        links: Sequence[str] = (),
    ) -> Span:
        """Return no span."""
        return NO_SPAN

    def close(self) -> None:
        """Do nothing."""


NO_SPAN: Span = NoSpan()
NO_TRACER: Tracer = NoTracer()

_current: ContextVar[Span] = ContextVar("span", default=NO_SPAN)
_parent: ContextVar[Span | None] = ContextVar("parent_of_spans", default=None)
"""The current span where spans within it are wanted: it is sampled, and not only summarised."""


def current() -> Span:
    """Return the current span; `NO_SPAN` if there is none."""
    return _current.get()


def detailed() -> Span | None:
    """Return the current span, if spans within it are wanted."""
    return _parent.get()


@contextmanager
def entered(span: Span) -> Iterator[Span]:
    """Make a span the current one for the time of the block, with which it ends."""
    current_before = _current.set(span)
    parent_before = _parent.set(span if span.sampled else None)
    try:
        yield span
    except BaseException as error:
        span.fail(error_type(error))
        raise
    finally:
        _parent.reset(parent_before)
        _current.reset(current_before)
        span.end()


@contextmanager
def span(name: str, attributes: Attributes = NOTHING, kind: Kind = Kind.INTERNAL) -> Iterator[Span]:
    """Measure the block as a span within the current one, if such spans are wanted."""
    parent = _parent.get()
    if parent is None:
        yield NO_SPAN
        return
    with entered(parent.child(name, kind, attributes)) as made:
        yield made


@contextmanager
def summarized() -> Iterator[Span]:
    """Give the current span; within the block it gets events, but no spans within it.

    For what consists of thousands of small steps: a trace has room for hundreds.
    """
    before = _parent.set(None)
    try:
        yield _current.get()
    finally:
        _parent.reset(before)


def add_past(name: str, seconds: float) -> None:
    """Add a span within the current one that ends now and has lasted so many seconds."""
    parent = _parent.get()
    if parent is not None:
        parent.child(name, Kind.INTERNAL, NOTHING, ago_s=seconds).end()


def error_type(error: BaseException) -> str:
    """Return what a span says of an error: its code or class, never its message."""
    if isinstance(error, SemblantError):
        return error.spec.code
    if isinstance(error, asyncio.CancelledError | GeneratorExit):
        return CANCELED
    return type(error).__name__


def add_stages(timings_ms: Mapping[str, float]) -> None:
    """Add an event for each stage to the current span, which is only summarised."""
    here = _current.get()
    if here.sampled:
        for stage, milliseconds in timings_ms.items():
            here.event(
                "stage", {Attribute.STAGE: stage, Attribute.DURATION_MS: round(milliseconds, 3)}
            )
