"""Models that come and go within a budget."""

import asyncio
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.deadline import Deadline
from gateway.errors import (
    DeadlineExceeded,
    InferenceFailed,
    InferenceUnavailable,
    ModelNotReady,
    ModelTooLarge,
    UnknownModel,
)
from gateway.inference.on_demand import ON_DEMAND, OnDemandModels
from gateway.inference.protocol import ModelState

SIZES = {"a": 40, "b": 40, "c": 60, "huge": 200}
BUDGET = 100


class Server:
    """A server with explicit model control, which keeps book."""

    def __init__(self):
        self.loaded = {"resident"}
        self.running = dict.fromkeys(["resident", *SIZES], 0)
        self.most = 0
        self.log = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.load_fails = []

    async def infer(self, model, inputs, *, deadline):
        if model not in self.running:
            raise UnknownModel(model)
        if model not in self.loaded:
            raise ModelNotReady(model)
        self.running[model] += 1
        try:
            await asyncio.sleep(0)
            await self.gate.wait()
        finally:
            self.running[model] -= 1
        return {"y": inputs["x"]}

    async def model_states(self):
        return [
            ModelState(name, "1", name in self.loaded, "" if name in self.loaded else "not loaded")
            for name in self.running
        ]

    async def load(self, model, *, deadline):
        await asyncio.sleep(0)
        if self.load_fails:
            raise self.load_fails.pop()
        self.log.append(f"+{model}")
        self.loaded.add(model)
        self.most = max(self.most, sum(SIZES.get(name, 0) for name in self.loaded))

    async def unload(self, model, *, deadline):
        await asyncio.sleep(0)
        assert not self.running[model], "unloaded while in use"
        self.log.append(f"-{model}")
        self.loaded.discard(model)

    async def close(self):
        self.loaded.clear()


def made(server):
    return OnDemandModels(server, sizes=SIZES, budget=BUDGET)


async def infer(inference, model, seconds=5.0):
    x = np.arange(3)
    out = await inference.infer(model, {"x": x}, deadline=Deadline.after(seconds))
    assert out["y"] is x


async def test_a_model_is_loaded_once_and_stays():
    server = Server()
    inference = made(server)
    await asyncio.gather(*(infer(inference, "a") for _ in range(5)))
    await infer(inference, "resident")
    assert server.log == ["+a"]


async def test_what_has_gone_unused_for_longest_makes_room():
    server = Server()
    inference = made(server)
    for model in ("a", "b", "a", "c"):
        await infer(inference, model)
    assert server.log == ["+a", "+b", "-b", "+c"]
    assert server.loaded == {"resident", "a", "c"}


async def test_it_waits_for_room_rather_than_take_a_model_away_from_a_call():
    server = Server()
    inference = made(server)
    server.gate.clear()
    using = [asyncio.create_task(infer(inference, name)) for name in ("a", "b")]
    while sum(server.running.values()) < 2:
        await asyncio.sleep(0)
    waiting = asyncio.create_task(infer(inference, "c"))
    for _ in range(50):  # whatever could go on has gone on
        await asyncio.sleep(0)
    assert not waiting.done()
    assert server.loaded == {"resident", "a", "b"}
    server.gate.set()
    await asyncio.gather(*using, waiting)
    assert server.log[-1] == "+c"


async def test_a_deadline_ends_the_wait_for_room_and_the_others_go_on():
    server = Server()
    inference = made(server)
    server.gate.clear()
    using = [asyncio.create_task(infer(inference, name)) for name in ("a", "b")]
    while sum(server.running.values()) < 2:
        await asyncio.sleep(0)
    with pytest.raises(DeadlineExceeded, match=r"^c: "):
        await infer(inference, "c", seconds=0.03)
    server.gate.set()
    await asyncio.gather(*using)
    await infer(inference, "c")


async def test_one_that_fits_nowhere_is_refused_at_once():
    with pytest.raises(ModelTooLarge, match=r"^huge takes"):
        await infer(made(Server()), "huge")


async def test_unloaded_by_somebody_else_it_is_loaded_again():
    server = Server()
    inference = made(server)
    await infer(inference, "a")
    server.loaded.discard("a")
    await infer(inference, "a")
    assert server.log == ["+a", "+a"]


async def test_a_failed_load_is_told_and_tried_afresh_by_the_next_call():
    server = Server()
    inference = made(server)
    server.load_fails = [InferenceFailed("a: broken")]
    with pytest.raises(InferenceFailed, match="broken"):
        await infer(inference, "a")
    await infer(inference, "a")
    await infer(inference, "c")  # nothing counts as in use


async def test_a_server_that_is_away_while_unloading_does_not_keep_the_next_from_loading():
    server = Server()
    inference = made(server)
    await infer(inference, "a")
    await infer(inference, "b")

    async def away(model, *, deadline):
        raise InferenceUnavailable("gone")

    server.unload = away
    await infer(inference, "c")


async def test_states_tell_what_would_be_loaded():
    inference = made(Server())
    await infer(inference, "a")
    states = {state.name: state for state in await inference.model_states()}
    assert states["a"].ready
    assert states["b"].reason == ON_DEMAND
    assert states["c"].reason == ON_DEMAND
    assert states["resident"].ready
    await inference.close()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "c", "resident"]), st.booleans()), max_size=12)
)
def test_whatever_is_called_and_called_off_the_budget_is_kept_and_nobody_waits_for_ever(calls):
    async def play():
        server = Server()
        inference = made(server)
        tasks = []
        for model, called_off in calls:
            task = asyncio.create_task(infer(inference, model))
            await asyncio.sleep(0)
            if called_off:
                task.cancel()
            tasks.append(task)
        for task, (_, called_off) in zip(tasks, calls, strict=True):
            if called_off:
                with suppress(asyncio.CancelledError):
                    await task
            else:
                await task
        assert server.most <= BUDGET
        for model in ("a", "b", "c"):
            await infer(inference, model)

    asyncio.run(play())
