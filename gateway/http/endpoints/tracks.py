"""POST /v1/tracks: the expression of a face in every frame of a video."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

from fastapi import Depends, Request
from starlette.responses import Response

from gateway.deadline import Deadline
from gateway.http.dependencies import (
    MaySwap,
    RequestedLimit,
    RequestRecord,
    RunningServices,
    accepting,
)
from gateway.http.request.form_docs import form_body
from gateway.http.request.forms import Field, json_field, read_form
from gateway.http.request.leaving import caller_leaves
from gateway.http.request.negotiate import NDJSON
from gateway.http.response.error_docs import TIMING_HEADER, TRACK_ERRORS
from gateway.http.routing import Router, responses
from gateway.media.rgb_video import RgbVideo
from gateway.operations.exchange import Exchange
from gateway.operations.execution import perform
from gateway.operations.faces import track
from gateway.operations.schemas import examples
from gateway.operations.schemas.faces import TrackLine, TrackOptions
from gateway.operations.videos import DAMAGED, open_video
from gateway.pipeline.options.parse import read_options

FORM = {"video": Field("The video.", least=1), "options": json_field(TrackOptions)}
_EXAMPLE = {"video": "(bytes of interview.mp4)", "options": {"every": 2}}
_LINES: dict[str, Any] = {
    NDJSON: {
        "schema": {"$ref": f"#/components/schemas/{TrackLine.__name__}"},
        "examples": {
            "no face": {"value": examples.TRACK_LINES[0]},
            "a face": {"value": examples.TRACK_LINES[1]},
        },
    }
}
_HEADERS = {**TIMING_HEADER, "X-Semblant-Warnings": "`damaged`, or `none`."}

router = Router("faces")


@router.post(
    "/v1/tracks",
    dependencies=[Depends(accepting(NDJSON)), MaySwap],
    responses=responses(*TRACK_ERRORS, content=_LINES, headers=_HEADERS),
    openapi_extra=form_body(FORM, _EXAMPLE),
)
async def post_tracks(
    request: Request, services: RunningServices, exchange: RequestRecord, limit_s: RequestedLimit
) -> Response:
    """Track a face through a video: its expression in every frame.

    Send `multipart/form-data`: a `video` (MP4, QuickTime, Matroska, WebM, AVI, MPEG-TS, MPEG-PS,
    WMV, FLV, MXF, or an animated GIF, PNG, WebP or AVIF), and optionally `options` (JSON).

    The answer has one line of JSON for each analysed frame. The largest face is followed; among
    several it is the one nearest to the previous position. After eight frames the expression is
    measured against the identity fitted to all frames so far. That starts afresh where another face
    appears, or none was seen for half a second.

    If a part of the video cannot be read, the rest is used, and `X-Semblant-Warnings` is `damaged`.
    """
    settings = services.settings
    seconds = min(limit_s, settings.track_deadline_s)
    with services.admission.ticket("track", seconds) as ticket:
        async with read_form(request, FORM, settings) as form:
            options = read_options(TrackOptions, await form.text("options"))

            async def work(deadline: Deadline) -> Response:
                (data,) = await form.files("video")
                async with (
                    open_video(services, exchange, data) as video,
                    aclosing(track(services, exchange, video, options, deadline)) as seen,
                ):
                    lines = [line.model_dump_json(exclude_unset=True) async for line in seen]
                    return _response(lines, exchange, video)

            leaving = caller_leaves(request)
            return await perform(services, exchange, work, seconds, ticket=ticket, leaving=leaving)


def _response(lines: list[str], exchange: Exchange, video: RgbVideo) -> Response:
    headers = {
        "Server-Timing": exchange.server_timing(),
        "X-Semblant-Warnings": DAMAGED if video.damaged else "none",
    }
    text = "".join(f"{line}\n" for line in lines)
    return Response(text, media_type=NDJSON, headers=headers)
