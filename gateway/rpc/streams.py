"""Live streams as messages: their start, their frames, and what became of each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import cast

from semblant.v1.fusion_pb2 import (
    Drop,
    FrameDropped,
    FrameError,
    PixelFormat,
    StreamStart,
    SwappedFrame,
    SwapStreamRequest,
    SwapStreamResponse,
)

from gateway.errors import InvalidRequest, RequestTimeout, ShuttingDown
from gateway.media.live_frames import LiveFormat, LiveFormatName, LiveFrames
from gateway.media.video import DecodedFrame
from gateway.operations.pictures import decode_pictures
from gateway.pipeline.live import LiveFuser, LiveStream
from gateway.pipeline.live_window import Drop as DropPolicy
from gateway.pipeline.live_window import LiveFrame, LiveOutcome
from gateway.pipeline.options.requirements import require_pictures
from gateway.pipeline.options.swap import SwapOptions
from gateway.pipeline.selection.assignments import SourceIdentities
from gateway.pipeline.selection.stored import read_stored, require_claims
from gateway.pipeline.video.frame import EditableFrame
from gateway.rpc.call import Call
from gateway.rpc.messages import options_of
from gateway.rpc.status import known_error
from gateway.telemetry.attributes import Attribute, Value
from gateway.telemetry.spans import Span
from gateway.trust.audit.events import AuditEvent
from gateway.trust.marking import FilmMarks
from gateway.trust.provenance import new_provenance

JPEG_QUALITY = 92
"""Of JPEG frames, unless another one is asked for."""
_FORMATS: dict[int, LiveFormatName] = {
    PixelFormat.PIXEL_FORMAT_RGB24: "rgb24",
    PixelFormat.PIXEL_FORMAT_I420: "i420",
    PixelFormat.PIXEL_FORMAT_NV12: "nv12",
    PixelFormat.PIXEL_FORMAT_JPEG: "jpeg",
}
_DROPS: dict[int, DropPolicy] = {
    Drop.DROP_UNSPECIFIED: "block",
    Drop.DROP_BLOCK: "block",
    Drop.DROP_OLDEST: "oldest",
}
CHECK_S = 1.0
"""Seconds between two checks that the caller of a stream may still call."""
_LOOK_S = 0.5
EVERY_FRAMES = 100
"""Of so many frames one is an event of the stream's span."""


@dataclass(frozen=True, slots=True, eq=False)
class OpenStream:
    """A stream that has begun.

    Attributes:
        call: Its call.
        begin: Begins what changes its frames.
        frames: Reads and writes them.
        window: Frames that wait, at the most.
        drop: What happens to those for which there is no room.
        marks: Marks frames.
        event: What the log says of it.
    """

    call: Call
    begin: Callable[[LiveFuser], Awaitable[LiveStream]]
    frames: LiveFrames
    window: int
    drop: DropPolicy
    marks: FilmMarks
    event: AuditEvent

    async def outcomes(
        self, requests: AsyncIterator[SwapStreamRequest]
    ) -> AsyncGenerator[LiveOutcome, None]:
        """Yield what became of each frame, in their order.

        Raises:
            FaceError, InferenceError, DeadlineExceeded: of its pictures.
        InvalidRequest: a message is no frame, or a timestamp does not rise.
            RequestTimeout: none has come for too long.
            ShuttingDown: the service begins to stop.
        """
        close = cast(Callable[[EditableFrame], bytes], self._close)
        live = self.call.services.live
        outcomes = live.run(
            self.begin, self._arriving(requests), close, window=self.window, drop=self.drop
        )
        async with aclosing(outcomes) as coming:
            async for outcome in coming:
                if outcome.error is not None:
                    outcome.error = known_error(outcome.error, self.call.exchange.request_id)
                yield outcome

    async def _arriving(
        self, requests: AsyncIterator[SwapStreamRequest]
    ) -> AsyncGenerator[LiveFrame, None]:
        first = last = None
        async for message in _waited(self.call, requests):
            if message.WhichOneof("kind") != "frame":
                raise InvalidRequest("After the start, a stream's messages are frames.")
            frame = message.frame
            if last is not None and frame.timestamp_us <= last:
                raise InvalidRequest("The timestamps of a stream's frames must rise.")
            last = frame.timestamp_us
            first = last if first is None else first
            time_s = Fraction(last - first, 1_000_000)
            yield LiveFrame(last, partial(self._open, frame.data, time_s))

    def _open(self, data: bytes, time_s: Fraction) -> DecodedFrame:
        frame = self.frames.read(data, time_s)
        frame.remembers = self.marks.needs_before
        return frame

    def _close(self, frame: DecodedFrame) -> bytes:
        self.marks.mark(frame, float(frame.time_s))
        return self.frames.write(frame)


async def _waited(
    call: Call, requests: AsyncIterator[SwapStreamRequest]
) -> AsyncGenerator[SwapStreamRequest, None]:
    """Yield messages, none of which is waited for too long."""
    idle_s = call.services.settings.stream_idle_s
    loop = asyncio.get_running_loop()
    since = checked = loop.time()
    coming = asyncio.ensure_future(anext(requests, None))
    try:
        while True:
            await asyncio.wait({coming}, timeout=min(_LOOK_S, idle_s))
            if call.services.health.leaving:
                raise ShuttingDown(retry_after_s=1)
            if loop.time() - checked >= CHECK_S:
                await call.check_again()
                checked = loop.time()
            if coming.done():
                message = coming.result()
                if message is None:
                    return
                yield message
                since = loop.time()
                coming = asyncio.ensure_future(anext(requests, None))
            elif loop.time() - since >= idle_s:
                raise RequestTimeout(f"No frame arrived within {idle_s:g} seconds.")
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


