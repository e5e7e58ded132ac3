"""Traces by OpenTelemetry's SDK, sent by its protocol over HTTP.

The provider is ours alone, never the process's: libraries that trace by themselves stay silent.
Sending has a thread, a bounded queue and a timeout of its own; spans without room are dropped.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    ParentBased,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import (
    INVALID_SPAN,
    Link,
    SpanKind,
    Status,
    StatusCode,
    TraceState,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace import Span as SdkSpan
from opentelemetry.trace import Tracer as SdkTracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes as SdkAttributes

from gateway.telemetry.attributes import Attribute, Attributes
from gateway.telemetry.spans import CANCELED, NO_HEADERS, NOTHING, Kind

log = logging.getLogger(__name__)

COMPLAIN_S = 60.0
"""Seconds between two log lines about spans that could not be sent."""
_QUEUE = 8192
_LIMITS = SpanLimits(max_span_attributes=32, max_events=64, max_links=8, max_attribute_length=256)
_KINDS = {
    Kind.INTERNAL: SpanKind.INTERNAL,
    Kind.SERVER: SpanKind.SERVER,
    Kind.CLIENT: SpanKind.CLIENT,
}
_W3C = TraceContextTextMapPropagator()
_NANO = 1e9


class OtlpTracer:
    """A `Tracer` that sends to a collector.

    Args:
        endpoint: The collector's address, such as `http://collector:4318/v1/traces`.
        sample_share: Of all traces that begin here, how many are sampled, 0-1.
        resource: Says whose spans they are, by OpenTelemetry's names of attributes.
        timeout_s: Seconds that sending may take, also at the end.
        exporter: In place of the network, for tests.
    """

    active = True

    def __init__(
        self,
        endpoint: str,
        *,
        sample_share: float,
        resource: Mapping[str, str],
        timeout_s: float,
        exporter: SpanExporter | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._timeout_s = timeout_s
        self._exporter = exporter
        self._provider = TracerProvider(
            sampler=ParentBased(_AsLinked(TraceIdRatioBased(sample_share))),
            resource=Resource.create(dict(resource)),
            span_limits=_LIMITS,
            shutdown_on_exit=False,
        )
        self._tracer = self._provider.get_tracer("semblant")
        self._started = False

    def start(self) -> None:
        """Begin to send; see `Tracer.start`. Calling it twice is fine."""
        if not self._started:
            self._started = True
            exporter = self._exporter or OTLPSpanExporter(self._endpoint, timeout=self._timeout_s)
            self._provider.add_span_processor(
                BatchSpanProcessor(ComplainingExporter(exporter), max_queue_size=_QUEUE)
            )

    def root(
        self,
        name: str,
        kind: Kind,
        attributes: Attributes,
        *,
        caller: Mapping[str, str] = NO_HEADERS,
        links: Sequence[str] = (),
    ) -> OtlpSpan:
        """Return a span; see `Tracer.root`."""
        origins = (get_current_span(_context({"traceparent": link})) for link in links)
        made = self._tracer.start_span(
            name,
            context=_context(caller),
            kind=_KINDS[kind],
            attributes=_plain(attributes),
            links=[Link(one.get_span_context()) for one in origins if one is not INVALID_SPAN],
        )
        return OtlpSpan(self._tracer, made)

    def close(self) -> None:
        """Send what there is; see `Tracer.close`."""
        # The SDK gives it half a minute: more than a process has that is told to stop.
        ending = threading.Thread(target=self._provider.shutdown, name="end-traces", daemon=True)
        ending.start()
        ending.join(self._timeout_s)
        if ending.is_alive():
            log.warning("spans could not be sent within %g seconds", self._timeout_s)


class OtlpSpan:
    """A `Span` of the SDK's."""

    __slots__ = ("_context", "_span", "_tracer", "sampled")

    def __init__(self, tracer: SdkTracer, span: SdkSpan) -> None:
        """Take the span, and what makes further ones."""
        self._tracer = tracer
        self._span = span
        self._context = span.get_span_context()
        self.sampled: bool = span.is_recording()

    @property
    def trace_id(self) -> str:
        """See `Span.trace_id`."""
        return format(self._context.trace_id, "032x")

    @property
    def span_id(self) -> str:
        """See `Span.span_id`."""
        return format(self._context.span_id, "016x")

    def headers(self) -> Mapping[str, str]:
        """Return W3C's headers; see `Span.headers`."""
        headers: dict[str, str] = {}
        _W3C.inject(headers, set_span_in_context(self._span, Context()))
        return headers

    def rename(self, name: str) -> None:
        """Give it another name."""
        self._span.update_name(name)

    def set(self, attributes: Attributes) -> None:
        """Add attributes."""
        self._span.set_attributes(_plain(attributes))

    def event(self, name: str, attributes: Attributes = NOTHING) -> None:
        """Add an event."""
        self._span.add_event(name, _plain(attributes))

    def fail(self, error_type: str) -> None:
        """Mark it as failed; what was cut short is not."""
        self.set({Attribute.ERROR_TYPE: error_type})
        if error_type != CANCELED:
            self._span.set_status(Status(StatusCode.ERROR))

    def child(
        self, name: str, kind: Kind, attributes: Attributes, *, ago_s: float = 0.0
    ) -> OtlpSpan:
        """Return a new span within it; see `Span.child`."""
        made = self._tracer.start_span(
            name,
            context=set_span_in_context(self._span, Context()),
            kind=_KINDS[kind],
            attributes=_plain(attributes),
            start_time=time.time_ns() - round(_NANO * ago_s) if ago_s else None,
        )
        return OtlpSpan(self._tracer, made)

    def end(self) -> None:
        """End it."""
        self._span.end()


class ComplainingExporter(SpanExporter):
    """Sends spans by another exporter, and logs once in a while that it cannot.

    Args:
        inner: Sends them.
        clock: Seconds, rising.
    """

    def __init__(self, inner: SpanExporter, clock: Callable[[], float] = time.monotonic) -> None:
        self._inner = inner
        self._clock = clock
        self._silent_until = float("-inf")
        self._lost = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans; see `SpanExporter.export`. Nothing is raised."""
        try:
            result = self._inner.export(spans)
        except Exception:  # whatever it is: the caller is a thread that must go on
            result = SpanExportResult.FAILURE
        if result is not SpanExportResult.SUCCESS:
            self._lost += len(spans)
            if self._clock() >= self._silent_until:
                # Neither the address, which may have a password, nor the reason, which repeats it.
                log.warning("%d spans could not be sent to the collector", self._lost)
                self._silent_until, self._lost = self._clock() + COMPLAIN_S, 0
        return result

    def shutdown(self) -> None:
        """Send no more."""
        self._inner.shutdown()


class _AsLinked(Sampler):
    """Samples what is linked from a sampled span, and of what is not linked a share."""

    def __init__(self, otherwise: Sampler) -> None:
        self._otherwise = otherwise

    def should_sample(  # noqa: PLR0917 - the SDK's
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: SdkAttributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        sampler = self._otherwise
        if links:
            sampler = ALWAYS_ON if links[0].context.trace_flags.sampled else ALWAYS_OFF
        return sampler.should_sample(
            parent_context, trace_id, name, kind, attributes, links, trace_state
        )

    def get_description(self) -> str:
        return f"AsLinked({self._otherwise.get_description()})"


def _context(headers: Mapping[str, str]) -> Context:
    """Return the context of a caller's span, as far as the headers have one."""
    return _W3C.extract(headers, Context())


def _plain(attributes: Attributes) -> dict[str, str | int | float | bool]:
    return {name.value: value for name, value in attributes.items()}
