"""Live streams by the SDK: frames in and out, and what is left when one ends."""

import asyncio
import threading
from contextlib import asynccontextmanager

import numpy as np
import pytest
from semblant import AsyncClient, Client

from gateway.errors import (
    IdentityNotFound,
    InvalidOptions,
    InvalidRequest,
    NotAnImage,
    Overloaded,
    RequestTimeout,
    ShuttingDown,
)
from gateway.serving.testing import fake_services
from gateway.testing_faces import fake_face_inference
from tests.unit.http.app import black, photograph, saved
from tests.unit.rpc.test_streams import HeldWindow
from tests.unit.sdk.served import KINDS, serving
from tests.waiting import blocking_until, until

SOURCE = saved(photograph(seed=1))
PIXELS = photograph()
SIZE = {"width": 160, "height": 120}

kinds = pytest.mark.parametrize("kind", KINDS)


async def streamed(address, kind, frames, sources=SOURCE, **options):
    """Return what becomes of frames, by a client of a kind."""

    def in_thread():
        with Client(address) as client, client.stream(sources, **options) as stream:
            return list(stream.swap(frames))

    if kind == "sync":
        return await asyncio.to_thread(in_thread)
    async with AsyncClient(address) as client, client.stream(sources, **options) as stream:
        return [frame async for frame in stream.swap(frames)]


@asynccontextmanager
async def door(**settings):
    """Give the address of a service that counts what is left of it."""
    async with serving(fake_services(**settings)) as served:
        yield served.addresses["grpc"], served.services
        await until(lambda: served.services.streams.admitted == 0)
    await until(lambda: not ours())


def ours():
    """Return the threads and tasks of streams."""
    tasks = [repr(task.get_coro()) for task in asyncio.all_tasks()]
    return threads() + [name for name in tasks if "_Asked" in name]


def threads():
    """Return the threads of streams: ours, and those of gRPC's client."""
    known = ("semblant-stream", "consume_request", "channel_spin")
    return [t.name for t in threading.enumerate() if any(name in t.name for name in known)]


@kinds
async def test_arrays_come_back_as_arrays_in_their_order(kind):
    async with door() as (address, _):
        frames = await streamed(address, kind, [PIXELS] * 12)
    assert [one.index for one in frames] == list(range(12))
    times = [one.timestamp_us for one in frames]
    assert sorted(set(times)) == times
    for one in frames:
        assert one.data.shape == PIXELS.shape
        assert one.data.dtype == np.uint8
        changed = (one.data != PIXELS).any(2)
        assert changed[60, 80]
        assert not changed[0].any()
        one.data[0] = 0  # it may be drawn on
        assert (one.faces_found, one.faces_swapped) == (1, 1)
        assert one.latency_ms > 0
        assert {"queue", "swap"} <= set(one.timings_ms)
        assert (one.error, one.dropped) == (None, False)


@kinds
@pytest.mark.parametrize("format", ["i420", "nv12"])
async def test_planes_as_arrays_and_as_bytes(kind, format):
    raw = np.random.default_rng(2).integers(60, 200, (180, 160), dtype=np.uint8)
    async with door() as (address, _):
        (array,) = await streamed(address, kind, [raw], format=format)
        (data,) = await streamed(address, kind, [raw.tobytes()], format=format, **SIZE)
    assert array.data.shape == raw.shape
    assert isinstance(data.data, bytes)
    assert (array.data[:20] == raw[:20]).all()
    assert array.data.tobytes() == data.data


@kinds
async def test_files_of_jpeg_and_their_errors(kind):
    good = saved(PIXELS, "JPEG")
    frames = [good, good[:200], b"", good]
    async with door() as (address, _):
        found = await streamed(address, kind, frames, format="jpeg", jpeg_quality=80)
    codes = [one.error and one.error.spec.code for one in found]
    assert codes == [None, "image_truncated", "empty_upload", None]
    assert found[0].data.startswith(b"\xff\xd8")
    assert found[1].data is None


@kinds
async def test_times_are_the_caller_s(kind):
    async with door() as (address, _):
        found = await streamed(address, kind, [(n * 40_000, PIXELS) for n in range(3)])
        assert [one.timestamp_us for one in found] == [0, 40_000, 80_000]
        with pytest.raises(InvalidRequest, match="must rise"):
            await streamed(address, kind, [(5, PIXELS), (5, PIXELS)])


