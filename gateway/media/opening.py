"""Opening videos safely: what container it is, and which of its streams is the picture.

    file ──EmptyUpload──▶ container ──NotAVideo, VideoCorrupt──▶ picture ──TooManyPixels──▶

The decoder is given an open file, never a name: it can reach nothing else on this machine.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, BinaryIO, Final, NoReturn

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.stream import VideoStream

from gateway.errors import EmptyUpload, NotAVideo, TooManyPixels, VideoCorrupt
from gateway.media.animation import readable_animation
from gateway.media.containers import (
    HEAD,
    ends_early,
    is_moving_avif,
    is_moving_webp,
    starts_like_a_video,
    starts_like_an_animation,
)

READABLE: Final = (
    *("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "mpegts"),
    *("mpeg", "asf", "flv", "mxf", "gif", "apng"),
)
"""FFmpeg's names of the containers that are read; everything else is not even looked into."""
READABLE_TOLD = (
    "MP4, QuickTime, Matroska, WebM, AVI, MPEG-TS, MPEG-PS, WMV, FLV, MXF, "
    "or animated GIF, PNG, WebP or AVIF"
)
# Titles and the like may be in any encoding. PyAV 19 always takes them as they are.
_LENIENT: Final[dict[str, Any]] = (
    {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
)


@dataclass(frozen=True, slots=True, eq=False)
class OpenVideo:
    """A video whose container was judged.

    Attributes:
        container: To be closed by the caller that opened it, before the file is.
        stream: Its picture.
        cut_short: Whether the file is shorter than its container says.
        name: Its name in error messages.
        max_pixels: Width × height of a frame beyond which it is refused.
        animation: The original format (`webp`, `avif`), if the container was converted from it.
    """

    container: InputContainer
    stream: VideoStream
    cut_short: bool
    name: str
    max_pixels: int
    animation: str | None = None

    def check_pixels(self, width: int, height: int) -> None:
        """Raise TooManyPixels if a frame is too large."""
        if width * height > self.max_pixels:
            raise TooManyPixels(
                f"{self.name}'s frames have {width}×{height} pixels; "
                f"at most {self.max_pixels} are allowed.",
                extra={"width": width, "height": height, "max_pixels": self.max_pixels},
            )


def open_video_stream(file: BinaryIO, *, max_pixels: int, name: str = "The video") -> OpenVideo:
    """Judge a video's container and open it.

    Args:
        file: At its beginning. It is left open in any case.
        max_pixels: Width × height of a frame beyond which it is refused unseen.
        name: Its name in error messages.

    Raises:
        EmptyUpload, NotAVideo, VideoCorrupt, TooManyPixels: by name.
    """
    head = file.read(HEAD)
    if not head:
        raise EmptyUpload(f"{name} is empty.")
    cut_short = ends_early(file)
    file.seek(0)
    animation = None
    if is_moving_webp(head) or is_moving_avif(head):
        file, animation = readable_animation(file, max_pixels=max_pixels, name=name)
    try:
        container = open_container(file, READABLE)
    except FFmpegError as error:
        if starts_like_a_video(head) or starts_like_an_animation(head):
            raise VideoCorrupt(f"{name}'s header is incomplete or corrupt.") from error
        raise NotAVideo(f"{name} is not a video in {READABLE_TOLD}.") from error
    try:
        stream = _picture(container, cut_short, name)
        video = OpenVideo(container, stream, cut_short, name, max_pixels, animation)
        video.check_pixels(stream.width, stream.height)
    except BaseException:
        container.close()
        raise
    return video


def open_container(file: BinaryIO, formats: tuple[str, ...]) -> InputContainer:
    """Open a container of one of these formats (FFmpeg's names), which can reach no other file.

    Raises:
        FFmpegError: it is none.
    """
    container: InputContainer = av.open(
        file,
        "r",
        container_options={"format_whitelist": ",".join(formats)},
        io_open=_reach_nothing,
        **_LENIENT,
    )
    return container


def starts_as_webm(file: BinaryIO) -> bool:
    """Return whether a Matroska file calls itself WebM (RFC 8794, 11.2.6)."""
    file.seek(0, io.SEEK_SET)
    return b"webm" in file.read(HEAD)[:64]


def fraction(value: Any) -> Fraction | None:
    """Return a rational number of PyAV's, whose kind depends on its version; None if it is none."""
    return Fraction(value.numerator, value.denominator) if value else None


def _picture(container: InputContainer, cut_short: bool, name: str) -> VideoStream:
    shown = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if shown and shown[0].codec_context is not None:
        return shown[0]
    if cut_short:  # of a part of a file nothing more is known
        raise VideoCorrupt(f"{name}'s header is incomplete or corrupt.")
    what = (
        "is coded in a way that cannot be read" if shown else "has no picture, only sound or data"
    )
    raise NotAVideo(f"{name} {what}.")


def _reach_nothing(*_: object) -> NoReturn:
    raise PermissionError("a video may not open other files")
