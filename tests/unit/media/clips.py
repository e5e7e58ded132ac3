"""Small videos, made where they are needed."""

import io
from collections.abc import Iterable
from fractions import Fraction

import av
import numpy as np


def clip(
    frames: Iterable[np.ndarray],
    container: str = "mp4",
    codec: str = "mpeg4",
    *,
    rate: int = 25,
    turned: tuple[float, bool, bool] | None = None,
    **options: str,
) -> bytes:
    """Return a video of frames (H, W, 3); `turned` is its display rotation and flips."""
    out, stream = io.BytesIO(), None
    with av.open(out, "w", format=container, options=options) as video:
        for number, pixels in enumerate(frames):
            if stream is None:
                stream = video.add_stream(codec, rate=rate)
                stream.height, stream.width = pixels.shape[:2]
                stream.pix_fmt = "yuv420p"
                if turned:
                    stream.set_display_rotation(*turned)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels))
            frame.pts, frame.time_base = number, Fraction(1, rate)
            video.mux(stream.encode(frame))
        video.mux(stream.encode())
    return out.getvalue()


def sound(container: str = "mp4") -> bytes:
    """Return a tenth of a second of silence, and no picture."""
    out = io.BytesIO()
    with av.open(out, "w", format=container) as video:
        stream = video.add_stream("aac", rate=8000, layout="mono")
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.float32), "fltp", "mono")
        silence.rate, silence.pts, silence.time_base = 8000, 0, Fraction(1, 8000)
        video.mux(stream.encode(silence))
        video.mux(stream.encode())
    return out.getvalue()


def grey(level: int, height: int = 48, width: int = 64) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def greys(count: int, height: int = 48, width: int = 64) -> list[np.ndarray]:
    """Return frames that tell their number by their level, ten a frame."""
    return [grey(20 + 10 * n, height, width) for n in range(count)]
