"""gRPC as its callers meet it: swaps beside HTTP's, live streams; writes `bench/rpc.json`."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import cv2
import grpc
import httpx
import numpy as np
from av.video.frame import VideoFrame
from semblant.v1 import fusion_pb2, fusion_pb2_grpc
from semblant_triton.launcher import EmbeddedTriton

from bench.figures import Figure, figure
from bench.pictures import jpeg, portrait, scene
from bench.running import Run, started
from bench.service import Gateway, gateway
from gateway.arrays import U8
from gateway.settings import Settings

SIZE_WH, FACE_PX, FPS = (1280, 720), 240, 30
PERIOD = 60
"""Frames after which the drawn motion begins again."""
STREAMS, LONG = 4, 10_000
"""Streams at once; frames of the long one."""
STAGES = ("queue", "decode", "track", "steady", "mask", "swap", "fuse", "encode")


@dataclass
class Streamed:
    """What became of a stream's frames.

    Attributes:
        latencies_ms: Of each frame, from its arrival at the service to its answer.
        stages_ms: Of each stage, of each frame.
        indices: In the order of the answers.
        dropped: How many were reported as dropped.
        seconds: From the first frame sent to the last answer.
    """

    latencies_ms: list[float] = field(default_factory=list)
    stages_ms: dict[str, list[float]] = field(default_factory=dict)
    indices: list[int] = field(default_factory=list)
    dropped: int = 0
    seconds: float = 0.0


def measure(run: Run) -> dict[str, Figure]:
    """Return the figures of swaps by both protocols, and of streams."""
    settings = Settings()
    with (
        EmbeddedTriton(settings.model_repository, settings.triton_environment) as triton,
        gateway(triton.grpc_url, protocols="both") as served,
    ):
        figures = swaps(served, run.size(60, 1))
        frames = moving(run.size(PERIOD, 3))
        figures |= asyncio.run(streams(served, frames, run))
    return figures


def swaps(served: Gateway, n: int) -> dict[str, Figure]:
    """Return milliseconds of single swaps, both protocols in turn so that both meet one machine."""
    source, target = jpeg(portrait("hopper")[:512]), jpeg(portrait("astronaut"))
    options = grpc.insecure_channel(served.rpc)
    by_http, by_grpc = [], []
    with httpx.Client(base_url=served.address, timeout=60) as http, options as channel:
        stub = fusion_pb2_grpc.FusionServiceStub(channel)
        asked = fusion_pb2.SwapRequest(sources=[source], target=target)
        files = {"source": source, "target": target}
        for i in range(n + 3):
            began = time.perf_counter()
            http.post("/v1/swaps", files=files, headers={"Accept": "image/jpeg"}).raise_for_status()
            between = time.perf_counter()
            stub.Swap(asked)
            if i >= 3:
                by_http.append(1e3 * (between - began))
                by_grpc.append(1e3 * (time.perf_counter() - between))
    ratio = [g / h for g, h in zip(by_grpc, by_http, strict=True)]
    about = "swap, 512×512 JPEG in and out, one caller"
    return {
        "http_swap_512_p50_ms": figure(by_http, "ms", f"HTTP {about}"),
        "rpc_swap_512_p50_ms": figure(by_grpc, "ms", f"gRPC {about}"),
        "rpc_over_http": figure(ratio, "×", "of the two above, pair by pair", "≤ 0.95"),
    }


def moving(count: int) -> list[bytes]:
    """Return frames of I420 in which a face moves to and fro."""
    image = scene("astronaut", SIZE_WH, FACE_PX)
    out = []
    for n in range(count):
        angle = 2 * np.pi * n / PERIOD
        way = np.array([[1, 0, 40 * np.sin(angle)], [0, 1, 12 * np.cos(angle)]])
        moved: U8 = np.asarray(
            cv2.warpAffine(image, way, SIZE_WH, borderMode=cv2.BORDER_REPLICATE), np.uint8
        )
        frame = VideoFrame.from_ndarray(moved, format="rgb24").reformat(format="yuv420p")
        out.append(np.ascontiguousarray(frame.to_ndarray()).tobytes())
    return out


async def streams(served: Gateway, frames: Sequence[bytes], run: Run) -> dict[str, Figure]:
    """Return the figures of one stream, of a long one, and of several at once."""
    drop = fusion_pb2
    fast = await streamed(served, frames, run.size(600, 3), drop=drop.DROP_BLOCK, window=2)
    paced = await streamed(
        served, frames, run.size(600, 3), drop=drop.DROP_OLDEST, window=1, fps=25
    )
    long = await streamed(served, frames, run.size(LONG, 6), drop=drop.DROP_OLDEST, window=4)
    several = await asyncio.gather(
        *(
            streamed(served, frames, run.size(200, 3), drop=drop.DROP_BLOCK, window=2)
            for _ in range(STREAMS)
        )
    )
    rates = [len(one.latencies_ms) / one.seconds for one in several]
    sent = run.size(LONG, 6)
    wrong = sum(b != a + 1 for a, b in itertools.pairwise(long.indices))
    answered = len(long.latencies_ms) + long.dropped
    about = f"of a live stream, 1280×720 I420, a face of {FACE_PX} px"
    figures = {
        "stream_720p_fps": figure(
            [len(fast.latencies_ms) / fast.seconds], "1/s", f"frames {about}, as fast as it goes",
            "≥ 25",
        ),
        "stream_720p_p50_ms": figure(
            paced.latencies_ms, "ms", f"arrival to answer {about}, at 25 a second"
        ),
        "stream_720p_p95_ms": figure(
            [float(np.percentile(paced.latencies_ms, 95))], "ms", "95 % of these are below", "≤ 80"
        ),
        "stream_720p_dropped_pct": figure(
            [100 * paced.dropped / max(1, len(paced.indices))], "%", f"dropped {about}, likewise"
        ),
        "stream_order_errors": figure(
            [float(wrong)], "", "answers out of order, of a stream that never waits", "0"
        ),
        "stream_lost": figure(
            [float(sent - answered)], "", "frames neither answered nor reported", "0"
        ),
        "streams_4_fairness": figure(
            [min(rates) / max(rates)], "×", "slowest over fastest of four streams", "≥ 0.8"
        ),
        "streams_4_fps": figure([sum(rates)], "1/s", "frames of four streams together"),
    }  # fmt: skip
    for stage in STAGES:
        values = fast.stages_ms.get(stage, [0.0])
        figures[f"stream_{stage}_ms"] = figure(values, "ms", f"{stage}, a frame {about}")
    return figures


async def streamed(
    served: Gateway,
    frames: Sequence[bytes],
    count: int,
    *,
    drop: fusion_pb2.Drop.ValueType,
    window: int,
    fps: float | None = None,
) -> Streamed:
    """Send so many frames, at a pace or as fast as they are taken; return what became of them."""
    seen = Streamed()
    began = time.perf_counter()

    async def sent() -> AsyncIterator[fusion_pb2.SwapStreamRequest]:
        start = fusion_pb2.StreamStart(
            sources=[jpeg(portrait("hopper"))],
            format=fusion_pb2.PIXEL_FORMAT_I420,
            width=SIZE_WH[0],
            height=SIZE_WH[1],
            drop=drop,
            window=window,
        )
        yield fusion_pb2.SwapStreamRequest(start=start)
        for n in range(count):
            if fps is not None:
                await asyncio.sleep(max(0.0, began + n / fps - time.perf_counter()))
            stamp = round(1e6 * n / FPS)
            frame = fusion_pb2.StreamFrame(timestamp_us=stamp, data=frames[n % len(frames)])
            yield fusion_pb2.SwapStreamRequest(frame=frame)

    async with grpc.aio.insecure_channel(served.rpc, options=_UNLIMITED) as channel:
        stub = fusion_pb2_grpc.FusionServiceStub(channel)
        async for answer in stub.SwapStream(sent()):
            seen.indices.append(answer.index)
            seen.dropped += answer.HasField("dropped")
            if answer.HasField("frame"):
                seen.latencies_ms.append(answer.frame.latency_ms)
                for stage, spent in answer.frame.timings_ms.items():
                    seen.stages_ms.setdefault(stage, []).append(spent)
    seen.seconds = time.perf_counter() - began
    return seen


_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def main() -> None:
    run = started("rpc")
    run.finish(measure(run))


if __name__ == "__main__":
    main()
