"""A client passes its caller's trace on, at both doors."""

import sys

import pytest
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from semblant.tracing import trace_headers

from gateway.serving.testing import fake_services
from tests.unit.http.app import photograph, saved
from tests.unit.sdk.served import DOORS, KINDS, serving
from tests.unit.telemetry.collector import collecting, tracer_to

TRACE, SPAN = 0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7


def span():
    flags = TraceFlags(TraceFlags.SAMPLED)
    return NonRecordingSpan(SpanContext(TRACE, SPAN, is_remote=False, trace_flags=flags))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("door", DOORS)
async def test_the_servers_span_is_within_the_callers(door, kind):
    with collecting() as collector:
        services = fake_services(tracer=tracer_to(collector.endpoint))
        async with serving(services) as served:
            with trace.use_span(span()):
                picture = saved(photograph())
                await served.call(door, kind, "swap", picture, picture)
    (server,) = [seen for seen in collector.spans if seen.kind == "server"]
    assert (server.trace_id, server.parent_id) == (f"{TRACE:032x}", f"{SPAN:016x}")


def test_without_a_span_nothing_is_added():
    assert trace_headers() == {}


def test_without_opentelemetry_nothing_is_added(monkeypatch):
    with trace.use_span(span()):
        assert trace_headers()
        monkeypatch.delitem(sys.modules, "opentelemetry.trace")
        assert trace_headers() == {}
