"""Videos in, in the imaging threads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

from gateway.arrays import U8
from gateway.media.image import decode_image
from gateway.media.rgb_video import RgbVideo
from gateway.operations.exchange import Exchange
from gateway.serving.services import Services

DAMAGED = "damaged"
"""The warning that a part of a video was lost."""


@asynccontextmanager
async def open_video(
    services: Services, exchange: Exchange, data: bytes
) -> AsyncIterator[RgbVideo]:
    """Open a video for the time of the block.

    Raises:
        VideoError, EmptyUpload, TooManyPixels: by name.
    """
    settings = services.settings
    with exchange.timings.stage("decode"):
        video = await services.compute.run(
            RgbVideo, data, max_pixels=settings.max_pixels, max_frames=settings.max_video_frames
        )
    try:
        yield video
    finally:
        await services.compute.run(video.close)


def stills(services: Services, files: Sequence[bytes]) -> Iterator[U8]:
    """Decode pictures (H, W, 3) one by one, for threads: many may be more than fit in memory.

    Raises:
        ImageError: by its subclass.
    """
    for number, data in enumerate(files):
        max_pixels = services.settings.max_pixels
        yield decode_image(data, max_pixels=max_pixels, name=f"Frame {number}").rgb
