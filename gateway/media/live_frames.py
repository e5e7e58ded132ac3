"""Frames of live streams: bytes in a format that was agreed on, to frames and back."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from av.video.frame import VideoFrame

from gateway.arrays import U8
from gateway.errors import InvalidRequest, NotAnImage, VideoSizeChanges
from gateway.imaging.geometry.orientation import UPRIGHT
from gateway.imaging.video.planes import Coding
from gateway.media.image import Picture, decode_image, encode_image
from gateway.media.pixels import as_format
from gateway.media.video import DecodedFrame

LiveFormatName = Literal["rgb24", "i420", "nv12", "jpeg"]
_RGB = Coding(full=True, matrix="identity")
_YUV = Coding(matrix="bt709")
_WIRE = {"rgb24": "rgb24", "i420": "yuv420p", "nv12": "nv12"}
"""FFmpeg's names."""
LARGEST_PX = 16384
"""Width or height of a frame, at most."""


@dataclass(frozen=True, slots=True)
class LiveFormat:
    """What the bytes of frames mean.

    Attributes:
        name: `rgb24` (rows of red, green, blue), `i420` and `nv12` (BT.709, limited range), `jpeg`.
        width: Pixels; 0 for JPEG, whose first frame decides.
        height: Pixels; likewise.
        quality: Of JPEG, 1–100.
        max_pixels: Of a frame.
    """

    name: LiveFormatName
    width: int
    height: int
    quality: int
    max_pixels: int

    def check(self) -> None:
        """Check that there can be such frames.

        Raises:
            InvalidRequest: there cannot.
        """
        if self.name == "jpeg":
            return
        for side, pixels in (("width", self.width), ("height", self.height)):
            if not 16 <= pixels <= LARGEST_PX:
                raise _wrong(side, f"should be 16-{LARGEST_PX} pixels")
            if self.name != "rgb24" and pixels % 2:
                raise _wrong(side, "should be even")
        if self.width * self.height > self.max_pixels:
            raise _wrong("width", f"a frame may have at most {self.max_pixels} pixels")

    @property
    def frame_bytes(self) -> int:
        """Bytes of a frame; 0 where they differ."""
        if self.name == "jpeg":
            return 0
        pixels = self.width * self.height
        return 3 * pixels if self.name == "rgb24" else pixels * 3 // 2


class LiveFrames:
    """Reads and writes the frames of one stream."""

    def __init__(self, format: LiveFormat) -> None:
        """Take the format, which was checked."""
        self._format = format
        self._size = (format.height, format.width)

    def read(self, data: bytes, time_s: Fraction) -> DecodedFrame:
        """Return a frame.

        Raises:
            InvalidRequest: it does not have the bytes that a frame of the format has.
            NotAnImage, ImageTruncated, TooManyPixels: of JPEG.
            VideoSizeChanges: it is not as large as the first one.
        """
        if self._format.name == "jpeg":
            picture = decode_image(data, max_pixels=self._format.max_pixels, name="The frame")
            if picture.format != "jpeg":
                raise NotAnImage("The frame is no JPEG.")
            height, width = picture.rgb.shape[:2]
            if self._size not in ((height, width), (0, 0)):
                raise VideoSizeChanges("A frame is not as large as the first one.")
            self._size = (height, width)
            frame, coding = VideoFrame.from_ndarray(picture.rgb, format="rgb24"), _RGB
        else:
            frame, coding = self._raw(data)
        planar = as_format(frame, "gbrp" if coding is _RGB else "yuv420p")
        return DecodedFrame(
            planar, time_s, lead_in=False, lead_out=False, coding=coding, orientation=UPRIGHT
        )

    def write(self, frame: DecodedFrame) -> bytes:
        """Return a frame in the format it came in."""
        if self._format.name == "jpeg":
            rgb = np.asarray(frame.picture.to_ndarray(format="rgb24"), np.uint8)
            return encode_image(Picture(rgb), "jpeg", quality=self._format.quality)
        wire = _WIRE[self._format.name]
        return bytes(np.ascontiguousarray(frame.picture.to_ndarray(format=wire)))

    def _raw(self, data: bytes) -> tuple[VideoFrame, Coding]:
        format = self._format
        if len(data) != format.frame_bytes:
            raise InvalidRequest(
                f"A frame of {format.width}×{format.height} has {format.frame_bytes} bytes, "
                f"not {len(data)}."
            )
        rows = format.height if format.name == "rgb24" else format.height * 3 // 2
        shape = (rows, format.width, 3) if format.name == "rgb24" else (rows, format.width)
        array: U8 = np.frombuffer(data, np.uint8).reshape(shape)
        frame = VideoFrame.from_ndarray(array, format=_WIRE[format.name])
        return frame, _RGB if format.name == "rgb24" else _YUV


def _wrong(field: str, detail: str) -> InvalidRequest:
    return InvalidRequest(
        f"`{field}` {detail}.", errors=[{"pointer": f"/{field}", "detail": detail}]
    )
