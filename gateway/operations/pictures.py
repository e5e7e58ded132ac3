"""Pictures in and out, in the imaging threads."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from gateway.media.image import MEDIA_TYPES, OutputFormat, Picture, decode_image, encode_image
from gateway.operations.exchange import Exchange
from gateway.pipeline.options.groups import OutputOptions
from gateway.serving.services import Services

FORMATS: dict[str, OutputFormat] = {media: name for name, media in MEDIA_TYPES.items()}
"""Formats by media type."""


async def decode_pictures(
    services: Services, exchange: Exchange, files: Sequence[tuple[str, bytes]]
) -> list[Picture]:
    """Decode named files concurrently; the error of the first invalid one is raised.

    Raises:
        ImageError: by its subclass.
    """
    with exchange.timings.stage("decode"):
        found = await asyncio.gather(
            *(
                services.compute.run(
                    decode_image, data, max_pixels=services.settings.max_pixels, name=name
                )
                for name, data in files
            ),
            return_exceptions=True,
        )
    pictures = []
    for outcome in found:
        if isinstance(outcome, BaseException):
            raise outcome
        pictures.append(outcome)
    return pictures


async def encode_picture(
    services: Services,
    exchange: Exchange,
    picture: Picture,
    format: OutputFormat,
    options: OutputOptions,
    xmp: bytes,
) -> bytes:
    """Encode an image in the requested format, with a packet of metadata."""
    with exchange.timings.stage("encode"):
        return await services.compute.run(
            encode_image, picture, format, quality=options.quality, xmp=xmp
        )
