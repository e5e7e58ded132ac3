"""Models that are loaded on demand, on both backends; and who goes first on a real server."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
from semblant_triton.launcher import EmbeddedTriton

from gateway.deadline import CallPriority, Deadline
from gateway.errors import UnknownModel
from gateway.inference.local import LocalInference
from gateway.inference.on_demand import ON_DEMAND, OnDemandModels
from gateway.inference.protocol import ModelControl
from gateway.inference.triton import TritonInference
from gateway.paths import PROJECT_ROOT
from tests.integration.tiny_repository import write_repository

RANKED = """
dynamic_batching {
  priority_levels: 3
  default_priority_level: 2
  default_queue_policy {
    timeout_action: REJECT
    default_timeout_microseconds: 20000000
    allow_timeout_override: true
    max_queue_size: 64
  }
}
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    root = write_repository(tmp_path_factory.mktemp("repository"))
    config = root / "slow" / "config.pbtxt"
    config.write_text(config.read_text().partition("dynamic_batching")[0] + RANKED)
    return root


@pytest.fixture(scope="module")
def server(repository):
    venv = PROJECT_ROOT / ".venv-triton"
    with EmbeddedTriton(repository, venv, models=["add", "slow"]) as made:
        yield made


@pytest.fixture(params=["local", pytest.param("triton", marks=pytest.mark.server)])
async def inner(request, repository) -> AsyncIterator[ModelControl]:
    if request.param == "local":
        made: ModelControl = LocalInference(repository)
    else:
        made = TritonInference(request.getfixturevalue("server").grpc_url)
    yield made
    await made.close()


def soon(priority: CallPriority = CallPriority.PICTURE) -> Deadline:
    return Deadline.after(30, priority)


INPUTS = {
    "image": {"x": np.ones((2, 3, 128, 128), np.float32)},
    "single": {"x": np.ones((5, 4), np.float32)},
}


async def test_models_come_and_go(inner):
    inference = OnDemandModels(inner, sizes={"image": 10, "single": 10}, budget=15)
    for name in ("image", "single", "image"):
        out = await inference.infer(name, INPUTS[name], deadline=soon())
        np.testing.assert_array_equal(out["y"], 2 * INPUTS[name]["x"])
    states = {state.name: state for state in await inference.model_states()}
    assert states["image"].ready
    assert states["single"].ready or states["single"].reason == ON_DEMAND
    with pytest.raises(UnknownModel):
        await inference.infer("nothing", INPUTS["single"], deadline=soon())


async def test_one_that_somebody_unloads_in_the_middle_is_answered_all_the_same(inner):
    inference = OnDemandModels(inner, sizes={"image": 10}, budget=10)

    answered: asyncio.Queue[None] = asyncio.Queue()

    async def use() -> None:
        for _ in range(20):
            out = await inference.infer("image", INPUTS["image"], deadline=soon())
            assert out["y"].max() == 2
            answered.put_nowait(None)

    async def meddle() -> None:
        for _ in range(3):
            for _ in range(5):
                await answered.get()
            await inner.unload("image", deadline=soon())

    await asyncio.gather(use(), use(), meddle())


@pytest.mark.server
async def test_a_live_call_goes_before_a_video(server):
    """One instance is busy; of those that wait the live one is answered first."""
    client = TritonInference(server.grpc_url)
    ended: list[CallPriority] = []

    async def call(priority: CallPriority) -> None:
        await client.infer("slow", {"rounds": np.full((4, 1), 300)}, deadline=soon(priority))
        ended.append(priority)

    async def received() -> None:
        """Return once the server has what was sent before: one connection keeps the order."""
        row = np.ones((1, 4), np.float32)
        await client.infer("add", {"a": row, "b": row}, deadline=soon())

    first = asyncio.create_task(call(CallPriority.PICTURE))
    await received()
    videos = [asyncio.create_task(call(CallPriority.VIDEO)) for _ in range(4)]
    await received()
    live = asyncio.create_task(call(CallPriority.LIVE))
    await asyncio.gather(first, *videos, live)
    await client.close()
    assert ended.index(CallPriority.LIVE) <= 2
    assert len(ended) == 6
