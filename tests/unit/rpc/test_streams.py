"""Live streams: order, windows, drops, frames that are wrong."""

import asyncio

import grpc
import numpy as np
import pytest
from semblant.v1 import fusion_pb2 as fusion
from semblant.v1 import options_pb2 as options

from gateway.errors import InferenceFailed
from gateway.serving.testing import fake_services
from gateway.testing_faces import fake_face_inference
from tests.unit.http.app import black, photograph, saved
from tests.unit.rpc.door import door, failed
from tests.waiting import until

SOURCE = saved(photograph(seed=1))
PIXELS = photograph()
STEP_US = 33_000


def start(**more) -> fusion.SwapStreamRequest:
    given = {
        "sources": [SOURCE],
        "format": fusion.PIXEL_FORMAT_RGB24,
        "width": 160,
        "height": 120,
        **more,
    }
    return fusion.SwapStreamRequest(start=fusion.StreamStart(**given))


def frame(n: int, data: bytes | None = None) -> fusion.SwapStreamRequest:
    data = PIXELS.tobytes() if data is None else data
    return fusion.SwapStreamRequest(frame=fusion.StreamFrame(timestamp_us=n * STEP_US, data=data))


async def sent(*messages):
    for message in messages:
        yield message


async def streamed(*messages, **settings):
    async with door(**settings) as each:
        return [answer async for answer in each.fusion.SwapStream(sent(*messages))]


async def refused(*messages, **settings):
    async with door(**settings) as each:
        return await failed(each.fusion.SwapStream(sent(*messages)))


def rgb(answer, height=120, width=160) -> np.ndarray:
    return np.frombuffer(answer.frame.data, np.uint8).reshape(height, width, 3)


async def test_frames_come_back_changed_and_in_their_order():
    answers = await streamed(start(), *(frame(n) for n in range(12)))
    assert [one.index for one in answers] == list(range(12))
    assert [one.timestamp_us for one in answers] == [n * STEP_US for n in range(12)]
    for one in answers:
        assert one.WhichOneof("outcome") == "frame"
        assert (one.frame.faces_found, one.frame.faces_swapped) == (1, 1)
        assert one.frame.latency_ms > 0
        assert {"queue", "decode", "track", "swap", "fuse", "encode"} <= set(one.frame.timings_ms)
        changed = (rgb(one) != PIXELS).any(2)
        assert changed[60, 80]
        assert not changed[0].any()


