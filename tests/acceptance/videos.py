"""Videos of the sample portraits, made where they are needed, and what is in a video."""

import hashlib
import io
from fractions import Fraction

import av
import numpy as np

from tests.integration.portraits import backdrop, placed

RATE = Fraction(5, 2)
"""Frames a second: few, so that few of them are several segments."""
FRAMES, SEGMENTS = 60, 5
SIZE = (240, 320)
_VOICE = 48000


def portrait_video() -> bytes:
    """Return a Matroska video without loss of somebody who moves about, with sound (Opus)."""
    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as video:
        picture = video.add_stream("ffv1", rate=RATE)
        picture.height, picture.width, picture.pix_fmt = *SIZE, "yuv420p"
        voice = video.add_stream("libopus", rate=_VOICE, layout="mono")
        for number in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(_pixels(number))
            frame.pts, frame.time_base = number, 1 / RATE
            video.mux(picture.encode(frame))
        video.mux(picture.encode())
        _speak(video, voice)
    return out.getvalue()


def _pixels(number: int) -> np.ndarray:
    """Return a picture in which a face is somewhere between the middle and the edge."""
    turn = number / 20
    centre = (160 + 40 * np.sin(turn), 120 + 15 * np.cos(1.3 * turn))
    return placed(backdrop(*SIZE), "astronaut", 80 + 6 * np.sin(0.7 * turn), centre)


def _speak(video, voice) -> None:
    noise = np.random.default_rng(0)
    for n in range(int(FRAMES / RATE * _VOICE) // 960):
        samples = (noise.random((1, 960), np.float32) - 0.5) * 0.2
        frame = av.AudioFrame.from_ndarray(samples, "fltp", "mono")
        frame.rate, frame.pts, frame.time_base = _VOICE, n * 960, Fraction(1, _VOICE)
        video.mux(voice.encode(frame))
    video.mux(voice.encode())


def frames_of(video: bytes) -> list[tuple[Fraction, str]]:
    """Return of every frame its time in seconds and the digest of its pixels."""
    with av.open(io.BytesIO(video)) as opened:
        return [
            (frame.pts * frame.time_base, hashlib.sha256(frame.to_ndarray().tobytes()).hexdigest())
            for frame in opened.decode(video=0)
        ]


def sound_of(video: bytes) -> list[tuple[Fraction, bytes]]:
    """Return of every packet of sound its time in seconds and its bytes."""
    with av.open(io.BytesIO(video)) as opened:
        return [
            (packet.pts * packet.time_base, bytes(packet))
            for packet in opened.demux(audio=0)
            if packet.size
        ]
