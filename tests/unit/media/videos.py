"""Videos with everything in and around them, made where they are needed."""

import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from gateway.media.pixels import PixelFormat
from gateway.media.video import TimeSpan, VideoSource

NTSC = Fraction(30000, 1001)
CLOCK = Fraction(1, 90000)
LIMITS = {"max_pixels": 10**6}


def pattern(number: int, height: int, width: int, pixel_format: str) -> av.VideoFrame:
    """Return a frame of moving stripes that no other one has."""
    frame = av.VideoFrame(width, height, pixel_format)
    depth = PixelFormat.of(pixel_format).depth
    for k, plane in enumerate(frame.planes):
        kind = np.uint16 if depth > 8 else np.uint8
        rows = np.frombuffer(plane, kind).reshape(plane.height, -1)
        y, x = np.mgrid[: plane.height, : rows.shape[1]]
        codes = 30 + (x * (3 + k) + y * 2 + number * 11 + 40 * k) % 180
        rows[:] = codes << (depth - 8)
    return frame


def video(
    count: int = 12,
    container: str = "mp4",
    codec: str = "libx264",
    *,
    pixel_format: str = "yuv420p",
    size: tuple[int, int] = (48, 64),
    rate: Fraction = NTSC,
    ticks: Sequence[int] | None = None,
    time_base: Fraction = CLOCK,
    gop: int = 5,
    sound_at: Fraction | None = None,
    sound_codecs: Sequence[str] = ("aac",),
    turned: tuple[float, bool, bool] | None = None,
    colors: tuple[int, int, int, int] = (1, 1, 1, 1),
    aspect: Fraction | None = None,
    metadata: dict[str, str] | None = None,
    chapters: list | None = None,
    subtitles: bool = False,
    attachment: bool = False,
    timecode: str | None = None,
    **options: str,
) -> bytes:
    """Return a video of `pattern`s; `ticks` are their times, `colors` range, space and so on."""
    out = io.BytesIO()
    with av.open(out, "w", format=container, options=(metadata and {}) or {}) as made:
        made.metadata.update(metadata or {})
        if chapters:
            made.set_chapters(chapters)
        stream = made.add_stream(codec, rate=rate, options=options)
        stream.height, stream.width, stream.pix_fmt = *size, pixel_format
        context = stream.codec_context
        context.time_base = stream.time_base = time_base
        context.gop_size = gop
        context.color_range, context.colorspace = colors[:2]
        context.color_primaries, context.color_trc = colors[2:]
        if aspect:
            context.sample_aspect_ratio = aspect
        if timecode:
            stream.metadata["timecode"] = timecode
        if turned:
            stream.set_display_rotation(*turned)
        voices = []
        for number, name in enumerate(sound_codecs if sound_at is not None else ()):
            voices.append(made.add_stream(name, rate=8000 if name == "aac" else 48000))
            voices[-1].codec_context.layout = "mono"
            voices[-1].metadata["language"] = ("ger", "fre")[number % 2]
        words = None
        if subtitles:
            words = made.add_mux_stream("mov_text" if container in ("mp4", "mov") else "subrip")
            words.time_base = Fraction(1, 1000)
            words.metadata["language"] = "eng"
        if attachment:
            made.add_attachment("letters.ttf", "application/x-truetype-font", b"letters" * 9)
        step = 1 / (rate * time_base)
        for number in range(count):
            frame = pattern(number, *size, pixel_format)
            frame.pts = ticks[number] if ticks else round(number * step)
            frame.time_base = time_base
            made.mux(stream.encode(frame))
        made.mux(stream.encode())
        for voice in voices:
            _speak(made, voice, sound_at, Fraction(count) / rate)
        if words is not None:
            _write_words(made, words)
    return out.getvalue()


def _speak(made, voice, start: Fraction, length: Fraction) -> None:
    rng = np.random.default_rng(0)
    rate = voice.codec_context.sample_rate
    for n in range(int(length * rate) // 1024 + 1):
        noise = (rng.random((1, 1024), np.float32) - 0.5) * 0.2
        frame = av.AudioFrame.from_ndarray(noise, "fltp", "mono")
        frame.rate, frame.pts = rate, n * 1024 + int(start * rate)
        frame.time_base = Fraction(1, rate)
        made.mux(voice.encode(frame))
    made.mux(voice.encode())


def _write_words(made, words) -> None:
    for n in range(3):
        text = f"line {n}".encode()
        mov = made.format.name != "matroska"
        packet = av.Packet(len(text).to_bytes(2, "big") + text if mov else text)
        packet.stream = words
        packet.pts = packet.dts = 100 * n
        packet.duration, packet.time_base = 90, Fraction(1, 1000)
        made.mux(packet)


def remuxed(data: bytes, container: str, *, first: int = 0, later: int = 0) -> bytes:
    """Return a video's packets from number `first` on, all of them `later` by so many ticks."""
    out = io.BytesIO()
    with av.open(io.BytesIO(data)) as old, av.open(out, "w", format=container) as new:
        stream = new.add_stream_from_template(old.streams.video[0], opaque=True)
        for number, packet in enumerate(p for p in old.demux(video=0) if p.size):
            if number >= first:
                packet.pts, packet.dts, packet.stream = (
                    packet.pts + later,
                    packet.dts + later,
                    stream,
                )
                new.mux(packet)
    return out.getvalue()


def saved(folder: Path, data: bytes, name: str = "video") -> VideoSource:
    path = folder / name
    path.write_bytes(data)
    return VideoSource(path, **LIMITS)


def frames_of(source: VideoSource, span: TimeSpan | None = None, **more) -> list:
    with source.read(source.probe(), span or TimeSpan(), **more) as reader:
        return list(reader)


def planes(frame) -> list[np.ndarray]:
    """Return copies of a decoded frame's planes, without what pads them."""
    picture = getattr(frame, "picture", frame)
    kind = np.uint16 if picture.format.components[0].bits > 8 else np.uint8
    return [
        np.frombuffer(p, kind).reshape(p.height, -1)[:, : p.width].copy() for p in picture.planes
    ]
