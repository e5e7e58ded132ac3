"""The Triton adapter against the real server: joining, refusing, dying and coming back."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import grpc
import numpy as np
import pytest
from semblant_triton.launcher import EmbeddedTriton
from tritonclient.grpc import service_pb2, service_pb2_grpc

from gateway.deadline import Deadline
from gateway.errors import (
    DeadlineExceeded,
    InferenceFailed,
    InferenceOverloaded,
    InferenceRejected,
    InferenceUnavailable,
    SemblantError,
)
from gateway.inference.status import error_from_status
from gateway.inference.triton import TritonInference
from gateway.paths import PROJECT_ROOT
from tests.integration.tiny_repository import write_model, write_repository
from tests.waiting import until

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    repository = write_repository(tmp_path_factory.mktemp("models"))
    _write_broken_promise(repository)
    venv = PROJECT_ROOT / ".venv-triton"
    with EmbeddedTriton(repository, venv, exit_timeout_s=0.5) as triton:
        yield triton


def _write_broken_promise(repository):
    """A model whose configuration promises two numbers and whose graph gives four."""
    from onnx import helper

    write_model(
        repository,
        "liar",
        nodes=[helper.make_node("Identity", ["x"], ["y"])],
        inputs=[("x", "TYPE_FP32", [4])],
        outputs=[("y", "TYPE_FP32", [4])],
    )
    config = repository / "liar" / "config.pbtxt"
    head, _, tail = config.read_text().rpartition("dims: [4]")
    config.write_text(f"{head}dims: [2]{tail}")


@pytest.fixture
async def triton(server):
    client = TritonInference(server.grpc_url, shm_threshold=1)
    yield client
    await client.close()


@pytest.fixture
async def stub(server):
    async with grpc.aio.insecure_channel(server.grpc_url) as channel:
        yield service_pb2_grpc.GRPCInferenceServiceStub(channel)


def soon(seconds: float = 20.0) -> Deadline:
    return Deadline.after(seconds)


def rounds(count: int) -> dict[str, np.ndarray]:
    return {"rounds": np.full((1, 1), count)}


async def counts(stub, model: str) -> tuple[int, int]:
    answer = await stub.ModelStatistics(service_pb2.ModelStatisticsRequest(name=model))
    return answer.model_stats[0].inference_count, answer.model_stats[0].execution_count


async def counted(stub, model: str, inputs: int) -> int:
    """Wait until so many inputs were counted, a moment after their answers; return the runs."""

    async def enough():
        seen, runs = await counts(stub, model)
        return runs if seen >= inputs else 0

    return await until(enough)


async def received(triton):
    """Return once the server has what was sent before: one connection keeps the order."""
    row = np.ones((1, 4), np.float32)
    await triton.infer("add", {"a": row, "b": row}, deadline=soon())


async def test_requests_made_at_once_are_run_together(triton, stub):
    inputs_before, runs_before = await counts(stub, "picky")
    calls = (
        triton.infer("picky", {"index": np.full((1, 1), i % 10)}, deadline=soon())
        for i in range(16)
    )
    answers = await asyncio.gather(*calls)
    assert [a["y"].item() for a in answers] == [i % 10 * 10 for i in range(16)]
    assert await counted(stub, "picky", inputs_before + 16) - runs_before < 16


async def test_a_bad_request_fails_alone_in_its_batch(triton, stub):
    inputs_before, runs_before = await counts(stub, "picky")
    calls = (
        triton.infer("picky", {"index": np.full((1, 1), 99 if i == 3 else i)}, deadline=soon())
        for i in range(8)
    )
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(answers.pop(3), InferenceFailed)
    assert [a["y"].item() for a in answers] == [0, 10, 20, 40, 50, 60, 70]
    assert await counted(stub, "picky", inputs_before + 7) - runs_before < 7


@pytest.mark.parametrize(
    ("datatype", "shape", "raw"),
    [
        ("FP64", [1, 4], bytes(32)),
        ("FP32", [1, 5], bytes(20)),
        ("FP32", [1, 4], bytes(12)),
        ("FP32", [9, 4], bytes(144)),
        ("FP32", [0, 4], b""),
    ],
    ids=["dtype", "shape", "bytes", "batch", "empty"],
)
async def test_the_server_itself_refuses_malformed_requests(stub, datatype, shape, raw):
    request = service_pb2.ModelInferRequest(model_name="add")
    for name in ("a", "b"):
        request.inputs.add(name=name, datatype=datatype, shape=shape)
        request.raw_input_contents.append(raw)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.ModelInfer(request, timeout=10)
    error = error_from_status(caught.value.code(), caught.value.details(), "add")
    assert isinstance(error, InferenceRejected)


async def test_outputs_that_break_the_contract_are_refused(triton):
    with pytest.raises(SemblantError) as caught:
        await triton.infer("liar", {"x": np.ones((1, 4), np.float32)}, deadline=soon())
    assert caught.value.spec.code in ("contract_violation", "inference_failed")


async def test_a_full_queue_is_told_at_once(triton, stub):
    done_before, _ = await counts(stub, "slow")
    calls = [
        asyncio.ensure_future(triton.infer("slow", rounds(150), deadline=soon())) for _ in range(8)
    ]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert any(isinstance(answer, dict) for answer in answers)
    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert refused
    assert {type(error) for error in refused} == {InferenceOverloaded}
    await counted(stub, "slow", done_before + len(answers) - len(refused))


async def test_a_request_that_waits_too_long_is_dropped_from_the_queue(triton, stub):
    done_before, _ = await counts(stub, "slow")
    running = asyncio.ensure_future(triton.infer("slow", rounds(1500), deadline=soon()))
    await received(triton)
    with pytest.raises(DeadlineExceeded):
        await triton.infer("slow", rounds(1), deadline=soon(0.05))
    await running
    await triton.infer("slow", rounds(1), deadline=soon())
    await counted(stub, "slow", done_before + 2)
    # The model runs one at a time, so the stale one would have been before that.
    assert (await counts(stub, "slow"))[0] == done_before + 2


async def test_a_region_of_a_canceled_call_is_not_used_again(triton):
    pool = _pool(triton)
    task = asyncio.ensure_future(triton.infer("slow", rounds(300), deadline=soon()))
    await until(_regions_in_use(pool))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert pool.retired == 1
    x = np.ones((1, 3, 128, 128), np.float32)
    await triton.infer("image", {"x": x}, deadline=soon())
    await until(_retired_are_gone(pool))


def _pool(triton):
    triton._connect()
    return triton._regions


def _regions_in_use(pool):
    async def condition():
        return len(pool._live) > sum(map(len, pool._free.values()))

    return condition


def _retired_are_gone(pool):
    async def condition():
        await pool.unregister_retired()
        return pool.retired == 0

    return condition


async def test_regions_leave_neither_files_nor_registrations(server, stub):
    client = TritonInference(server.grpc_url, shared_memory="on", shm_threshold=1)
    x = np.ones((2, 3, 128, 128), np.float32)
    await asyncio.gather(*(client.infer("image", {"x": x}, deadline=soon()) for _ in range(6)))
    known = await stub.SystemSharedMemoryStatus(service_pb2.SystemSharedMemoryStatusRequest())
    assert known.regions
    assert not [name for name in os.listdir("/dev/shm") if name in known.regions]
    await client.close()
    left = await stub.SystemSharedMemoryStatus(service_pb2.SystemSharedMemoryStatusRequest())
    assert not set(left.regions) & set(known.regions)


async def test_a_server_that_forgot_its_regions_is_told_again(triton, stub):
    x = np.ones((1, 3, 128, 128), np.float32)
    await triton.infer("image", {"x": x}, deadline=soon())
    await stub.SystemSharedMemoryUnregister(service_pb2.SystemSharedMemoryUnregisterRequest())
    for _ in range(2):
        answer = await triton.infer("image", {"x": x}, deadline=soon())
        np.testing.assert_array_equal(answer["y"], 2 * x)
    known = await stub.SystemSharedMemoryStatus(service_pb2.SystemSharedMemoryStatusRequest())
    assert known.regions


async def test_a_stopped_server_is_a_deadline_not_a_hang(server, triton):
    add = {"a": np.ones((1, 4), np.float32), "b": np.ones((1, 4), np.float32)}
    await triton.infer("add", add, deadline=soon())
    os.kill(server.server_pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            await triton.infer("add", add, deadline=soon(0.3))
        assert time.monotonic() - began < 2
        assert not any(state.ready for state in await triton.model_states())
    finally:
        os.kill(server.server_pid, signal.SIGCONT)
    answer = await triton.infer("add", add, deadline=soon())
    assert answer["total"].tolist() == [[2.0] * 4]


async def test_a_killed_server_is_told_and_found_again_after_a_restart(server, triton):
    await triton.infer("slow", rounds(1), deadline=soon())
    await triton.model_states()
    running = asyncio.ensure_future(triton.infer("slow", rounds(5000), deadline=soon(5)))
    await received(triton)
    began = time.monotonic()
    os.kill(server.server_pid, signal.SIGKILL)
    with pytest.raises((InferenceUnavailable, DeadlineExceeded)):
        await running
    with pytest.raises((InferenceUnavailable, DeadlineExceeded)):
        await triton.infer("slow", rounds(1), deadline=soon(1))
    assert time.monotonic() - began < 7
    states = await triton.model_states()
    assert states
    assert not any(state.ready for state in states)

    url = server.grpc_url
    await asyncio.to_thread(server.restart)
    assert server.grpc_url == url
    x = np.ones((1, 3, 128, 128), np.float32)

    async def answers():
        try:
            return await triton.infer("image", {"x": x}, deadline=soon(2))
        except (InferenceUnavailable, DeadlineExceeded):
            return None

    np.testing.assert_array_equal((await until(answers))["y"], 2 * x)


async def test_an_address_where_nobody_listens():
    client = TritonInference("127.0.0.1:9")
    began = time.monotonic()
    with pytest.raises(InferenceUnavailable):
        await client.infer("add", {}, deadline=soon(5))
    assert time.monotonic() - began < 4
    assert await client.model_states() == []
    await client.close()
