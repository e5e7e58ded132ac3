"""Threads with loops of their own: results, errors, cancelling, networks elsewhere."""

import asyncio
import threading

import numpy as np
import pytest

from gateway.deadline import Deadline
from gateway.errors import DeadlineExceeded
from gateway.inference.cross_loop import CrossLoopInference
from gateway.rendering.event_loop_threads import EventLoopThreadPool
from gateway.testing_faces import fake_face_inference


@pytest.fixture
def studio():
    made = EventLoopThreadPool(2)
    yield made
    made.close()


async def test_work_is_done_in_another_thread_and_loop(studio):
    async def work():
        return threading.get_ident(), asyncio.get_running_loop()

    thread, loop = await studio.run(work)
    assert thread != threading.get_ident()
    assert loop is not asyncio.get_running_loop()


async def test_errors_come_out_as_they_are(studio):
    async def work():
        raise DeadlineExceeded("too late")

    with pytest.raises(DeadlineExceeded, match="too late"):
        await studio.run(work)


async def test_canceled_it_ends_there_before_it_ends_here(studio):
    begun, ended = threading.Event(), threading.Event()

    async def work():
        begun.set()
        try:
            await asyncio.Event().wait()  # for ever
        finally:
            ended.set()

    running = asyncio.create_task(studio.run(work))
    await asyncio.to_thread(begun.wait, 5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ended.is_set()


async def test_networks_that_belong_here_are_used_from_there(studio):
    inference = fake_face_inference()
    here = asyncio.get_running_loop()

    async def work():
        there = CrossLoopInference(inference, here)
        pixels = np.zeros((1, 192, 192, 3), np.uint8)
        states = await there.model_states()
        out = await there.infer("face_mesh", {"image": pixels}, deadline=Deadline.after(5))
        return {state.name for state in states}, out

    names, out = await studio.run(work)
    assert "face_mesh" in names
    assert out["landmarks"].shape == (1, 468, 3)


async def test_closing_elsewhere_closes_nothing_here(studio):
    inference = fake_face_inference()
    here = asyncio.get_running_loop()

    async def work():
        await CrossLoopInference(inference, here).close()

    await studio.run(work)
    pixels = np.zeros((1, 192, 192, 3), np.uint8)
    assert await inference.infer("face_mesh", {"image": pixels}, deadline=Deadline.after(5))
