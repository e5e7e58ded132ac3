"""Live streams in threads of their own: outcomes, errors and ends cross between loops."""

import asyncio
import threading
from contextlib import aclosing

import pytest

from gateway.errors import NoFaceInSource
from gateway.pipeline.live_window import LiveFrame, LiveOutcome
from gateway.serving.live import LiveStreams
from tests.waiting import until


class Kit:
    """Parts for a thread, of which nothing is asked."""

    def of(self, home):
        return self

    def live_fuser(self):
        return self


class Echo:
    """A stream whose outcomes are the frames, in their order."""

    def __init__(self) -> None:
        self.threads, self.ended = set(), threading.Event()

    async def run(self, arriving, close, *, window, drop):
        try:
            async for frame in arriving:
                self.threads.add(threading.get_ident())
                yield LiveOutcome(frame.timestamp_us, frame.timestamp_us, data=close(frame))
        finally:
            self.ended.set()


@pytest.fixture
def streams():
    made = LiveStreams(Kit(), 2)
    yield made
    made.close()


async def numbered(count, *, then=None):
    for n in range(count):
        yield LiveFrame(n, lambda: None)
    if then is not None:
        raise then


def outcomes(streams, echo, frames):
    async def begin(_):
        return echo

    return aclosing(
        streams.run(begin, frames, lambda frame: b"%d" % frame.timestamp_us, window=1, drop="block")
    )


async def test_frames_are_worked_on_in_one_other_thread_and_come_back_in_order(streams):
    echo = Echo()
    async with outcomes(streams, echo, numbered(20)) as coming:
        made = [one.data async for one in coming]
    assert made == [b"%d" % n for n in range(20)]
    assert len(echo.threads) == 1
    assert threading.get_ident() not in echo.threads


async def test_what_sending_raises_comes_out(streams):
    seen = []
    with pytest.raises(NoFaceInSource):
        async with outcomes(streams, Echo(), numbered(3, then=NoFaceInSource("none"))) as coming:
            seen.extend([one.index async for one in coming])


async def test_what_beginning_raises_comes_out(streams):
    async def begin(_):
        raise NoFaceInSource("none")

    with pytest.raises(NoFaceInSource):
        await anext(streams.run(begin, numbered(1), bytes, window=1, drop="block"))


async def test_left_early_a_stream_ends_and_frees_its_thread(streams):
    for _ in range(5):  # there are two threads
        echo = Echo()
        async with outcomes(streams, echo, numbered(10**6)) as coming:
            assert (await anext(coming)).index == 0
        assert echo.ended.is_set()


async def test_the_services_own_loop_goes_on_meanwhile(streams):
    go_on = threading.Event()

    def close(_):
        assert go_on.wait(10)
        return b""

    async def begin(_):
        return Echo()

    async with aclosing(streams.run(begin, numbered(1), close, window=1, drop="block")) as coming:
        first = asyncio.ensure_future(anext(coming))
        await until(lambda: not first.done())
        go_on.set()
        assert (await first).data == b""
