"""A collector that is away, refuses or hangs costs spans, and nothing else."""

import logging
import sys
import threading

import pytest
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from gateway.logs import set_levels
from gateway.serving.services import running
from gateway.serving.testing import fake_services
from gateway.serving.tracing import tracer_of
from gateway.settings import Settings
from gateway.telemetry.otlp import COMPLAIN_S, ComplainingExporter
from gateway.telemetry.spans import NO_TRACER, Kind, entered, span
from tests.unit.http.app import files
from tests.unit.telemetry.collector import collecting, tracer_to
from tests.unit.telemetry.test_traces import client_of

NOWHERE = "http://127.0.0.1:1/v1/traces"  # nobody listens


@pytest.fixture(autouse=True)
def levels():
    """Restore the levels of loggers."""
    names = ("", "gateway", "semblant", "semblant_triton", "uvicorn", "opentelemetry")
    before = {name: logging.getLogger(name).level for name in names}
    set_levels("info")
    yield
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


async def test_an_absent_collector_fails_no_request(caplog):
    services = fake_services(tracer=tracer_to(NOWHERE, timeout_s=0.2))
    async with running(services), client_of(services) as http:
        assert (await http.post("/v1/swaps", files=files())).is_success
    told = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(told) <= 2  # at most: it could not be sent, and not in time
    assert all(record.name == "gateway.telemetry.otlp" for record in told)


async def test_a_hanging_collector_holds_nobody_up():
    with collecting() as collector:
        collector.hang.clear()
        tracer = tracer_to(collector.endpoint, timeout_s=0.3)
        services = fake_services(tracer=tracer)
        ended = threading.Event()
        async with running(services), client_of(services) as http:
            for _ in range(3):
                assert (await http.post("/v1/swaps", files=files())).is_success
            ending = threading.Thread(target=lambda: (tracer.close(), ended.set()))
            ending.start()
            # Well below the half minute that the SDK would wait, with room for a busy machine.
            assert ended.wait(15)
            ending.join()
            assert not collector.spans


class Failing(SpanExporter):
    def __init__(self):
        self.calls = 0

    def export(self, spans):
        self.calls += 1
        if self.calls % 2:
            raise OSError("http://user:password@collector")
        return SpanExportResult.FAILURE


def test_it_is_logged_once_a_minute_without_the_reason(caplog):
    now = [0.0]
    exporter = ComplainingExporter(Failing(), lambda: now[0])
    for _ in range(10):
        assert exporter.export([None]) is SpanExportResult.FAILURE
    assert [record.getMessage() for record in caplog.records] == [
        "1 spans could not be sent to the collector"
    ]
    now[0] = COMPLAIN_S
    exporter.export([None])
    assert caplog.records[-1].getMessage() == "10 spans could not be sent to the collector"
    assert "password" not in caplog.text


def test_spans_at_the_end_are_sent():
    with collecting() as collector:
        tracer = tracer_to(collector.endpoint)
        tracer.start()
        with entered(tracer.root("last", Kind.INTERNAL, {})), span("within"):
            pass
        tracer.close()
        assert {seen.name for seen in collector.spans} == {"last", "within"}


def test_without_an_endpoint_there_is_no_tracer():
    assert tracer_of(Settings()) is NO_TRACER
    with span("nothing") as made:
        assert not made.trace_id
        assert not made.headers()


def test_without_the_packages_there_is_a_warning(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "gateway.telemetry.otlp", None)
    assert tracer_of(Settings(traces_endpoint=NOWHERE)) is NO_TRACER
    assert "telemetry" in caplog.text


def test_the_settings_make_a_tracer():
    with collecting() as collector:
        tracer = tracer_of(
            Settings(
                traces_endpoint=collector.endpoint,
                traces_sample_pct=100,
                traces_service_name="fusion",
                traces_service_instance="here",
            )
        )
        tracer.start()
        tracer.root("one", Kind.INTERNAL, {}).end()
        tracer.close()
    assert collector.resource["service.name"] == "fusion"
    assert collector.resource["service.instance.id"] == "here"
