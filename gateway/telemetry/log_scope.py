"""Fields of every log record in a scope: which request or job it is about, and which span.

They are carried as the current span is, see `spans.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

from gateway.telemetry.spans import current

_NONE: Mapping[str, str] = MappingProxyType({})
_fields: ContextVar[Mapping[str, str]] = ContextVar("log_fields", default=_NONE)


@contextmanager
def log_scope(**fields: str) -> Iterator[None]:
    """Add fields to the log records of the block, in whichever thread they are made."""
    before = _fields.set({**_fields.get(), **fields})
    try:
        yield
    finally:
        _fields.reset(before)


def scope_fields() -> dict[str, str]:
    """Return the fields of a record that is made now."""
    span = current()
    ids = {"trace_id": span.trace_id, "span_id": span.span_id} if span.trace_id else {}
    return {**_fields.get(), **ids}
