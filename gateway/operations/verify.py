"""Reading the marks of a file back: credentials, metadata, watermark."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from contextlib import closing
from itertools import islice

from gateway.deadline import Deadline
from gateway.errors import EmptyUpload
from gateway.media.containers import HEAD, moves, starts_like_a_video
from gateway.media.image import decode_image
from gateway.media.rgb_video import RgbVideo
from gateway.operations.exchange import Exchange
from gateway.operations.schemas.verify import VerifyReport, verify_report
from gateway.serving.services import Services
from gateway.trust.credentials.records import media_type_of
from gateway.trust.verify import judged
from gateway.trust.watermark.detect import FoundMark, find_in_frames, find_in_picture
from gateway.trust.watermark.pattern import WatermarkKey
from gateway.trust.xmp import stated_in

FRAMES, EVERY = 60, 3
"""Frames of a film that its watermark is looked for in, and of how many each is one."""


async def verify(
    services: Services, exchange: Exchange, data: bytes, deadline: Deadline
) -> VerifyReport:
    """Read the marks of a picture or film.

    Args:
        services: The service's parts.
        exchange: The record of the request.
        data: The file.
        deadline: When the answer is of no use any more.

    Raises:
        EmptyUpload: there is nothing.
        ImageError, VideoError: it is neither a picture nor a film that can be read.
        DeadlineExceeded: by name.
    """
    if not data:
        raise EmptyUpload("The file is empty.")
    from gateway.trust.credentials.manifest import credentials_in  # noqa: PLC0415 - 50 MB

    settings, compute = services.settings, services.compute
    keys = [services.trust.key(exchange.tenant)]
    anchors = await compute.run(services.trust.anchors)
    with exchange.timings.stage("credentials"):
        credentials = await compute.run(
            credentials_in, data, media_type_of(data[:32]), anchors_pem=anchors
        )
        origin = await compute.run(stated_in, data)
    deadline.check()
    with exchange.timings.stage("watermark"):
        marks = await compute.run(_watermarks, data, keys, settings.max_pixels)
    found = judged(credentials, origin, marks)
    return verify_report(found, exchange.timings.milliseconds(), exchange.request_id)


def _watermarks(data: bytes, keys: Sequence[WatermarkKey], max_pixels: int) -> list[FoundMark]:
    """Return the watermarks of a picture or film."""
    head = data[:HEAD].ljust(HEAD, b"\0")
    if not starts_like_a_video(head) and not moves(io.BytesIO(data)):
        picture = decode_image(data, max_pixels=max_pixels, name="The file")
        return find_in_picture(picture.rgb, keys)
    video = RgbVideo(data, max_pixels=max_pixels, max_frames=sys.maxsize, name="The file")
    with closing(video):
        some = islice(video.frames(every=EVERY), FRAMES)
        return find_in_frames((one.rgb for one in some), keys)
