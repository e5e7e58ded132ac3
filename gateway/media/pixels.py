"""Pixel formats: the planes of a frame, and the format it is converted to where it has none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import av
import numpy as np
from av.video.frame import VideoFrame

from gateway.imaging.geometry.orientation import Orientation
from gateway.imaging.video.planes import Coding, Matrix, Planes, Samples

PixelKind = Literal["yuv", "rgb", "grey"]
_DEPTHS = (8, 9, 10, 12, 14, 16)
_RATIOS = {(1, 1): "444", (1, 2): "422", (2, 2): "420", (2, 1): "440"}
# FFmpeg's AVCOL_RANGE_JPEG and _MPEG, SWS_CS_ITU709.
FULL, LIMITED = 2, 1
_SWS_BT709 = 1


@dataclass(frozen=True, slots=True)
class Colors:
    """Colour interpretation of a video: code points of ITU-T H.273, 2 where unspecified.

    Attributes:
        full: Whether all codes are used (full range); None if not specified.
        space: The matrix (table 4).
        primaries: Table 2.
        transfer: Table 3; 16 is PQ, 18 is HLG (ITU-R BT.2100).
    """

    full: bool | None = None
    space: int = 2
    primaries: int = 2
    transfer: int = 2

    @property
    def hdr(self) -> Literal["none", "pq", "hlg"]:
        """Which of the two high dynamic ranges it is, if any."""
        if self.transfer == 16:
            return "pq"
        return "hlg" if self.transfer == 18 else "none"

    def matrix(self, height: int) -> Matrix:
        """Return the matrix; if unspecified, it is guessed by the height, as players do."""
        if self.space in (1, 7):  # SMPTE 240M differs by less than one level
            return "bt709"
        if self.space in (9, 10):
            return "bt2020"
        if self.space in (4, 5, 6):
            return "bt601"
        return "bt709" if height > 576 else "bt601"

    def put_on(self, frame: VideoFrame) -> None:
        """Tag a frame with them."""
        frame.color_range = 0 if self.full is None else FULL if self.full else LIMITED
        frame.colorspace, frame.color_primaries = self.space, self.primaries
        frame.color_trc = self.transfer


def colors_of(frame: VideoFrame) -> Colors:
    """Return a frame's colour tags."""
    full = {FULL: True, LIMITED: False}.get(int(frame.color_range))
    if frame.format.name.startswith("yuvj"):
        full = True
    return Colors(full, int(frame.colorspace), int(frame.color_primaries), int(frame.color_trc))


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """A planar pixel format of samples in whole bytes or pairs of bytes, little end first.

    Attributes:
        kind: Luma and chroma, red green and blue, or luma alone.
        depth: Bits of a sample.
        steps: Rows and columns of luma a sample of chroma, 1 or 2.
        alpha: Whether there is a plane of opacity, which is left as it is.
    """

    kind: PixelKind
    depth: int = 8
    steps: tuple[int, int] = (1, 1)
    alpha: bool = False

    @classmethod
    @cache
    def of(cls, name: str) -> PixelFormat:
        """Return the planar format that holds all, or most, of what any of FFmpeg's holds."""
        known = av.VideoFormat(name, 4, 4)
        parts = known.components
        bits = max(part.bits for part in parts if not part.is_alpha)
        depth = next((d for d in _DEPTHS if d >= bits), 16)
        kind: PixelKind = "yuv" if len(parts) > 2 else "grey"
        if known.is_rgb or known.has_palette or known.is_bayer or name.startswith("xyz"):
            kind = "rgb"
        steps = (1, 1)
        if kind == "yuv":
            steps = min(4 // known.chroma_height(), 2), min(4 // known.chroma_width(), 2)
        alpha = kind != "grey" and not known.has_palette and any(p.is_alpha for p in parts)
        wanted = cls(kind, depth, steps, alpha)
        for choice in (wanted, replace(wanted, depth=16), replace(wanted, alpha=False)):
            if _exists(choice.name):
                return choice
        return replace(wanted, depth=16, alpha=False)

    @property
    def name(self) -> str:
        """FFmpeg's name of it."""
        suffix = "" if self.depth == 8 else f"{self.depth}le"
        if self.kind == "grey":
            return f"gray{suffix}"
        letter = "a" if self.alpha else ""
        if self.kind == "rgb":
            return f"gbr{letter}p{suffix}"
        return f"yuv{letter}{_RATIOS[self.steps]}p{suffix}"

    def coding(self, colors: Colors, height: int) -> Coding:
        """Return the sample interpretation of a video of that height."""
        full = self.kind != "yuv" if colors.full is None else colors.full
        return Coding(self.depth, full, "identity" if self.kind == "rgb" else colors.matrix(height))


def is_planar(name: str) -> bool:
    """Return whether frames of a format of FFmpeg's are worked on as they are."""
    return _plain(name) == PixelFormat.of(name).name


def nearest(source: PixelFormat, names: Iterable[str]) -> str:
    """Return the one of some formats that loses least of a video's, and adds least."""

    def loss(name: str) -> tuple[bool | int, ...]:
        other = PixelFormat.of(name)
        rgb = (other.kind == "rgb") != (source.kind == "rgb")
        down, across = other.steps
        coarser = down > source.steps[0] or across > source.steps[1]
        # Finer chroma is of no use, least of all to grey.
        finer = 4 - down * across if source.kind == "grey" else other.steps != source.steps
        return (
            rgb or (other.kind == "grey" and source.kind != "grey"),
            max(source.depth - other.depth, 0),
            coarser and source.kind != "grey",
            source.alpha and not other.alpha,
            other.kind != source.kind,
            other.alpha and not source.alpha,
            finer,
            other.depth,
            name != other.name,
        )

    return min(names, key=loss)


def planes_of(frame: VideoFrame, coding: Coding, orientation: Orientation) -> Planes:
    """Return the planes of a frame of a planar format: its own memory."""
    format = PixelFormat.of(frame.format.name)
    first, *others = (_samples(frame, k) for k in range(1 if format.kind == "grey" else 3))
    chroma = (others[0], others[1]) if others else None
    size = frame.height, frame.width
    return Planes(first, chroma, size, format.steps, coding, orientation)


def as_format(frame: VideoFrame, name: str) -> VideoFrame:
    """Return a frame in another pixel format; the same one, if it has it already.

    Where the planes mean the same they are copied bit for bit: full range is only named otherwise,
    grey gets neutral chroma. RGB becomes Y′CbCr of BT.709 in limited range.
    """
    if frame.format.name == name:
        return frame
    have, want = PixelFormat.of(frame.format.name), PixelFormat.of(name)
    grey = have.kind == "grey" and want.kind == "yuv" and not want.alpha
    alike = have == want or (grey and have.depth == want.depth)
    if alike and is_planar(frame.format.name) and is_planar(name):
        return _copied(frame, want)
    if have.kind == "rgb" and want.kind != "rgb":
        made = frame.reformat(
            format=name, dst_colorspace=_SWS_BT709, dst_color_range=LIMITED, src_color_range=FULL
        )
        replace(colors_of(frame), full=False, space=1).put_on(made)
        return made
    range_ = int(frame.color_range) or LIMITED
    return frame.reformat(format=name, src_color_range=range_, dst_color_range=range_)


def _copied(frame: VideoFrame, want: PixelFormat) -> VideoFrame:
    made = VideoFrame(frame.width, frame.height, want.name)
    made.pts, made.time_base = frame.pts, frame.time_base
    colors_of(frame).put_on(made)
    for k in range(len(made.planes)):
        target = _samples(made, k)
        if k >= len(frame.planes):
            target[:] = 1 << (want.depth - 1)
            continue
        width = made.planes[k].width
        target[:, :width] = _samples(frame, k)[:, :width]
    return made


def _samples(frame: VideoFrame, index: int) -> Samples:
    plane = frame.planes[index]
    deep = frame.format.components[0].bits > 8
    rows = np.frombuffer(plane, np.uint16 if deep else np.uint8)  # type: ignore[call-overload]
    return rows.reshape(plane.height, -1)  # type: ignore[no-any-return]


def _plain(name: str) -> str:
    """Return a format's name without the legacy full-range prefix."""
    return name.replace("yuvj", "yuv")


def _exists(name: str) -> bool:
    try:
        av.VideoFormat(name)
    except ValueError:
        return False
    return True
