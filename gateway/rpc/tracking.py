"""A face through a video, answered frame by frame."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from semblant.v1.answers_pb2 import TrackLine
from semblant.v1.expressions_pb2 import TrackEnd, TrackResponse

from gateway.deadline import Deadline
from gateway.operations.faces import track
from gateway.operations.schemas.faces import TrackOptions
from gateway.operations.videos import DAMAGED, open_video
from gateway.rpc.call import Call
from gateway.rpc.messages import filled
from gateway.serving.admission import Ticket

AHEAD = 8
"""Frames that are analysed and not yet sent, at the most."""


async def tracked(
    call: Call, video: bytes, options: TrackOptions, ticket: Ticket
) -> AsyncGenerator[TrackResponse, None]:
    """Yield the analysis of each frame of a video, and at last what there is to say of it.

    Raises:
        VideoError, InferenceError, DeadlineExceeded: by name.
    """
    coming: asyncio.Queue[TrackResponse | None] = asyncio.Queue(AHEAD)

    async def work(deadline: Deadline) -> None:
        async with (
            open_video(call.services, call.exchange, video) as opened,
            aclosing(track(call.services, call.exchange, opened, options, deadline)) as lines,
        ):
            async for line in lines:
                seen = line.model_dump(mode="json", exclude_unset=True)
                await coming.put(TrackResponse(line=filled(TrackLine, seen)))
            warnings = [DAMAGED] if opened.damaged else []
            await coming.put(TrackResponse(end=TrackEnd(warnings=warnings)))

    async def perform() -> None:
        try:
            await call.perform(work, call.services.settings.track_deadline_s, ticket)
        finally:
            while coming.full():  # only a broken-off analysis leaves it full
                await asyncio.sleep(0)
                coming.get_nowait()
            coming.put_nowait(None)

    working = asyncio.create_task(perform(), name="track")
    try:
        while (answer := await coming.get()) is not None:
            yield answer
        await working
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
