"""The caller's trace, for servers to add their spans to."""

from __future__ import annotations

import sys


def trace_headers() -> dict[str, str]:
    """Return W3C's `traceparent` and `tracestate` of the current span; nothing where there is none.

    It is OpenTelemetry's current span: a program that has one has imported that. Other programs do
    not pay for the import.
    """
    headers: dict[str, str] = {}
    if "opentelemetry.trace" in sys.modules:
        from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415 - see above
            TraceContextTextMapPropagator,
        )

        TraceContextTextMapPropagator().inject(headers)
    return headers
