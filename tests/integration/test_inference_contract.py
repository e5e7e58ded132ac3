"""What every `Inference` promises, tried on each implementation."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path

import numpy as np
import pytest
from semblant_triton.launcher import EmbeddedTriton

from gateway.deadline import Deadline
from gateway.errors import (
    ContractViolation,
    DeadlineExceeded,
    InferenceFailed,
    InferenceOverloaded,
    InferenceUnavailable,
    UnknownModel,
)
from gateway.inference.contracts import read_contract
from gateway.inference.local import LocalInference
from gateway.inference.self_test import self_test
from gateway.inference.triton import TritonInference
from gateway.paths import PROJECT_ROOT
from gateway.testing import FakeInference, FakeModel
from tests.integration.tiny_repository import MODELS, write_repository
from tests.waiting import until

TABLE = np.arange(10, dtype=np.float32) * 10


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    return write_repository(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def server(repository):
    venv = PROJECT_ROOT / ".venv-triton"
    with EmbeddedTriton(repository, venv, exit_timeout_s=0.5) as triton:
        yield triton


def _look_up(inputs):
    if (inputs["index"] > 9).any():
        raise InferenceFailed("picky: index out of range")
    return {"y": TABLE[inputs["index"]]}


def _fake(repository: Path) -> FakeInference:
    functions = {
        "add": lambda t: {"total": t["a"] + t["b"], "twice": 2 * t["a"]},
        "image": lambda t: {"y": 2 * t["x"]},
        "picky": _look_up,
        "single": lambda t: {"y": 2 * t["x"]},
        "slow": lambda t: {"done": t["rounds"].astype(np.float32)},
    }
    fake = FakeInference(
        FakeModel(read_contract(repository / name), functions[name]) for name in MODELS
    )
    fake.models["slow"].delay_s = 0.3
    return fake


@pytest.fixture(
    params=[
        "fake",
        pytest.param("local", marks=pytest.mark.models),
        pytest.param("triton", marks=pytest.mark.server),
        pytest.param("triton-shared-memory", marks=pytest.mark.server),
    ]
)
async def inference(request, repository):
    if request.param == "fake":
        made = _fake(repository)
    elif request.param == "local":
        made = LocalInference(repository)
    else:
        url = request.getfixturevalue("server").grpc_url
        shared = request.param.endswith("memory")
        made = TritonInference(url, shared_memory="on" if shared else "off", shm_threshold=1)
    yield made
    await made.close()


def soon() -> Deadline:
    return Deadline.after(20)


def pair(rows: int, start: float = 0.0) -> dict[str, np.ndarray]:
    a = np.arange(rows * 4, dtype=np.float32).reshape(rows, 4) + start
    return {"a": a, "b": np.ones_like(a)}


async def test_answers_are_the_models(inference):
    inputs = pair(3)
    outputs = await inference.infer("add", inputs, deadline=soon())
    assert sorted(outputs) == ["total", "twice"]
    np.testing.assert_array_equal(outputs["total"], inputs["a"] + 1)
    np.testing.assert_array_equal(outputs["twice"], inputs["a"] * 2)


@pytest.mark.parametrize("rows", [4, 5, 11])
async def test_a_batch_over_the_limit_is_split_and_joined_in_order(inference, rows):
    inputs = pair(rows)
    outputs = await inference.infer("add", inputs, deadline=soon())
    np.testing.assert_array_equal(outputs["total"], inputs["a"] + 1)


async def test_outputs_are_the_callers_own(inference):
    inputs = pair(2)
    outputs = await inference.infer("add", inputs, deadline=soon())
    kept = outputs["twice"].copy()
    outputs["total"][:] = -1
    again = await inference.infer("add", inputs, deadline=soon())
    np.testing.assert_array_equal(outputs["twice"], kept)
    np.testing.assert_array_equal(again["total"], inputs["a"] + 1)


async def test_large_and_strided_inputs(inference):
    x = np.random.default_rng(1).random((4, 128, 128, 3), dtype=np.float32).transpose(0, 3, 1, 2)
    outputs = await inference.infer("image", {"x": x}, deadline=soon())
    np.testing.assert_array_equal(outputs["y"], 2 * x)


async def test_a_model_without_batching_takes_any_rows(inference):
    x = np.ones((7, 4), np.float32)
    outputs = await inference.infer("single", {"x": x}, deadline=soon())
    np.testing.assert_array_equal(outputs["y"], 2 * x)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"a": np.ones((1, 4), np.float32)},
        {**pair(1), "c": np.ones((1, 4), np.float32)},
        {**pair(1), "a": np.ones((1, 4), np.float64)},
        {**pair(1), "a": np.ones((1, 5), np.float32)},
        {**pair(1), "a": np.ones(4, np.float32)},
        {**pair(1), "a": np.ones((2, 4), np.float32)},
        pair(0),
    ],
    ids=["none", "missing", "unknown", "dtype", "shape", "rank", "ragged", "empty"],
)
async def test_inputs_that_break_the_contract_are_refused(inference, wrong):
    with pytest.raises(ContractViolation, match=r"^add: "):
        await inference.infer("add", wrong, deadline=soon())


async def test_an_unknown_model_is_named(inference):
    with pytest.raises(UnknownModel, match="nonesuch"):
        await inference.infer("nonesuch", pair(1), deadline=soon())


async def test_a_deadline_that_has_passed_is_noticed_at_once(inference):
    with pytest.raises(DeadlineExceeded):
        await inference.infer("add", pair(1), deadline=Deadline.after(-1))


async def idle(inference) -> None:
    """Wait until what earlier tests gave up on has left the server's queue."""

    async def answered() -> bool:
        with contextlib.suppress(InferenceOverloaded):
            await inference.infer("slow", {"rounds": np.ones((1, 1), np.int64)}, deadline=soon())
            return True
        return False

    await until(answered)


