"""Histograms name a trace that is kept, where they are asked for in OpenMetrics."""

import re

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from gateway.serving.services import running
from gateway.serving.testing import fake_services
from tests.unit.http.app import files
from tests.unit.http.jobs import ended, form
from tests.unit.telemetry.collector import collecting, tracer_to
from tests.unit.telemetry.test_traces import PARENT, TRACE, client_of

ACCEPT = {"Accept": "application/openmetrics-text; version=1.0.0, text/plain;q=0.5"}


async def exposed(http):
    """Return the exemplars of an exposition by metric, and its plain counterpart."""
    answer = await http.get("/metrics", headers=ACCEPT)
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.text.endswith("# EOF\n")
    found = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            if sample.exemplar is not None:
                found.setdefault(family.name, set()).add(sample.exemplar.labels["trace_id"])
    return found, (await http.get("/metrics")).text


async def test_requests_stages_and_jobs_have_them(tmp_path):
    with collecting() as collector:
        services = fake_services(
            tracer=tracer_to(collector.endpoint), job_execution="embedded", data_dir=tmp_path
        )
        async with running(services), client_of(services) as http:
            await http.post("/v1/swaps", files=files(), headers={"traceparent": PARENT})
            job = await http.post("/v1/jobs", files=form(), headers={"traceparent": PARENT})
            await ended(http, job.json())
            found, plain = await exposed(http)
    assert TRACE in found["semblant_request_seconds"]
    assert found["semblant_stage_seconds"] == {TRACE}
    assert found["semblant_job_segment_seconds"] <= {span.trace_id for span in collector.spans}
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in found["semblant_job_seconds"])
    assert "trace_id" not in plain
    assert "# EOF" not in plain


async def test_without_a_trace_there_are_none():
    services = fake_services()
    async with running(services), client_of(services) as http:
        await http.post("/v1/swaps", files=files(), headers={"traceparent": PARENT})
        found, _ = await exposed(http)
    assert not found
