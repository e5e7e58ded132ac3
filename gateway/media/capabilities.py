"""Capabilities of this installation to encode and decode, determined by trying."""

from __future__ import annotations

import io
from importlib.util import find_spec
from typing import get_args

import av
import numpy as np
from av.error import FFmpegError
from av.video.stream import VideoStream
from PIL import features

from gateway.media.encoders import HOLDERS, Encoder

_SIDE = 256  # pixels of the frame that is tried: some encoders refuse smaller ones


def encoders() -> dict[str, bool]:
    """Return the encoders by name, and whether each encodes a frame here."""
    return {name: encodes(name) for name in get_args(Encoder)}


def encodes(encoder: Encoder) -> bool:
    """Return whether an encoder encodes a frame of 256×256 pixels here."""
    if encoder == "webp":
        return bool(features.check("webp"))
    container = {"mkv": "matroska", "mov": "mov"}.get(HOLDERS[encoder][0], HOLDERS[encoder][0])
    try:
        with av.open(io.BytesIO(), "w", format=container) as output:
            # x265 leaves decoding times unset in a video shorter than its delay by B-frames.
            x265 = {"x265-params": "log-level=none:bframes=0"}
            options = x265 if encoder == "libx265" else {}
            stream = output.add_stream(encoder, rate=25, options=options)
            assert isinstance(stream, VideoStream)
            stream.width = stream.height = _SIDE
            formats = stream.codec.video_formats
            stream.pix_fmt = formats[0].name if formats else "yuv420p"
            frame = av.VideoFrame.from_ndarray(np.zeros((_SIDE, _SIDE, 3), np.uint8), "rgb24")
            for packet in (*stream.encode(frame), *stream.encode(None)):
                output.mux(packet)
    except (FFmpegError, ValueError, OSError):
        return False
    return True


def image_formats() -> dict[str, bool]:
    """Return the optional image formats, and whether each is read here."""
    return {
        "AVIF": bool(features.check("avif")),
        "HEIC": find_spec("pi_heif") is not None,
        "WebP": bool(features.check("webp")),
    }
