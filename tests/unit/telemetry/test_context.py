"""The current span and the fields of log records follow the work, whichever thread does it."""

import asyncio
import json
import logging
from contextlib import contextmanager

import pytest

from gateway.compute import Compute
from gateway.inference.cross_loop import across
from gateway.logs import formatter
from gateway.rendering.event_loop_threads import EventLoopThreadPool
from gateway.telemetry.log_scope import log_scope, scope_fields
from gateway.telemetry.otlp import OtlpTracer
from gateway.telemetry.spans import Kind, current, detailed, entered, span, summarized
from gateway.telemetry.traceparent import sampled_trace


def tracer(share=1.0):
    return OtlpTracer("", sample_share=share, resource={}, timeout_s=1)


@contextmanager
def tracing():
    with log_scope(request_id="r1"), entered(tracer().root("root", Kind.SERVER, {})) as root:
        yield root


@pytest.fixture
def here():
    with tracing() as root:
        yield root


async def test_in_imaging_threads():
    compute = Compute(2)
    try:
        with tracing() as here:
            seen = await asyncio.gather(*(compute.run(scope_fields) for _ in range(4)))
    finally:
        compute.close()
    assert seen == [{"request_id": "r1", "trace_id": here.trace_id, "span_id": here.span_id}] * 4


async def test_in_threads_with_a_loop_and_back_in_this_one():
    home, pool = asyncio.get_running_loop(), EventLoopThreadPool(1)

    async def at_home():
        return scope_fields()

    async def work():
        with span("stage") as made:
            return made.span_id, await across(at_home(), home)

    try:
        with tracing() as here:
            span_id, seen = await pool.run(work)
    finally:
        pool.close()
    assert seen == {"request_id": "r1", "trace_id": here.trace_id, "span_id": span_id}


async def test_threads_that_are_used_again_forget_it():
    compute = Compute(1)
    try:
        with log_scope(request_id="r1"), entered(tracer().root("root", Kind.SERVER, {})):
            await compute.run(scope_fields)
        assert await compute.run(scope_fields) == {}
    finally:
        compute.close()


def test_spans_nest_and_end_with_their_block(here):
    with span("outer") as outer:
        assert current() is outer
        with span("inner") as inner:
            assert current() is inner
        assert current() is outer
    assert current() is here


def test_what_is_summarized_has_no_spans_within(here):
    with summarized() as summary:
        assert summary is current() is here
        assert detailed() is None
        with span("frame") as made:
            assert made.trace_id == ""
    assert detailed() is here


def test_what_is_not_sampled_has_ids_but_no_spans_within():
    with entered(tracer(0.0).root("root", Kind.SERVER, {})) as root:
        assert scope_fields()["trace_id"] == root.trace_id
        assert sampled_trace(root.headers()["traceparent"]) is None
        with span("stage") as made:
            assert made.trace_id == ""


def test_the_callers_state_is_passed_on():
    caller = {
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "tracestate": "vendor=1",
    }
    root = tracer(0.0).root("root", Kind.SERVER, {}, caller=caller)
    headers = root.headers()
    assert headers["tracestate"] == "vendor=1"
    assert headers["traceparent"].split("-")[1] == caller["traceparent"].split("-")[1]
    assert headers["traceparent"].split("-")[2] == root.span_id
    assert sampled_trace(headers["traceparent"]) == root.trace_id


@pytest.mark.parametrize("text", [None, "", "00-1-2-01", "00-" + "a" * 32 + "-" + "b" * 16 + "-00"])
def test_what_is_not_sampled_is_no_trace_to_look_for(text):
    assert sampled_trace(text) is None


def test_records_have_the_fields_in_json_and_not_in_text(here):
    made = logging.LogRecord("gateway", logging.INFO, "", 0, "hello", (), None)
    with log_scope(job_id="job_1"):
        line = json.loads(formatter("json").format(made))
        text = formatter("text").format(made)
    assert {name: line[name] for name in ("request_id", "job_id", "trace_id", "span_id")} == {
        "request_id": "r1",
        "job_id": "job_1",
        "trace_id": here.trace_id,
        "span_id": here.span_id,
    }
    assert text.endswith("INFO gateway hello")