async def read_start(call: Call, requests: AsyncIterator[SwapStreamRequest]) -> StreamStart:
    """Return a stream's first message.

    Raises:
        InvalidRequest: it does not start a stream.
        RequestTimeout: there is none.
    """
    limit_s = call.services.settings.upload_timeout_s
    try:
        async with asyncio.timeout(limit_s):
            first = await anext(requests, None)
    except TimeoutError:
        raise RequestTimeout(f"No message arrived within {limit_s:g} seconds.") from None
    if first is None or first.WhichOneof("kind") != "start":
        raise InvalidRequest("The first message of a stream is its start.")
    start: StreamStart = first.start
    return start


async def begin(call: Call, start: StreamStart) -> OpenStream:
    """Return a stream as it was started, its pictures read.

    Raises:
        InvalidRequest, InvalidOptions, MissingField: by name.
        ImageError: of its pictures.
    """
    services, settings = call.services, call.services.settings
    format = _format(call, start)
    options = options_of(start.options, SwapOptions)
    source_id = start.source_id if start.HasField("source_id") else None
    counts = {"source": len(start.sources), "reference": len(start.references), "target": 1}
    require_pictures(options, counts, source_id)
    services.trust.check(options.marks)
    require_claims(services.guard.rules("live"), options, len(start.sources))
    window = start.window or settings.stream_window
    if not 0 < window <= settings.stream_window:
        raise _wrong("window", f"should be 0-{settings.stream_window}")
    if start.drop not in _DROPS:
        raise _wrong("drop", f"{start.drop} is no value of semblant.v1.Drop")
    stored = await read_stored(
        options,
        source_id,
        tenant=call.tenant,
        identities=services.identities,
        expressions=services.expressions,
        compute=services.compute,
        guard=services.guard,
        medium="live",
    )
    files = [(f"Source {n}", data) for n, data in enumerate(start.sources)]
    files += [(f"Reference {n}", data) for n, data in enumerate(start.references)]
    pictures = [one.rgb for one in await decode_pictures(services, call.exchange, files)]
    first = partial(
        LiveFuser.begin,
        sources=pictures[: len(start.sources)],
        references=pictures[len(start.sources) :],
        players_of=lambda faces: SourceIdentities.of(faces, stored.identities, source_id),
        options=options,
        library=stored.library,
        call_s=settings.request_deadline_s,
        consents=stored.consent,
    )
    provenance_id = new_provenance()
    marks = services.trust.marks(options.marks, tenant=call.tenant, provenance_id=provenance_id)
    event = AuditEvent(
        action="stream",
        tenant=call.tenant,
        actor=call.exchange.actor,
        reference=call.exchange.request_id,
        provenance_id=provenance_id,
        consent=services.trust.claim(options.consent, stored.consent.used).facts(),
    )
    frames = LiveFrames(format)
    return OpenStream(call, first, frames, window, _DROPS[start.drop], marks.film(), event)


def stream_answer(outcome: LiveOutcome) -> SwapStreamResponse:
    """Return what became of a frame as a message."""
    answer = SwapStreamResponse(index=outcome.index, timestamp_us=outcome.timestamp_us)
    if outcome.dropped:
        answer.dropped.CopyFrom(FrameDropped())
    elif outcome.error is not None:
        error = FrameError(code=outcome.error.spec.code, detail=str(outcome.error))
        answer.error.CopyFrom(error)
    else:
        frame = SwappedFrame(
            data=outcome.data or b"",
            faces_found=outcome.report.faces,
            faces_swapped=outcome.report.changed,
            latency_ms=round(1e3 * outcome.latency_s, 3),
            timings_ms=outcome.timings.milliseconds(),
        )
        answer.frame.CopyFrom(frame)
    return answer


def note_outcome(span: Span, outcome: LiveOutcome) -> None:
    """Tell a stream's span what became of a frame: of all that failed, of others now and then."""
    if not span.sampled:
        return
    told: dict[Attribute, Value] = {Attribute.FRAME: outcome.index}
    span.set({Attribute.FRAMES: outcome.index + 1})
    if outcome.dropped:
        span.event("frame dropped", told)
    elif outcome.error is not None:
        span.event("frame failed", told | {Attribute.CODE: outcome.error.spec.code})
    elif outcome.index % EVERY_FRAMES == 0:
        span.event("frame", told | {Attribute.DURATION_MS: round(1e3 * outcome.latency_s, 3)})


def _format(call: Call, start: StreamStart) -> LiveFormat:
    name = _FORMATS.get(start.format)
    if name is None:
        raise _wrong("format", "should be RGB24, I420, NV12 or JPEG")
    if not 0 <= start.jpeg_quality <= 100:
        raise _wrong("jpeg_quality", "should be 0-100")
    quality = start.jpeg_quality or JPEG_QUALITY
    max_pixels = call.services.settings.max_pixels
    sides = (0, 0) if name == "jpeg" else (start.width, start.height)
    format = LiveFormat(name, *sides, quality, max_pixels)
    format.check()
    return format


def _wrong(field: str, detail: str) -> InvalidRequest:
    return InvalidRequest(
        f"`{field}` {detail}.", errors=[{"pointer": f"/{field}", "detail": detail}]
    )
