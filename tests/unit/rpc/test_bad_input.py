"""Calls that are wrong: each has its code, and none is our fault."""

import asyncio

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from semblant.v1 import fusion_pb2, jobs_pb2, models_pb2

from gateway.rpc.server import SERVICES
from tests.unit.http.app import photograph, saved
from tests.unit.http.jobs import TEXT
from tests.unit.rpc.door import door, failed
from tests.unit.rpc.generated import DOCUMENTED
from tests.waiting import until

SOURCE, TARGET = saved(photograph(seed=1)), saved(photograph())


def raw(channel, method):
    """Return a method of a server that takes and gives bytes."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    make = {
        (False, False): channel.unary_unary,
        (False, True): channel.unary_stream,
        (True, False): channel.stream_unary,
        (True, True): channel.stream_stream,
    }[method.client_streaming, method.server_streaming]
    return make(path)


async def sent(*pieces):
    for piece in pieces:
        yield piece


async def status_of(channel, method, data: bytes) -> str:
    """Return the status of a call with such bytes, in whatever way it is made."""
    call = raw(channel, method)(sent(data) if method.client_streaming else data, timeout=30)
    try:
        if method.server_streaming:
            async for _ in call:
                pass
        else:
            await call
    except grpc.aio.AioRpcError as error:
        return error.code().name
    return "OK"


METHODS = [method for service in SERVICES for method in service.methods_by_name.values()]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
@pytest.mark.parametrize("data", [b"", b"\xff\xff\xff", b"\x0a\xff\xff\xff\xff\x0f", b"\x08" * 99])
async def test_bytes_that_are_no_message_are_the_callers_fault(method, data, tmp_path):
    async with door(job_execution="external", data_dir=tmp_path) as each:
        assert await status_of(each.channel, method, data) in DOCUMENTED


async def test_a_message_that_is_too_large_is_refused_and_nothing_kept():
    async with door(max_upload_bytes=100_000) as each:
        asked = fusion_pb2.SwapRequest(sources=[SOURCE], target=bytes(3_000_000))
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await each.fusion.Swap(asked)
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        answer = await each.models.ListModels(models_pb2.ListModelsRequest())
        assert answer is not None


async def test_metadata_that_are_too_large_are_refused_and_the_server_lives():
    async with door(grpc_max_metadata_bytes=1024) as each:
        bomb = tuple((f"x-{n}", "x" * 1000) for n in range(50))
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await each.models.ListModels(models_pb2.ListModelsRequest(), metadata=bomb)
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        await each.models.ListModels(models_pb2.ListModelsRequest())


@pytest.mark.parametrize("timeout_s", [0, 0.000_001])
async def test_a_deadline_that_is_over_is_exceeded(timeout_s):
    async with door() as each:
        with pytest.raises(grpc.aio.AioRpcError) as late:
            await each.fusion.Swap(
                fusion_pb2.SwapRequest(sources=[SOURCE], target=TARGET), timeout=timeout_s
            )
        assert late.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        await until(lambda: each.services.admission.admitted == 0)


async def test_the_callers_deadline_reaches_the_networks(monkeypatch):
    async with door() as each:
        remaining, never = [], asyncio.Event()

        async def slow(*args, deadline, **more):
            remaining.append(deadline.remaining())
            await never.wait()

        monkeypatch.setattr(each.services.backend, "infer", slow)
        asked = fusion_pb2.SwapRequest(sources=[SOURCE], target=TARGET)
        call = each.fusion.Swap(asked, timeout=0.5)
        with pytest.raises(grpc.aio.AioRpcError) as late:
            await call
        assert late.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert remaining
        assert max(remaining) <= 0.5
        await until(lambda: each.services.admission.admitted == 0)


async def test_the_request_id_comes_back():
    async with door() as each:
        call = each.models.ListModels(
            models_pb2.ListModelsRequest(), metadata=(("x-request-id", "mine-7"),)
        )
        await call
        assert dict(await call.trailing_metadata())["x-request-id"] == "mine-7"
        bad = fusion_pb2.AnalyzeRequest(image=b"text")
        refused = await failed(each.fusion.Analyze(bad, metadata=(("x-request-id", "mine-8"),)))
        assert refused.metadata["request_id"] == "mine-8"


def order(**more):
    return jobs_pb2.CreateJobRequest(order=jobs_pb2.JobOrder(**more))


def file(purpose):
    return jobs_pb2.CreateJobRequest(file=jobs_pb2.JobFile(purpose=purpose))


def piece(data):
    return jobs_pb2.CreateJobRequest(piece=data)


SOURCE_FILE, TARGET_FILE = (
    (file(purpose), piece(data))
    for purpose, data in ((jobs_pb2.JobFile.PURPOSE_SOURCE, b"face"), (3, TEXT))
)


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([], "invalid_request"),
        ([jobs_pb2.CreateJobRequest()], "invalid_request"),
        ([piece(b"x")], "invalid_request"),
        ([order(), order()], "invalid_request"),
        ([order(), piece(b"x")], "invalid_request"),
        ([order(), file(0)], "invalid_request"),
        ([order(), file(99)], "invalid_request"),
        ([order(), *SOURCE_FILE], "missing_field"),
        ([order(), *TARGET_FILE], "missing_field"),
        ([order(), *SOURCE_FILE, file(3)], "empty_upload"),
        ([order(), *SOURCE_FILE, *TARGET_FILE, *TARGET_FILE], "invalid_request"),
        ([order(priority=9), *SOURCE_FILE, *TARGET_FILE], "invalid_request"),
        ([order(retention_s=-1), *SOURCE_FILE, *TARGET_FILE], "invalid_request"),
        ([order(retention_s=float("nan")), *SOURCE_FILE, *TARGET_FILE], "invalid_request"),
        ([order(cancel_after_s=0), *SOURCE_FILE, *TARGET_FILE], "invalid_request"),
        ([order(request_id=""), *SOURCE_FILE, *TARGET_FILE], "invalid_request"),
        ([order(request_id="x" * 256), *SOURCE_FILE, *TARGET_FILE], "invalid_request"),
        ([order(target_upload="upl_x"), *SOURCE_FILE, *TARGET_FILE], "invalid_request"),
        ([order(target_upload=f"upl_{'0' * 32}"), *SOURCE_FILE], "upload_not_found"),
    ],
)
async def test_orders_that_are_wrong_leave_nothing_behind(messages, reason, tmp_path):
    async with door(job_execution="external", data_dir=tmp_path) as each:
        found = await failed(each.jobs.CreateJob(sent(*messages)))
        assert found.reason == reason
        assert not list(each.services.jobs.spool.iterdir())
        assert not (await each.jobs.ListJobs(jobs_pb2.ListJobsRequest())).jobs


async def test_an_order_that_is_too_large_leaves_nothing_behind(tmp_path):
    settings = {"job_execution": "external", "data_dir": tmp_path, "max_job_upload_bytes": 1000}
    async with door(**settings) as each:
        messages = [order(), *SOURCE_FILE, file(3), *[piece(bytes(400))] * 9]
        found = await failed(each.jobs.CreateJob(sent(*messages)))
        assert (found.status, found.reason) == ("RESOURCE_EXHAUSTED", "payload_too_large")
        assert not list(each.services.jobs.spool.iterdir())


async def test_an_upload_that_stops_is_given_up(tmp_path):
    over = asyncio.Event()

    async def stalls():
        yield order()
        yield file(3)
        yield piece(b"half")
        await over.wait()

    settings = {"job_execution": "external", "data_dir": tmp_path, "upload_timeout_s": 0.2}
    async with door(**settings) as each:
        sender = stalls()
        found = await failed(each.jobs.CreateJob(sender))
        assert (found.status, found.reason) == ("DEADLINE_EXCEEDED", "request_timeout")
        assert not list(each.services.jobs.spool.iterdir())
        over.set()


async def test_the_same_order_again_is_replayed(tmp_path):
    async with door(job_execution="external", data_dir=tmp_path) as each:
        messages = [order(request_id="k"), *SOURCE_FILE, *TARGET_FILE]
        first, again = [await each.jobs.CreateJob(sent(*messages)) for _ in range(2)]
        assert (first.replayed, again.replayed) == (False, True)
        assert first.job.id == again.job.id
        other = [order(request_id="k"), *SOURCE_FILE, file(3), piece(b"other")]
        assert (await failed(each.jobs.CreateJob(sent(*other)))).reason == "idempotency_mismatch"


async def test_health_follows_readiness():
    async with door() as each:
        stub = health_pb2_grpc.HealthStub(each.channel)
        names = ["", *(service.full_name for service in SERVICES)]
        for name in names:
            answer = await stub.Check(health_pb2.HealthCheckRequest(service=name))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        watching = stub.Watch(health_pb2.HealthCheckRequest(service=names[1]))
        assert (await watching.read()).status == health_pb2.HealthCheckResponse.SERVING
        await each.server.leave()
        assert (await watching.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        watching.cancel()


async def test_a_caller_without_our_protos_asks_the_server_for_them():
    """What a caller in Go or C++ does: descriptors by reflection, messages from them."""
    async with door() as each:
        address = f"127.0.0.1:{each.server.port}"

        def reflected():
            with grpc.insecure_channel(address) as channel:
                database = ProtoReflectionDescriptorDatabase(channel)
                names = set(database.get_services())
                pool = DescriptorPool(database)
                service = pool.FindServiceByName("semblant.v1.FusionService")
                method = service.methods_by_name["Swap"]
                request = GetMessageClass(method.input_type)(sources=[SOURCE], target=TARGET)
                answer_of = GetMessageClass(method.output_type).FromString
                call = channel.unary_unary(
                    f"/{service.full_name}/Swap",
                    request_serializer=type(request).SerializeToString,
                    response_deserializer=answer_of,
                )
                return names, call(request, timeout=30)

        names, answer = await asyncio.to_thread(reflected)
    assert {service.full_name for service in SERVICES} <= names
    assert answer.faces_swapped == 1
    assert answer.media_type == "image/png"


async def test_metrics_count_calls_by_method_and_code():
    async with door() as each:
        await each.models.ListModels(models_pb2.ListModelsRequest())
        await failed(each.fusion.Analyze(fusion_pb2.AnalyzeRequest(image=b"text")))
        text = each.services.metrics.render().decode()
    handled = [line for line in text.splitlines() if line.startswith("grpc_server_handled_total")]
    assert any('"ListModels"' in line and '"OK"' in line for line in handled)
    assert any('"Analyze"' in line and '"INVALID_ARGUMENT"' in line for line in handled)


@settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.binary(max_size=64))
async def test_no_bytes_make_a_stream_our_fault(data):
    async with door() as each:
        method = SERVICES[0].methods_by_name["SwapStream"]
        assert await status_of(each.channel, method, data) in DOCUMENTED
