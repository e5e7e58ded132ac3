"""From packets to frames: broken ones are skipped, and every frame gets its time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Final

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from gateway.media.opening import fraction

USUAL_RATE = Fraction(25)
"""Frames per second of a video that does not specify a rate."""
Lost = Callable[[int | None], None]
"""Callback for a packet or frame that cannot be used: its timestamp, if it has one."""


def good_packets(
    container: InputContainer, stream: VideoStream, lost: Lost
) -> Iterator[Packet[VideoStream]]:
    """Yield a stream's packets as far as the container can be read; the last ones are empty."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except FFmpegError:
            lost(None)
            return
        if packet is None:
            return
        yield packet


_WITH_ALPHA: Final = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""Decoders that read a second stream of opacity (WebM's AlphaMode), which FFmpeg's own ignore."""


def good_frames(container: InputContainer, stream: VideoStream, lost: Lost) -> Iterator[VideoFrame]:
    """Decode as far as it goes, and skip broken packets; opacity comes along."""
    decoder = _decoder_of_opacity(stream)
    for packet in good_packets(container, stream, lost):
        try:
            if decoder is None:
                frames = packet.decode()
            else:
                frames = decoder.decode(packet if packet.size else None)
        except FFmpegError:
            lost(packet.pts)
            continue
        for frame in frames:
            if frame.is_corrupt:
                lost(frame.pts)
            else:
                yield frame


def _decoder_of_opacity(stream: VideoStream) -> VideoCodecContext | None:
    """Return what decodes a stream's opacity, too; None if it has none beside its frames."""
    own = stream.codec_context
    name = _WITH_ALPHA.get(own.codec.canonical_name)
    told = {key.lower(): value for key, value in stream.metadata.items()}
    if name is None or told.get("alpha_mode") != "1" or name not in av.codecs_available:
        return None
    decoder = av.CodecContext.create(name, "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.thread_count = own.thread_count
    return decoder


def rate_of(stream: VideoStream) -> Fraction:
    """Return how many frames a second a stream has, on average or by guess."""
    return fraction(stream.average_rate) or fraction(stream.guessed_rate) or USUAL_RATE


class Clock:
    """Gives every frame its time; where the video has none, or turns back, makes one up.

    Args:
        stream: The video's picture.
    """

    def __init__(self, stream: VideoStream) -> None:
        self._step = 1 / rate_of(stream)
        self._base = fraction(stream.time_base)
        self._start = stream.start_time
        self._last: Fraction | None = None

    def time_of(self, frame: VideoFrame) -> Fraction:
        """Return seconds after the video's beginning; of each frame more than of the last one."""
        if self._start is None:
            self._start = frame.pts
        base = fraction(frame.time_base) or self._base
        time_s = None
        if frame.pts is not None and self._start is not None and base is not None:
            time_s = (frame.pts - self._start) * base
        if self._last is None:
            time_s = max(time_s or Fraction(0), Fraction(0))
        elif time_s is None or time_s <= self._last:
            time_s = self._last + self._step
        self._last = time_s
        return time_s
