"""Traces of the service as a process, with Triton behind it, and how it ends."""

from __future__ import annotations

import signal
import time

import pytest

from tests.acceptance.service import running_gateway
from tests.unit.http.app import photograph, saved
from tests.unit.telemetry.collector import Collector, collecting

pytestmark = pytest.mark.server

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TIMEOUT_S = 1.0


def analysed_and_stopped(collector: Collector, folder) -> float:
    """Look at a picture in a process that is then told to stop; return how long that took."""
    settings = {
        "SEMBLANT_TRACES_ENDPOINT": collector.endpoint,
        "SEMBLANT_TRACES_TIMEOUT_S": str(TIMEOUT_S),
    }
    with running_gateway(folder, **settings) as gateway:
        answer = gateway.http.post(
            "/v1/faces", files={"image": saved(photograph())}, headers={"traceparent": PARENT}
        )
        assert answer.is_success
        began = time.monotonic()
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(40) == 0
        return time.monotonic() - began


def test_spans_are_sent_before_the_end(tmp_path):
    with collecting() as collector:
        analysed_and_stopped(collector, tmp_path)
    server = collector.one("POST /v1/faces")
    infers = [span for span in collector.spans if span.name.startswith("infer ")]
    assert infers
    for infer in infers:
        assert collector.above(infer)[-1] == server.name
        assert infer.attributes["server.address"] == "127.0.0.1"


def test_a_collector_that_hangs_does_not_hold_the_end_up(tmp_path):
    with collecting() as collector:
        usual_s = analysed_and_stopped(collector, tmp_path)
        collector.hang.clear()
        # As long as sending may take, with room for a busy machine; the SDK would wait for 30 s.
        assert analysed_and_stopped(collector, tmp_path) < usual_s + TIMEOUT_S + 10
