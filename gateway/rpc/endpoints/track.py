"""ExpressionsService.Track: the expression of a face in every frame of a video."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from semblant.v1.expressions_pb2 import TrackRequest, TrackResponse

from gateway.errors import MissingField
from gateway.operations.schemas.faces import TrackOptions
from gateway.rpc.call import Call
from gateway.rpc.messages import options_of
from gateway.rpc.tracking import tracked


async def track_expressions(
    call: Call, request: TrackRequest
) -> AsyncGenerator[TrackResponse, None]:
    """Track a face through a video; each frame is answered as soon as it is known."""
    options = options_of(request.options, TrackOptions)
    if not request.video:
        raise MissingField(errors=[{"pointer": "/video", "detail": "required"}])
    with call.ticket("track", call.services.settings.track_deadline_s) as ticket:
        async for answer in tracked(call, request.video, options, ticket):
            yield answer
