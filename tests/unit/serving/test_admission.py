import asyncio
from contextlib import ExitStack

import pytest

from gateway.errors import Overloaded, ShuttingDown
from gateway.serving.admission import Admission, Ticket
from gateway.serving.concurrency import AdaptiveLimit
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


async def test_a_place_that_was_promised_to_one_who_leaves_goes_to_the_next():
    admission, begun = Admission(1, 9), []

    async def work(name, until):
        async with admission.place():
            begun.append(name)
            await until.wait()

    first, rest = asyncio.Event(), asyncio.Event()
    tasks = [asyncio.create_task(work(0, first))]
    tasks += [asyncio.create_task(work(n, rest)) for n in (1, 2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    first.set()
    await tasks[0]
    tasks[1].cancel()  # its turn has come, and it has not run yet
    rest.set()
    async with asyncio.timeout(LIMIT_S):
        await asyncio.gather(*tasks, return_exceptions=True)
    assert begun in ([0, 2], [0, 1, 2])
    assert admission.running == 0


class Clocked:
    """A clock that stands for the time requests take."""

    def __init__(self, monkeypatch) -> None:
        self.now = 0.0
        monkeypatch.setattr("gateway.serving.admission.time.monotonic", lambda: self.now)

    async def work(self, admission, kind, seconds):
        with admission.ticket(kind) as ticket:
            async with admission.place(ticket):
                self.now += seconds


async def test_what_would_not_be_done_in_time_is_refused_at_once(monkeypatch):
    admission, clock = Admission(1, 9), Clocked(monkeypatch)
    for _ in range(20):
        await clock.work(admission, "swap", 2.0)
    with ExitStack() as held:
        for _ in range(3):
            held.enter_context(admission.ticket("swap", 100))
        with pytest.raises(Overloaded) as refused, admission.ticket("swap", 5):
            pass
        assert refused.value.retry_after_s >= 5
        with admission.ticket("swap", 20):
            pass
        assert admission.admitted == 3


async def test_what_can_begin_at_once_is_tried_whatever_it_took_before(monkeypatch):
    admission, clock = Admission(2, 9), Clocked(monkeypatch)
    for _ in range(20):
        await clock.work(admission, "swap", 50.0)
    with admission.ticket("swap", 1), admission.ticket("swap", 1):
        pass


async def test_kinds_of_requests_are_told_apart(monkeypatch):
    admission, clock = Admission(1, 9), Clocked(monkeypatch)
    for _ in range(20):
        await clock.work(admission, "track", 100.0)
        await clock.work(admission, "faces", 0.1)
    with admission.ticket("faces", 10), admission.ticket("faces", 10):
        pass
    with admission.ticket("track", 600), pytest.raises(Overloaded), admission.ticket("faces", 10):
        pass


async def test_a_request_that_arrives_too_slowly_is_refused_its_place(monkeypatch):
    admission, clock = Admission(1, 9), Clocked(monkeypatch)
    for _ in range(20):
        await clock.work(admission, "swap", 2.0)
    async with admission.place():
        with pytest.raises(Overloaded):
            async with admission.place(Ticket("swap"), 1.0):
                pass


async def test_a_lower_limit_holds_back_and_a_higher_one_lets_in():
    limit = AdaptiveLimit(1, 2, 0.01)
    admission, held = Admission(2, 9, limit), asyncio.Event()

    async def work():
        async with admission.place():
            await held.wait()

    limit._limit = 1.0
    tasks = [asyncio.create_task(work()) for _ in range(3)]
    await asyncio.sleep(0)
    assert (admission.running, admission.pressure) == (1, 2 / 9)
    limit._limit = 2.0
    held.set()
    await asyncio.gather(*tasks)
    assert (admission.running, admission.pressure) == (0, 0)


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