@kinds
async def test_parts_of_arrays_are_frames_too(kind):
    wide = np.concatenate([PIXELS, PIXELS], axis=1)
    async with door() as (address, _):
        (found,) = await streamed(address, kind, [wide[:, :160]])
        (whole,) = await streamed(address, kind, [PIXELS])
    assert (found.data == whole.data).all()


async def test_frames_of_an_asynchronous_source():
    async def camera():
        for n in range(4):
            await asyncio.sleep(0)
            yield n * 1000, PIXELS

    async with door() as (address, _):
        found = await streamed(address, "async", camera(), options={"shape": 0.5}, window=2)
    assert [one.index for one in found] == [0, 1, 2, 3]


@kinds
async def test_a_stream_of_somebody_enrolled(kind):
    async with serving() as served:
        person = await served.call("grpc", kind, "enrol_identity", SOURCE, consent=True)
        (found,) = await streamed(
            served.addresses["grpc"], kind, [PIXELS], sources=[], identity=person.id
        )
    assert found.faces_swapped == 1


@kinds
async def test_the_oldest_frames_are_dropped(kind, monkeypatch):
    monkeypatch.setattr(HeldWindow, "made", [])
    monkeypatch.setattr("gateway.pipeline.live.Window", HeldWindow)
    async with door() as (address, _):
        frames = asyncio.create_task(
            streamed(address, kind, [PIXELS] * 10, drop="oldest", window=2)
        )
        await until(lambda: HeldWindow.made and HeldWindow.made[0].put_in == 10)
        HeldWindow.made[0].let_go()
        found = await frames
    assert [one.dropped for one in found] == [True] * 8 + [False] * 2
    assert found[0].data is None


@kinds
@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"sources": b"text"}, NotAnImage),
        ({"sources": [], "identity": "idn_" + "0" * 32}, IdentityNotFound),
        ({"options": {"shape": 7}}, InvalidOptions),
        ({"options": {"shpe": 1}}, InvalidOptions),
        ({"window": 10_000}, InvalidRequest),
        ({"format": "yuv"}, ValueError),
        ({"drop": "newest"}, ValueError),
    ],
)
async def test_a_stream_that_cannot_begin(kind, options, error):
    async with door() as (address, _):
        with pytest.raises(error):
            await streamed(address, kind, [PIXELS], **options)


@kinds
@pytest.mark.parametrize(
    ("frames", "options", "error"),
    [
        ([PIXELS[:, :, 0]], {}, ValueError),
        ([PIXELS.astype(np.float32)], {}, ValueError),
        ([PIXELS, PIXELS[:60]], {}, ValueError),
        ([b"bytes"], {}, ValueError),  # of what size?
        ([], {}, ValueError),
        ([PIXELS], {"format": "jpeg"}, ValueError),
        (["text"], SIZE, TypeError),
    ],
)
async def test_frames_that_are_none(kind, frames, options, error):
    async with door() as (address, _):
        with pytest.raises(error):
            await streamed(address, kind, frames, **options)


@kinds
async def test_no_frames(kind):
    async with door() as (address, _):
        assert await streamed(address, kind, [], **SIZE) == []


@kinds
async def test_an_error_of_the_source_is_raised_here(kind, caplog):
    def broken():
        yield PIXELS
        raise ZeroDivisionError("the camera")

    async with door() as (address, _):
        with pytest.raises(ZeroDivisionError, match="the camera"):
            await streamed(address, kind, broken())
    assert "camera" not in caplog.text


async def test_an_error_of_an_asynchronous_source_is_raised_here():
    async def broken():
        yield PIXELS
        raise ZeroDivisionError("the camera")

    async with door() as (address, _):
        with pytest.raises(ZeroDivisionError, match="the camera"):
            await streamed(address, "async", broken())


async def test_a_block_that_is_left_leaves_nothing_behind():
    closed = asyncio.Event()

    async def endless():
        try:
            while True:
                yield PIXELS
                await asyncio.sleep(0)
        finally:
            closed.set()

    async with door() as (address, services):
        async with AsyncClient(address) as client, client.stream(SOURCE) as stream:
            async for frame in stream.swap(frames := endless()):
                assert frame.index == 0
                break
        await until(lambda: services.streams.admitted == 0)
        assert ours() == []
        await frames.aclose()
        assert closed.is_set()


