"""FusionService.SwapStream: a face into every frame of a live stream."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from semblant.v1.fusion_pb2 import SwapStreamRequest, SwapStreamResponse

from gateway.rpc.call import Call
from gateway.rpc.streams import begin, note_outcome, read_start, stream_answer
from gateway.telemetry.spans import summarized


async def swap_stream(
    call: Call, requests: AsyncIterator[SwapStreamRequest]
) -> AsyncGenerator[SwapStreamResponse, None]:
    """Put a face into every frame of a live stream; frames come back in their order."""
    with call.services.streams.ticket():
        call.services.audit.require()
        start = await read_start(call, requests)
        stream = await begin(call, start)
        await call.services.audit.record(call.services.compute, stream.event)
        with summarized() as span:
            async with aclosing(stream.outcomes(requests)) as coming:
                async for outcome in coming:
                    note_outcome(span, outcome)
                    call.exchange.faces_found += outcome.report.faces
                    call.exchange.faces_swapped += outcome.report.changed
                    yield stream_answer(outcome)
