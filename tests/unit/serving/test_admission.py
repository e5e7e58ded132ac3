import asyncio
from contextlib import ExitStack

import pytest

from gateway.errors import Overloaded, ShuttingDown
from gateway.serving.admission import Admission
from tests.waiting import LIMIT_S


def test_as_many_as_work_and_wait_are_admitted():
    admission = Admission(concurrency=2, queue=1)
    with ExitStack() as held:
        for _ in range(3):
            held.enter_context(admission.ticket())
        with pytest.raises(Overloaded) as refused, admission.ticket():
            pass
        assert refused.value.retry_after_s >= 1
    with admission.ticket():
        assert (admission.admitted, admission.waiting) == (1, 1)


def test_nobody_is_admitted_once_closed():
    admission = Admission(1, 0)
    admission.close()
    with pytest.raises(ShuttingDown), admission.ticket():
        pass


async def test_places_are_given_in_the_order_of_coming():
    admission, order = Admission(1, 9), []

    async def work(name):
        async with admission.place() as waited_s:
            assert waited_s >= 0
            assert admission.running == 1
            order.append(name)
            await asyncio.sleep(0)

    await asyncio.gather(*(work(n) for n in range(5)))
    assert order == [0, 1, 2, 3, 4]
    assert admission.running == 0


async def test_a_place_is_given_back_by_who_is_canceled():
    admission = Admission(1, 9)

    async def work():
        async with admission.place():
            await asyncio.Event().wait()

    working, waiting = asyncio.create_task(work()), asyncio.create_task(work())
    await asyncio.sleep(0)
    waiting.cancel()
    working.cancel()
    await asyncio.gather(working, waiting, return_exceptions=True)
    async with asyncio.timeout(LIMIT_S), admission.place():
        assert admission.running == 1


async def test_the_advice_grows_with_the_time_work_takes(monkeypatch):
    admission = Admission(1, 0)
    now = 0.0
    monkeypatch.setattr("gateway.serving.admission.time.monotonic", lambda: now)
    for _ in range(20):
        async with admission.place():
            now += 10.0
    with admission.ticket(), pytest.raises(Overloaded) as refused, admission.ticket():
        pass
    assert 9 <= refused.value.retry_after_s <= 10
