"""Traces as a collector receives them: of requests, calls, jobs and streams."""

import grpc
import httpx
import pytest
from semblant.v1.fusion_pb2 import SwapRequest

from gateway.http.app import create_app
from gateway.jobs.testing import FakeWork
from gateway.serving.services import running
from gateway.serving.testing import fake_services
from gateway.telemetry.attributes import Attribute
from tests.unit.http.app import black, files, photograph, saved
from tests.unit.http.jobs import ended, form
from tests.unit.rpc.door import door
from tests.unit.telemetry.collector import collecting, tracer_to

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{CALLER}-01"
UNSAMPLED = f"00-{TRACE}-{CALLER}-00"
STAGES = {"queue", "decode", "analyse", "select", "swap", "fuse", "quality", "encode"}


def client_of(services):
    transport = httpx.ASGITransport(app=create_app(services))
    return httpx.AsyncClient(transport=transport, base_url="http://test")


async def traced_by_http(collector, *, share=1.0, headers=None, parts=None, **settings):
    """Return the answer to a swap, after which all spans have arrived."""
    services = fake_services(tracer=tracer_to(collector.endpoint, share=share), **settings)
    async with running(services), client_of(services) as http:
        return await http.post("/v1/swaps", files=parts or files(), headers=headers or {})


async def test_a_swap_by_http_is_a_tree_within_its_callers_trace():
    with collecting() as collector:
        assert (await traced_by_http(collector, headers={"traceparent": PARENT})).is_success
    server = collector.one("POST /v1/swaps")
    assert {span.trace_id for span in collector.spans} == {TRACE}
    assert (server.parent_id, server.kind) == (CALLER, "server")
    assert server.attributes == {
        "http.request.method": "POST",
        "http.route": "/v1/swaps",
        "http.response.status_code": 200,
        "url.scheme": "http",
        "semblant.faces.found": 1,
        "semblant.faces.swapped": 1,
    }
    assert {span.name for span in collector.children(server)} >= STAGES
    infers = [span for span in collector.spans if span.name.startswith("infer ")]
    assert infers
    for infer in infers:
        assert infer.kind == "client"
        assert infer.attributes["semblant.rows"] >= 1
        assert collector.above(infer)[0] in STAGES | {
            "mask",
            "express",
        }  # also where the call came from a thread
        assert collector.above(infer)[-1] == server.name
    for span in collector.spans:
        assert server.start_ns <= span.start_ns <= span.end_ns <= server.end_ns
    assert collector.resource["service.name"] == "semblant-test"


async def test_a_swap_by_grpc_is_a_tree_within_its_callers_trace():
    with collecting() as collector:
        services = fake_services(tracer=tracer_to(collector.endpoint))
        async with door(services) as there:
            request = SwapRequest(sources=[saved(photograph(seed=1))], target=saved(photograph()))
            await there.fusion.Swap(request, metadata=(("traceparent", PARENT),))
    server = collector.one("semblant.v1.FusionService/Swap")
    assert {span.trace_id for span in collector.spans} == {TRACE}
    assert (server.parent_id, server.kind) == (CALLER, "server")
    assert server.attributes["rpc.response.status_code"] == "OK"
    assert {span.name for span in collector.children(server)} >= STAGES
    infers = [span for span in collector.spans if span.name.startswith("infer ")]
    assert infers
    assert all(collector.above(infer)[-1] == server.name for infer in infers)


async def test_a_callers_fault_by_grpc_is_an_error_but_no_failed_span():
    with collecting() as collector:
        services = fake_services(tracer=tracer_to(collector.endpoint))
        async with door(services) as there:
            request = SwapRequest(sources=[saved(photograph(seed=1))], target=saved(black()))
            with pytest.raises(grpc.aio.AioRpcError):
                await there.fusion.Swap(request)
    server = collector.one("semblant.v1.FusionService/Swap")
    assert server.attributes["error.type"] == "no_face_in_target"
    assert server.attributes["rpc.response.status_code"] not in ("OK", "INTERNAL")
    assert not server.failed


async def test_a_caller_that_does_not_sample_is_heeded():
    with collecting() as collector:
        await traced_by_http(collector, headers={"traceparent": UNSAMPLED})
    assert not collector.spans


