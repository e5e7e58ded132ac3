"""Live streams: order, windows, drops, frames that are wrong."""

import asyncio
import threading
from contextlib import AsyncExitStack, asynccontextmanager
from typing import ClassVar

import grpc
import numpy as np
import pytest
from semblant.v1 import fusion_pb2 as fusion
from semblant.v1 import fusion_pb2_grpc
from semblant.v1 import options_pb2 as options

from gateway.errors import InferenceFailed, RequestCanceled
from gateway.pipeline.live_window import Window
from gateway.rpc.call import parsed_all
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


@asynccontextmanager
async def held_open(*messages):
    """Give a sender that sends messages, and no end before the end of the block.

    A call's sender must end: gRPC's client forgets those that wait when a call is over.
    """
    over, ended = asyncio.Event(), asyncio.Event()

    async def sender():
        try:
            for message in messages:
                yield message
            await over.wait()
        finally:
            ended.set()

    try:
        yield sender()
    finally:
        over.set()
        await ended.wait()


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


class HeldWindow(Window):
    """A window that gives nothing before it is let go."""

    def __init__(self, most, drop) -> None:
        super().__init__(most, drop)
        self.put_in = 0
        self.held = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.made.append(self)

    made: ClassVar[list[Window]] = []

    def let_go(self) -> None:
        """Let it give; to be called in any thread."""
        self.loop.call_soon_threadsafe(self.held.set)

    async def put(self, frame) -> None:
        await super().put(frame)
        self.put_in += 1

    async def get(self):
        await self.held.wait()
        return await super().get()


async def test_the_oldest_frames_are_dropped_and_reported(monkeypatch):
    monkeypatch.setattr(HeldWindow, "made", [])
    monkeypatch.setattr("gateway.pipeline.live.Window", HeldWindow)
    async with door() as each:
        frames = [start(drop=fusion.DROP_OLDEST, window=2), *(frame(n) for n in range(10))]
        coming = each.fusion.SwapStream(sent(*frames))
        await until(lambda: HeldWindow.made and HeldWindow.made[0].put_in == 10)
        HeldWindow.made[0].let_go()
        answers = [answer async for answer in coming]
    assert [one.index for one in answers] == list(range(10))
    outcomes = [one.WhichOneof("outcome") for one in answers]
    assert outcomes == ["dropped"] * 8 + ["frame"] * 2


async def test_with_block_none_is_dropped():
    answers = await streamed(
        start(drop=fusion.DROP_BLOCK, window=1), *(frame(n) for n in range(30))
    )
    assert [one.WhichOneof("outcome") for one in answers] == ["frame"] * 30


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (start(format=0), "format"),
        (start(format=99), "format"),
        (start(width=8), "width"),
        (start(format=fusion.PIXEL_FORMAT_NV12, width=161), "width"),
        (start(width=16000, height=16000), "width"),
        (start(window=10_000), "window"),
        (start(window=-1), "window"),
        (start(drop=99), "drop"),
        (start(jpeg_quality=101), "jpeg_quality"),
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
    async with door(stream_idle_s=0.2) as each, held_open(start()) as sender:
        found = await failed(each.fusion.SwapStream(sender))
    assert (found.status, found.reason) == ("DEADLINE_EXCEEDED", "request_timeout")


async def test_more_streams_than_there_may_be_are_refused():
    async with (
        door(max_streams=2) as each,
        held_open(start()) as first,
        held_open(start()) as second,
    ):
        streams = [each.fusion.SwapStream(sender) for sender in (first, second)]
        await until(lambda: each.services.streams.admitted == 2)
        found = await failed(each.fusion.SwapStream(sent(start())))
        assert (found.status, found.reason) == ("RESOURCE_EXHAUSTED", "overloaded")
        for stream in streams:
            stream.cancel()
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
        looks = []

        def still() -> bool:
            looks.append(taken)
            return len(looks) > 50 and looks[-50] == taken

        await until(still)
        assert taken < 2000
        coming.cancel()
        await until(lambda: each.services.streams.admitted == 0)


async def test_streams_end_when_the_service_stops():
    async with door() as each, held_open(start(), frame(0)) as sender:
        coming = each.fusion.SwapStream(sender)
        assert (await coming.read()).index == 0
        each.services.health.leave()
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await coming.read()
        assert ended.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_thousand_calls_that_wait_cost_no_thread_and_end():
    settings = {"max_streams": 1000, "grpc_max_calls": 1100, "stream_idle_s": 60}
    async with door(**settings) as each, AsyncExitStack() as open_ones:
        before = threading.active_count()
        address = f"127.0.0.1:{each.server.port}"
        channel = await open_ones.enter_async_context(grpc.aio.insecure_channel(address))
        stub = fusion_pb2_grpc.FusionServiceStub(channel)
        senders = [await open_ones.enter_async_context(held_open()) for _ in range(1000)]
        streams = [stub.SwapStream(sender) for sender in senders]
        await until(lambda: each.services.streams.admitted == 1000)
        assert threading.active_count() <= before + 4
        answer = await each.fusion.Analyze(fusion.AnalyzeRequest(image=SOURCE))
        assert answer.report.faces
        for stream in streams:
            stream.cancel()
        await until(lambda: each.services.streams.admitted == 0)


async def test_what_can_no_longer_be_received_is_no_fault_of_ours():
    """gRPC says in its own words that the server has stopped before a call was read."""

    async def stopped():
        yield start().SerializeToString()
        raise ZeroDivisionError("Server already stopped.")

    coming = parsed_all(fusion.SwapStreamRequest, stopped())
    assert (await anext(coming)).HasField("start")
    with pytest.raises(RequestCanceled):
        await anext(coming)