async def test_a_deadline_ends_a_running_computation(inference):
    await idle(inference)
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        await inference.infer(
            "slow", {"rounds": np.full((1, 1), 3000)}, deadline=Deadline.after(0.1)
        )
    assert time.monotonic() - began < 2


async def test_a_failing_computation_says_so_and_harms_no_later_one(inference):
    with pytest.raises(InferenceFailed, match=r"^picky: "):
        await inference.infer("picky", {"index": np.array([[99]])}, deadline=soon())
    outputs = await inference.infer("picky", {"index": np.array([[3]])}, deadline=soon())
    assert outputs["y"].tolist() == [[30.0]]


async def test_one_failing_piece_fails_the_whole_batch(inference):
    index = np.zeros((20, 1), np.int64)
    index[17] = 99
    with pytest.raises(InferenceFailed):
        await inference.infer("picky", {"index": index}, deadline=soon())


async def test_a_canceled_call_ends_and_harms_no_later_one(inference):
    await idle(inference)
    task = asyncio.ensure_future(
        inference.infer("slow", {"rounds": np.full((1, 1), 3000)}, deadline=soon())
    )
    # Long before it is done this is answered, which was sent after it by the same connection.
    await inference.infer("add", pair(1), deadline=soon())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    outputs = await inference.infer("add", pair(1), deadline=soon())
    assert outputs["twice"].shape == (1, 4)


async def test_many_calls_at_once_get_their_own_answers(inference):
    async def call(i: int) -> None:
        inputs = pair(1 + i % 4, start=100.0 * i)
        outputs = await inference.infer("add", inputs, deadline=soon())
        np.testing.assert_array_equal(outputs["total"], inputs["a"] + 1)

    await asyncio.gather(*(call(i) for i in range(40)))


async def test_the_event_loop_stays_free_meanwhile(inference):
    await idle(inference)
    task = asyncio.ensure_future(
        inference.infer("slow", {"rounds": np.full((1, 1), 200)}, deadline=soon())
    )
    turns = 0
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
    assert (await task)["done"].tolist() == [[200.0]]
    assert turns > 100  # a call by itself takes a few


async def test_every_model_is_listed_as_ready(inference):
    states = await inference.model_states()
    assert [(s.name, s.version, s.ready, s.reason) for s in states] == [
        (name, "1", True, "") for name in MODELS
    ]


async def test_the_self_test_passes_against_the_graph_run_here(inference, repository):
    contracts = [read_contract(repository / name) for name in MODELS if name != "slow"]
    reference = LocalInference(repository)
    assert await self_test(inference, contracts, reference=reference) == []
    await reference.close()


async def test_after_closing_twice_calls_are_refused(inference):
    await inference.infer("add", pair(1), deadline=soon())
    await inference.close()
    await inference.close()
    with pytest.raises(InferenceUnavailable):
        await inference.infer("add", pair(1), deadline=soon())
    assert not any(state.ready for state in await inference.model_states())
