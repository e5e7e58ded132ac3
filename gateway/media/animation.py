"""Animations: pictures that move, which Pillow reads and writes where FFmpeg does not.

FFmpeg reads GIF and APNG itself. Animated WebP and image sequences in AVIF are converted to an APNG
in memory first, which loses nothing of 8 bits, their opacity and their times included.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import av
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from gateway.errors import OutOfMemory, TooManyPixels, VideoCorrupt, VideoTooLong

_READ: Final = ("WEBP", "AVIF", "GIF", "PNG")
_HUNDREDTH: Final = Fraction(1, 100)
_LEAST: Final = 2
"""Hundredths of a second that a frame of a GIF lasts at least: players show shorter ones longer."""
FOREVER: Final = 0
MOST_PIXELS: Final = 2**32
"""Of all frames of an animation that is held in memory."""


class AnimationFrame(NamedTuple):
    """A frame, and when it is shown and gone, in seconds."""

    frame: VideoFrame
    from_s: Fraction
    to_s: Fraction


def readable_animation(file: BinaryIO, *, max_pixels: int, name: str) -> tuple[BinaryIO, str]:
    """Return an animated WebP or AVIF as an APNG, and its original format: `webp` or `avif`.

    Args:
        file: At its beginning.
        max_pixels: Width × height of a frame beyond which it is refused unseen.
        name: Its name in error messages.

    Raises:
        VideoCorrupt, TooManyPixels, VideoTooLong: by name.
        OutOfMemory: there is not enough of it just now.
    """
    out = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(file, formats=("WEBP", "AVIF")) as image:
                width, height = image.size
                if width * height > max_pixels:
                    raise TooManyPixels(
                        f"{name}'s frames have {width}×{height} pixels; "
                        f"at most {max_pixels} are allowed.",
                        extra={"width": width, "height": height, "max_pixels": max_pixels},
                    )
                if width * height * int(getattr(image, "n_frames", 1)) > MOST_PIXELS:
                    raise VideoTooLong(f"{name} has too many frames for an animation.")
                image.save(out, "PNG", save_all=True, compress_level=1, duration=_durations(image))
                kind = (image.format or "").lower()
    except MemoryError as error:
        raise OutOfMemory from error
    except (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError) as error:
        raise VideoCorrupt(f"{name} is truncated or corrupt.") from error
    out.seek(0)
    return out, kind


def _durations(image: Image.Image) -> list[int]:
    """Return how many milliseconds each frame lasts, which is known once it is decoded."""
    durations = []
    for number in range(int(getattr(image, "n_frames", 1))):
        image.seek(number)
        image.load()
        durations.append(int(image.info.get("duration", 0)))
    image.seek(0)
    return durations


def plays_of(path: Path) -> int:
    """Return how often an animation is shown; 0 is forever, as of all that is none."""
    try:
        with Image.open(path, formats=_READ) as image:
            loops = image.info.get("loop")
            if image.format != "GIF":
                return int(loops or FOREVER)
            # A GIF stores its number of repetitions, and nothing if it is not repeated.
            return 1 if loops is None else int(loops) + 1 if loops else FOREVER
    except (OSError, SyntaxError, ValueError, TypeError):
        return FOREVER


def write_gif(
    frames: Iterable[AnimationFrame], out: Path, *, size: tuple[int, int], plays: int
) -> int:
    """Write a GIF, each frame with a palette of its own; return the number of frames.

    Its clock has hundredths of a second; frames that follow sooner than in two are left out.

    Args:
        frames: In their order.
        out: The file.
        size: (height, width).
        plays: How often it is shown; 0 is forever.
    """
    options = {"loop": str(plays - 1 if plays > 1 else -1 if plays else 0)}
    count, graph, last = 0, None, 0
    with av.open(str(out.resolve()), "w", format="gif", options=options) as container:
        stream: VideoStream = container.add_stream("gif", rate=100)
        stream.height, stream.width, stream.pix_fmt = *size, "pal8"
        stream.codec_context.time_base = stream.time_base = _HUNDREDTH
        due = -_LEAST
        for shown in frames:
            tick = round(shown.from_s / _HUNDREDTH)
            last = max(round(shown.to_s / _HUNDREDTH), tick + _LEAST)
            if tick - due < _LEAST:
                continue
            due = tick
            frame = shown.frame.reformat(format="bgra")
            frame.pts, frame.time_base = tick, _HUNDREDTH
            graph = graph or _palettes(frame)
            graph.push(frame)
            painted = graph.pull()
            assert isinstance(painted, VideoFrame)
            painted.pts, painted.time_base = tick, _HUNDREDTH
            for packet in stream.encode(painted):
                packet.duration = last - tick
                container.mux(packet)
            count += 1
        for packet in stream.encode():
            container.mux(packet)
    return count


def _palettes(frame: VideoFrame) -> Graph:
    """Return what gives every frame the palette that suits it."""
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=_HUNDREDTH
    )
    split = graph.add("split")
    palette = graph.add("palettegen", "stats_mode=single")
    use = graph.add("paletteuse", "new=1:dither=sierra2_4a")
    sink = graph.add("buffersink")
    source.link_to(split)
    split.link_to(palette, 0, 0)
    split.link_to(use, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    return graph


def write_webp(
    frames: Iterator[AnimationFrame],
    out: Path,
    *,
    times_s: Sequence[Fraction],
    plays: int,
    quality: int,
) -> int:
    """Write an animated WebP; return the number of frames.

    Args:
        frames: In their order.
        out: The file.
        times_s: When each of them is shown, and the last one is gone.
        plays: How often it is shown; 0 is forever.
        quality: 0–100; 100 loses nothing.
    """
    ticks = [round(time_s * 1000) for time_s in times_s]
    durations = [after - before for before, after in pairwise(ticks)]
    pictures = (_picture(shown.frame) for shown in frames)
    first = next(pictures)
    options: dict[str, Any] = {"quality": quality, "lossless": quality == 100, "method": 2}
    with out.open("wb") as file:
        first.save(
            file,
            "WEBP",
            save_all=True,
            append_images=pictures,
            duration=durations,
            loop=plays,
            **options,
        )
    return len(durations)


def _picture(frame: VideoFrame) -> Image.Image:
    alpha = any(part.is_alpha for part in frame.format.components)
    return Image.fromarray(frame.to_ndarray(format="rgba" if alpha else "rgb24"))


def frames_of(path: Path) -> tuple[int, tuple[int, int], int]:
    """Return an animation's number of frames, (height, width), and its length in ms.

    Raises:
        OSError, SyntaxError, ValueError, EOFError: it cannot be read.
    """
    with Image.open(path, formats=_READ) as image:
        durations = _durations(image)
        return len(durations), (image.height, image.width), sum(durations)