async def test_a_thread_s_block_that_is_left_leaves_nothing_behind():
    def endless():
        while True:
            yield PIXELS

    def work(address):
        with Client(address) as client, client.stream(SOURCE) as stream:
            for frame in stream.swap(frames := endless()):
                assert frame.index == 0
                break
        frames.close()  # nobody asks it any more
        blocking_until(lambda: not threads(), otherwise=lambda: str(threads()))

    async with door() as (address, services):
        await asyncio.to_thread(work, address)
        await until(lambda: services.streams.admitted == 0)


async def test_a_task_that_is_cancelled_leaves_nothing_behind():
    async def silent():
        yield PIXELS
        await asyncio.Event().wait()

    async with door() as (address, services):
        task = asyncio.create_task(streamed(address, "async", silent()))
        await until(lambda: services.streams.admitted == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: services.streams.admitted == 0)
        assert ours() == []


@kinds
async def test_a_source_that_has_stopped_giving(kind, monkeypatch):
    """The service ends a silent stream; its sender waits for a frame that does not come."""
    monkeypatch.setattr("semblant._sync.wire._LAST_S", 0.05)
    monkeypatch.setattr("semblant._async.wire._LAST_S", 0.05)
    given = threading.Event()

    def stuck():
        yield PIXELS
        given.wait()

    async with door(stream_idle_s=0.2) as (address, _):
        try:
            with pytest.raises(RequestTimeout):
                await streamed(address, kind, stuck())
        finally:
            given.set()
        await until(lambda: not ours())


@kinds
async def test_more_streams_than_there_may_be(kind):
    async def silent():
        yield PIXELS
        await asyncio.Event().wait()

    async with door(max_streams=1) as (address, services):
        first = asyncio.create_task(streamed(address, "async", silent()))
        await until(lambda: services.streams.admitted == 1)
        with pytest.raises(Overloaded):
            await streamed(address, kind, [PIXELS])
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)


@kinds
async def test_a_service_that_stops(kind):
    more = threading.Event()

    def frames():
        yield PIXELS
        more.wait()

    async with door() as (address, services):
        task = asyncio.create_task(streamed(address, kind, frames()))
        await until(lambda: services.streams.admitted == 1)
        services.health.leave()
        ended = await asyncio.gather(task, return_exceptions=True)
        more.set()
    assert isinstance(ended[0], ShuttingDown)


@kinds
async def test_a_caller_that_does_not_read_holds_the_source_up(kind):
    taken = 0

    def frames():
        nonlocal taken
        while True:
            taken += 1
            yield PIXELS

    def still() -> bool:
        looks.append(taken)
        return len(looks) > 50 and looks[-50] == taken

    looks = []
    async with door() as (address, _):
        if kind == "sync":

            def work():
                with Client(address) as client, client.stream(SOURCE, window=2) as stream:
                    next(stream.swap(frames()))
                    blocking_until(still)

            await asyncio.to_thread(work)
        else:
            async with AsyncClient(address) as client, client.stream(SOURCE, window=2) as stream:
                async for _ in stream.swap(frames()):
                    await until(still)
                    break
    assert taken < 2000


async def test_a_stream_is_used_once():
    async with door() as (address, _), AsyncClient(address) as client:
        async with client.stream(SOURCE) as stream:
            assert len([one async for one in stream.swap([PIXELS])]) == 1
            with pytest.raises(ValueError, match="one sequence"):
                await anext(stream.swap([PIXELS]))
        async with client.stream(SOURCE):
            pass  # nothing was sent, and nothing is left


@kinds
async def test_frames_without_a_face_stay_as_they_are(kind):
    async with door(inference=fake_face_inference()) as (address, _):
        found = await streamed(address, kind, [black(), PIXELS])
    assert (found[0].data == black()).all()
    assert [one.faces_swapped for one in found] == [0, 1]


def test_http_has_no_streams():
    with Client("http://127.0.0.1:1") as client, pytest.raises(ValueError, match="grpc://"):
        client.stream(SOURCE)
