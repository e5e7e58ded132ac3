"""POST /v1/tracks: the expression of a face in every frame of a video."""

from __future__ import annotations

from contextlib import aclosing

from starlette.requests import Request
from starlette.responses import Response

from gateway.deadline import Deadline
from gateway.faces.detect import DetectOptions
from gateway.http.request.execution import allowed_seconds, perform
from gateway.http.request.forms import Field, read_form
from gateway.http.request.negotiate import NDJSON, acceptable
from gateway.http.request.videos import DAMAGED, open_video
from gateway.http.request_context import Exchange
from gateway.http.schemas.faces import TrackOptions, track_line
from gateway.media.rgb_video import RgbVideo
from gateway.pipeline.options.parse import read_options
from gateway.serving.services import Services

FIELDS = {"video": Field(least=1), "options": Field(file=False)}


async def post_tracks(services: Services, request: Request) -> Response:
    """Read the form, follow the face, and answer a line for each frame."""
    acceptable(request.headers.get("accept"), (NDJSON,))
    exchange = Exchange.of(request)
    seconds = allowed_seconds(request, services.settings.track_deadline_s)
    with services.admission.ticket():
        async with read_form(request, FIELDS) as form:
            options = read_options(TrackOptions, await form.text("options"))

            async def work(deadline: Deadline) -> Response:
                (data,) = await form.files("video")
                async with open_video(services, exchange, data) as video:
                    lines = await _track(services, exchange, video, options, deadline)
                    return _response(lines, exchange, video)

            return await perform(services, request, work, seconds)


async def _track(
    services: Services,
    exchange: Exchange,
    video: RgbVideo,
    options: TrackOptions,
    deadline: Deadline,
) -> list[str]:
    """Follow the face; a frame is rendered as soon as it is done and then forgotten."""
    detect = DetectOptions(
        thorough=options.detector.thorough is True,
        angles=options.detector.angles,
        min_score=options.detector.min_score,
        precise=True,
    )
    tracked = services.tracker.track(
        video.frames(every=options.every),
        deadline=deadline,
        timings=exchange.timings,
        options=detect,
    )
    lines = []
    async with aclosing(tracked) as frames:
        async for frame, seen in frames:
            line = track_line(frame, seen, options)
            lines.append(line.model_dump_json(exclude_unset=True))
            exchange.faces_found += seen is not None
    return lines


def _response(lines: list[str], exchange: Exchange, video: RgbVideo) -> Response:
    headers = {
        "Server-Timing": exchange.server_timing(),
        "X-Semblant-Warnings": DAMAGED if video.damaged else "none",
    }
    text = "".join(f"{line}\n" for line in lines)
    return Response(text, media_type=NDJSON, headers=headers)
