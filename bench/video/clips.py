"""Videos to measure on, made of the talking head and of a portrait that is moved about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from bench import data
from bench.pictures import FACES, portrait
from gateway.arrays import F64, U8

RATE = 30
WIDE = (1920, 1080)
ENLARGED = 2.85
"""So the talking head's face is 400 pixels wide."""


def to_and_fro(frames: list[U8], count: int) -> Iterator[U8]:
    """Yield frames forwards and backwards, so that no jump is seen, until there are enough."""
    order = [*range(len(frames)), *range(len(frames) - 2, 0, -1)]
    for n in range(count):
        yield frames[order[n % len(order)]]


def wide(frames: Iterable[U8]) -> Iterator[U8]:
    """Yield frames enlarged onto a wide picture, with a camera's noise."""
    rng = np.random.default_rng(0)
    noise = [rng.normal(0, 2.5, (WIDE[1], WIDE[0], 3)).astype(np.float32) for _ in range(4)]
    for n, frame in enumerate(frames):
        large = cv2.resize(frame, None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_CUBIC)
        large = large[: WIDE[1]]
        left = (WIDE[0] - large.shape[1]) // 2
        below = WIDE[1] - large.shape[0]
        right = WIDE[0] - large.shape[1] - left
        large = cv2.copyMakeBorder(large, 0, below, left, right, cv2.BORDER_REFLECT_101)
        shifted = np.roll(noise[n % 4], 37 * n % WIDE[1], axis=0)
        yield np.clip(np.rint(large + shifted), 0, 255).astype(np.uint8)


def still(count: int, noise: float) -> Iterator[U8]:
    """Yield a portrait that does not move, with other noise in every frame."""
    for n, (frame, _) in enumerate(moved(count, reach=0.0)):
        rng = np.random.default_rng(n)
        yield np.clip(np.rint(frame + rng.normal(0, noise, frame.shape)), 0, 255).astype(np.uint8)


def moved(count: int, *, reach: float = 1.0) -> Iterator[tuple[U8, F64]]:
    """Yield a portrait whose head is moved and turned, and from where each pixel is: (2, 3)."""
    name, size, face_px = "hopper", (640, 640), 256.0
    (x, y), width = FACES[name]
    image = portrait(name)
    for n in range(count):
        t = 2 * np.pi * n / RATE
        angle = np.radians(5 * reach * np.sin(0.5 * t))
        scale = face_px / width * (1 + 0.04 * reach * np.sin(0.4 * t))
        middle = np.array([size[0] / 2, size[1] / 2])
        middle += reach * np.array([18 * np.sin(0.7 * t), 8 * np.sin(1.1 * t)])
        turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        matrix = np.column_stack([turn, middle - turn @ [x, y]])
        frame = cv2.warpAffine(
            image, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        yield np.asarray(frame, np.uint8), matrix


def write(
    path: Path, frames: Iterable[U8], *, rate: int = RATE, sound: bool = False, **options: str
) -> Path:
    """Write frames as a video."""
    with av.open(str(path), "w") as video:
        stream = video.add_stream("libx264", rate=rate, options={"crf": "18", **options})
        voice = video.add_stream("aac", rate=16000, layout="mono") if sound else None
        for n, frame in enumerate(frames):
            if n == 0:
                stream.height, stream.width = frame.shape[:2]
                stream.pix_fmt = "yuv420p"
            video.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            if voice is not None:
                video.mux(voice.encode(_tone(n)))
        video.mux(stream.encode())
        if voice is not None:
            video.mux(voice.encode())
    return path


def _tone(n: int) -> av.AudioFrame:
    count = 16000 // RATE
    t = (n * count + np.arange(count)) / 16000
    tone = (8000 * np.sin(2 * np.pi * 440 * t)).astype(np.int16)[None]
    frame = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = 16000, n * count, Fraction(1, 16000)
    return frame


def talking_head() -> list[U8]:
    """Return the talking head's frames; none if the video is missing."""
    return data.talking_head(1)