@pytest.mark.parametrize("traceparent", ["", "00-xyz", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"])
async def test_what_is_no_traceparent_begins_a_trace(traceparent):
    with collecting() as collector:
        await traced_by_http(collector, headers={"traceparent": traceparent})
    assert collector.one("POST /v1/swaps").parent_id == ""


async def test_without_a_caller_the_share_decides():
    with collecting() as collector:
        await traced_by_http(collector, share=0.0)
    assert not collector.spans


async def test_probes_are_not_traced():
    with collecting() as collector:
        services = fake_services(tracer=tracer_to(collector.endpoint))
        async with running(services), client_of(services) as http:
            for probe in ("/livez", "/readyz", "/metrics"):
                await http.get(probe)
    assert not collector.spans


async def test_the_callers_fault_is_an_error_but_no_failed_span():
    with collecting() as collector:
        await traced_by_http(collector, parts=files(target=saved(black())))
    server = collector.one("POST /v1/swaps")
    assert server.attributes["error.type"] == "no_face_in_target"
    assert server.attributes["http.response.status_code"] == 422
    assert not server.failed


@pytest.mark.logs_errors
async def test_our_fault_is_a_failed_span():
    with collecting() as collector:
        services = fake_services(tracer=tracer_to(collector.endpoint))
        async with running(services), client_of(services) as http:
            await services.backend.close()
            assert (await http.post("/v1/swaps", files=files())).status_code == 503
    server = collector.one("POST /v1/swaps")
    assert server.failed
    assert server.attributes["error.type"] == "inference_unavailable"


async def test_an_unknown_address_is_not_told():
    with collecting() as collector:
        services = fake_services(tracer=tracer_to(collector.endpoint))
        async with running(services), client_of(services) as http:
            await http.request("BREW", "/anna/portrait.png?name=anna")
    (span,) = collector.spans
    assert span.name == "other"
    assert "http.route" not in span.attributes


async def test_steps_of_a_job_link_back_to_its_request(tmp_path):
    with collecting() as collector:
        services = fake_services(
            tracer=tracer_to(collector.endpoint), job_execution="embedded", data_dir=tmp_path
        )
        async with running(services), client_of(services) as http:
            answer = await http.post("/v1/jobs", files=form(), headers={"traceparent": PARENT})
            assert (await ended(http, answer.json()))["status"] == "succeeded"
    plan, join = collector.one("job plan"), collector.one("job join")
    segments = collector.named("job segment")
    assert segments
    steps = [plan, join, *segments]
    assert all(step.links == [TRACE] for step in steps)
    assert len({step.trace_id for step in steps} | {TRACE}) == len(steps) + 1
    assert all(step.parent_id == "" for step in steps)
    assert {step.attributes["semblant.segment"] for step in segments} == set(range(len(segments)))


async def test_steps_of_a_job_are_sampled_as_its_request_was(tmp_path):
    with collecting() as collector:
        services = fake_services(
            tracer=tracer_to(collector.endpoint), job_execution="embedded", data_dir=tmp_path
        )
        async with running(services), client_of(services) as http:
            answer = await http.post("/v1/jobs", files=form(), headers={"traceparent": UNSAMPLED})
            await ended(http, answer.json(), traceparent=UNSAMPLED)
    assert not collector.spans


async def test_attempts_that_fail_have_traces_of_their_own(tmp_path):
    with collecting() as collector:
        services = fake_services(
            tracer=tracer_to(collector.endpoint),
            job_execution="embedded",
            data_dir=tmp_path,
            work=FakeWork(),
        )
        async with running(services), client_of(services) as http:
            fails = {"fail": "passing", "fail_in": "plan", "fail_times": 1}
            parts = form(options={**fails, "fails_file": str(tmp_path / "fails")})
            answer = await http.post("/v1/jobs", files=parts)
            await ended(http, answer.json())
    plans = collector.named("job plan")
    assert [plan.failed for plan in plans] == [True, False]
    assert len({plan.trace_id for plan in plans}) == 2


ALLOWED = {
    "error.type",
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "rpc.method",
    "rpc.response.status_code",
    "rpc.system.name",
    "semblant.attempts",
    "semblant.code",
    "semblant.duration_ms",
    "semblant.faces.found",
    "semblant.faces.swapped",
    "semblant.frame",
    "semblant.frames",
    "semblant.job.id",
    "semblant.job.step",
    "semblant.model",
    "semblant.rows",
    "semblant.segment",
    "semblant.stage",
    "server.address",
    "server.port",
    "url.scheme",
}
"""None of them holds what a caller sends; another one needs a look at that first."""


def test_the_names_of_attributes_are_these():
    assert {name.value for name in Attribute} == ALLOWED


async def test_attributes_are_of_a_closed_list(tmp_path):
    with collecting() as collector:
        services = fake_services(
            tracer=tracer_to(collector.endpoint), job_execution="embedded", data_dir=tmp_path
        )
        async with running(services), client_of(services) as http:
            await http.post("/v1/swaps", files=files())
            await ended(http, (await http.post("/v1/jobs", files=form())).json())
    assert collector.spans
    for span in collector.spans:
        assert set(span.attributes) <= ALLOWED
        for _, attributes in span.events:
            assert set(attributes) <= ALLOWED


async def test_without_a_tracer_jobs_know_of_no_trace(tmp_path):
    services = fake_services(job_execution="embedded", data_dir=tmp_path)
    async with running(services), client_of(services) as http:
        job = (await http.post("/v1/jobs", files=form(), headers={"traceparent": PARENT})).json()
        record = await services.jobs.get("default", job["id"])
    assert record.traceparent is None