@pytest.mark.parametrize(
    ("format", "bytes_of"),
    [
        (fusion.PIXEL_FORMAT_I420, lambda side: side[0] * side[1] * 3 // 2),
        (fusion.PIXEL_FORMAT_NV12, lambda side: side[0] * side[1] * 3 // 2),
        (fusion.PIXEL_FORMAT_RGB24, lambda side: side[0] * side[1] * 3),
    ],
)
async def test_pixels_beside_the_face_stay_bit_for_bit(format, bytes_of):
    raw = np.random.default_rng(2).integers(60, 200, bytes_of((120, 160)), dtype=np.uint8)
    (answer,) = await streamed(start(format=format), frame(0, raw.tobytes()))
    made = np.frombuffer(answer.frame.data, np.uint8)
    assert made.shape == raw.shape
    assert (made[: 160 * 20] == raw[: 160 * 20]).all()  # the first rows, which no face reaches
    assert (made != raw).any() == bool(answer.frame.faces_swapped)


async def test_jpeg_frames_come_back_as_jpeg():
    (answer,) = await streamed(
        start(format=fusion.PIXEL_FORMAT_JPEG), frame(0, saved(PIXELS, "JPEG", quality=95))
    )
    assert answer.frame.data.startswith(b"\xff\xd8")
    assert answer.frame.faces_swapped == 1


async def test_a_broken_frame_has_its_error_and_the_stream_lives():
    good = saved(PIXELS, "JPEG")
    frames = [good, good[:200], b"", saved(PIXELS, "PNG"), saved(photograph(60, 80), "JPEG"), good]
    answers = await streamed(
        start(format=fusion.PIXEL_FORMAT_JPEG), *(frame(n, data) for n, data in enumerate(frames))
    )
    outcomes = [one.error.code or one.WhichOneof("outcome") for one in answers]
    assert outcomes == [
        "frame",
        "image_truncated",
        "empty_upload",
        "not_an_image",
        "video_size_changes",
        "frame",
    ]


async def test_a_frame_of_another_size_has_its_error():
    answers = await streamed(start(), frame(0, b"123"), frame(1))
    assert [one.error.code for one in answers] == ["invalid_request", ""]


async def test_a_network_that_fails_costs_one_frame():
    inference = fake_face_inference()
    working = inference.models["face_mesh"].function
    calls = iter(range(1000))

    def sometimes(inputs):
        if next(calls) == 4:
            raise InferenceFailed()
        return working(inputs)

    inference.models["face_mesh"].function = sometimes
    services = fake_services(inference=inference)
    async with door(services) as each:
        coming = each.fusion.SwapStream(sent(start(), *(frame(n) for n in range(8))))
        answers = [answer async for answer in coming]
    codes = [one.error.code for one in answers]
    assert codes.count("inference_failed") == 1
    assert codes.count("") == 7


async def test_frames_without_a_face_stay_as_they_are():
    raw = black().tobytes()
    answers = await streamed(start(), frame(0, raw), frame(1, raw), frame(2))
    assert [one.frame.data == raw for one in answers] == [True, True, False]
    assert [one.frame.faces_swapped for one in answers] == [0, 0, 1]


async def slow_door(held: asyncio.Event):
    """Return services in which nothing is swapped before an event."""
    inference = fake_face_inference()
    services = fake_services(inference=inference)
    read = services.live.begin

    async def begin(*args, **more):
        stream = await read(*args, **more)
        follow = stream._follow

        async def later(one):
            await held.wait()
            await follow(one)

        stream._follow = later
        return stream

    object.__setattr__(services.live, "begin", begin)
    return services


async def test_the_oldest_frames_are_dropped_and_reported():
    held = asyncio.Event()
    services = await slow_door(held)
    read = asyncio.Event()

    async def frames():
        yield start(drop=fusion.DROP_OLDEST, window=2)
        for n in range(10):
            yield frame(n)
        read.set()

    async with door(services) as each:
        coming = each.fusion.SwapStream(frames())
        await read.wait()
        await asyncio.sleep(0.3)  # what was sent arrives
        held.set()
        answers = [answer async for answer in coming]
    outcomes = [one.WhichOneof("outcome") for one in answers]
    assert [one.index for one in answers] == list(range(10))
    assert outcomes[0] == "frame"  # it was in work already
    assert outcomes[-2:] == ["frame", "frame"]
    assert outcomes.count("dropped") == 7


async def test_with_block_none_is_dropped():
    answers = await streamed(
        start(drop=fusion.DROP_BLOCK, window=1), *(frame(n) for n in range(30))
    )
    assert [one.WhichOneof("outcome") for one in answers] == ["frame"] * 30


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (start(format=0), "start.format"),
        (start(format=99), "start.format"),
        (start(width=8), "start.width"),
        (start(format=fusion.PIXEL_FORMAT_NV12, width=161), "start.width"),
        (start(width=16000, height=16000), "start.width"),
        (start(window=10_000), "start.window"),
        (start(window=-1), "start.window"),
        (start(drop=99), "start.drop"),
        (start(jpeg_quality=101), "start.jpeg_quality"),
        (start(options=options.SwapOptions(shape=3)), "shape"),
        (start(sources=[]), "source"),
    ],
)
async def test_a_start_that_cannot_be_is_refused(message, field):
    found = await refused(message)
    assert found.status == "INVALID_ARGUMENT"
    assert list(found.violations) == [field]


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([], "invalid_request"),
        ([fusion.SwapStreamRequest()], "invalid_request"),
        ([frame(0)], "invalid_request"),
        ([start(), start()], "invalid_request"),
        ([start(), fusion.SwapStreamRequest()], "invalid_request"),
        ([start(), frame(1), frame(1)], "invalid_request"),
        ([start(sources=[b"text"])], "not_an_image"),
        ([start(sources=[saved(black())])], "no_face_in_source"),
        ([start(source_id="idn_x", sources=[])], "identity_not_found"),
    ],
)
async def test_streams_that_are_wrong_end_with_their_error(messages, reason):
    found = await refused(*messages)
    assert found.reason == reason
    assert found.status in ("INVALID_ARGUMENT", "FAILED_PRECONDITION", "NOT_FOUND")


async def test_a_stream_that_falls_silent_is_ended():
    async def frames():
        yield start()
        await asyncio.sleep(30)

    async with door(stream_idle_s=0.2) as each:
        found = await failed(each.fusion.SwapStream(frames()))
    assert (found.status, found.reason) == ("DEADLINE_EXCEEDED", "request_timeout")


async def test_more_streams_than_there_may_be_are_refused():
    async def silent():
        yield start()
        await asyncio.sleep(30)

    async with door(max_streams=2) as each:
        open_ones = [each.fusion.SwapStream(silent()) for _ in range(2)]
        reading = [asyncio.ensure_future(one.read()) for one in open_ones]
        await until(lambda: each.services.streams.admitted == 2)
        found = await failed(each.fusion.SwapStream(sent(start())))
        assert (found.status, found.reason) == ("RESOURCE_EXHAUSTED", "overloaded")
        for one in open_ones:
            one.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
        await until(lambda: each.services.streams.admitted == 0)


async def test_a_caller_that_leaves_leaves_nothing_behind():
    async def frames():
        yield start()
        for n in range(10**6):
            yield frame(n)

    async with door() as each:
        coming = each.fusion.SwapStream(frames())
        async for _ in coming:
            break
        coming.cancel()
        await until(lambda: each.services.streams.admitted == 0)
        names = {task.get_name() for task in asyncio.all_tasks()}
        assert "live" not in names


async def test_a_caller_that_never_reads_stops_what_is_read():
    taken = 0

    async def frames():
        nonlocal taken
        yield start(drop=fusion.DROP_BLOCK, window=2)
        while True:
            yield frame(taken)
            taken += 1

    async with door() as each:
        coming = each.fusion.SwapStream(frames())
        await until(lambda: each.services.streams.admitted == 1)
        before = -1
        while before != taken or not taken:
            before = taken
            await asyncio.sleep(0.5)
        assert taken < 2000
        coming.cancel()
        await until(lambda: each.services.streams.admitted == 0)


async def test_streams_end_when_the_service_stops():
    async def frames():
        yield start()
        yield frame(0)
        await asyncio.sleep(30)

    async with door() as each:
        coming = each.fusion.SwapStream(frames())
        assert (await coming.read()).index == 0
        each.services.health.leave()
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await coming.read()
        assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
