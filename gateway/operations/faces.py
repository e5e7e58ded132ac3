"""Faces in a picture, and a face through a video."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from gateway.deadline import Deadline
from gateway.faces.detect import DetectOptions
from gateway.media.rgb_video import RgbVideo
from gateway.operations.exchange import Exchange
from gateway.operations.pictures import decode_pictures
from gateway.operations.schemas.common import ANALYSIS_MODELS, size_of
from gateway.operations.schemas.faces import (
    FacesOptions,
    FacesReport,
    TrackLine,
    TrackOptions,
    analysed,
    track_line,
)
from gateway.serving.services import Services


async def analyse(
    services: Services, exchange: Exchange, data: bytes, options: FacesOptions, deadline: Deadline
) -> FacesReport:
    """Decode a picture, find its faces, and render what was found.

    Raises:
        ImageError, InferenceError, DeadlineExceeded: by name.
    """
    (picture,) = await decode_pictures(services, exchange, [("The image", data)])
    detect = DetectOptions(
        # A request for all faces includes the small ones too, unless specified otherwise.
        thorough=options.detector.thorough is not False,
        angles=options.detector.angles,
        min_score=options.detector.min_score,
        precise=options.expression,
    )
    with exchange.timings.stage("analyse"):
        faces = await services.analyser.analyse(picture.rgb, deadline=deadline, options=detect)
    exchange.faces_found = len(faces)

    def render() -> FacesReport:
        return FacesReport(
            size=size_of(picture.rgb),
            faces=[analysed(face, options) for face in faces],
            models=list(ANALYSIS_MODELS),
            timings_ms=exchange.timings.milliseconds(),
            request_id=exchange.request_id,
        )

    return await services.compute.run(render)


async def track(
    services: Services,
    exchange: Exchange,
    video: RgbVideo,
    options: TrackOptions,
    deadline: Deadline,
) -> AsyncGenerator[TrackLine, None]:
    """Follow the face of a video; a frame is rendered as soon as it is done and then forgotten.

    Raises:
        VideoError, InferenceError, DeadlineExceeded: by name.
    """
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
    async with aclosing(tracked) as frames:
        async for frame, seen in frames:
            exchange.faces_found += seen is not None
            yield track_line(frame, seen, options)
