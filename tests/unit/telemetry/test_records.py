"""Log records say which request or job they are about, and lead to its trace."""

import io
import json
import logging

import pytest
from semblant.v1.fusion_pb2 import AnalyzeRequest

from gateway.logs import formatter
from gateway.serving.services import running
from gateway.serving.testing import fake_services
from tests.unit.http.app import files, photograph, saved
from tests.unit.http.jobs import ended, form
from tests.unit.rpc.door import door
from tests.unit.telemetry.collector import collecting, tracer_to
from tests.unit.telemetry.test_traces import client_of


@pytest.fixture
def records():
    """Return a function that gives what our loggers have said so far, as JSON."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter("json"))
    logger = logging.getLogger("gateway")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)
    logger.setLevel(before)


async def test_a_requests_line_leads_to_its_span(records):
    with collecting() as collector:
        services = fake_services(tracer=tracer_to(collector.endpoint))
        async with running(services), client_of(services) as http:
            await http.post("/v1/swaps", files=files(), headers={"X-Request-Id": "mine"})
    (line,) = [one for one in records() if one["message"] == "request"]
    span = collector.one("POST /v1/swaps")
    assert (line["request_id"], line["trace_id"], line["span_id"]) == (
        "mine",
        span.trace_id,
        span.span_id,
    )


@pytest.mark.logs_errors
async def test_so_does_a_calls_and_the_fault_in_it(records):
    with collecting() as collector:
        services = fake_services(tracer=tracer_to(collector.endpoint))
        async with door(services) as there:
            for model in services.backend.models.values():
                model.failures = [RuntimeError("nobody foresaw this")]
            with pytest.raises(Exception, match="INTERNAL"):
                await there.fusion.Analyze(AnalyzeRequest(image=saved(photograph())))
    span = collector.one("semblant.v1.FusionService/Analyze")
    lines = [one for one in records() if "request_id" in one]
    assert {one["message"].split()[0] for one in lines} == {"request"}
    assert {one["trace_id"] for one in lines} == {span.trace_id}
    assert len({one["request_id"] for one in lines}) == 1
    assert any("nobody foresaw this" in one.get("exc_info", "") for one in lines)
    assert span.failed
    assert span.attributes["error.type"] == "internal"


async def test_a_jobs_lines_in_the_worker_lead_to_its_steps(records, tmp_path):
    with collecting() as collector:
        services = fake_services(
            tracer=tracer_to(collector.endpoint), job_execution="embedded", data_dir=tmp_path
        )
        async with running(services), client_of(services) as http:
            job = (await http.post("/v1/jobs", files=form())).json()
            await ended(http, job)
    of_job = [one for one in records() if one.get("job_id") == job["id"]]
    assert any(one["message"].endswith("begun") for one in of_job)
    (end,) = [one for one in of_job if one["message"] == "job ended"]
    assert end["trace_id"] == collector.one("job join").trace_id


async def test_without_traces_there_are_no_ids_of_them(records):
    services = fake_services()
    async with running(services), client_of(services) as http:
        await http.post("/v1/swaps", files=files())
    (line,) = [one for one in records() if one["message"] == "request"]
    assert not {"trace_id", "span_id", "job_id"} & set(line)
