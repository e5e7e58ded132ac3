"""Side data of a frame: its rotation, and its mastering brightness."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame

from gateway.imaging.geometry.orientation import Orientation

Matrix9 = tuple[int, int, int, int, int, int, int, int, int]
"""A display matrix (ISO/IEC 14496-12, 8.3.2), row by row; 65536 is one, in the last column 2³⁰."""
_ONE, _ONE_LAST = 1 << 16, 1 << 30


@dataclass(frozen=True, slots=True)
class Mastering:
    """The display a video was mastered on (SMPTE ST 2086).

    Attributes:
        primaries: x and y of red, green and blue, and of white (CIE 1931); None if not specified.
        luminance: Least and most, cd/m²; None if not specified.
    """

    primaries: tuple[tuple[Fraction, Fraction], ...] | None
    luminance: tuple[Fraction, Fraction] | None


@dataclass(frozen=True, slots=True)
class ContentLight:
    """How bright a video gets (CTA-861.3), cd/m².

    Attributes:
        brightest: Of any pixel, MaxCLL.
        average: Greatest mean of a frame, MaxFALL.
    """

    brightest: int
    average: int


def display_matrix_of(frame: VideoFrame) -> Matrix9 | None:
    """Return a frame's display matrix; None if it is shown as it is stored."""
    try:
        side_data: Any = frame.side_data
    except ValueError:  # it holds something that this version of PyAV has no name for
        return _turned(frame.rotation) if frame.rotation else None
    raw = side_data.get(Type.DISPLAYMATRIX)
    if raw is None:
        return None
    m = [int(n) for n in np.frombuffer(bytes(raw), np.int32)]
    return m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8]


def orientation_of(frame: VideoFrame) -> Orientation:
    """Return what makes a frame upright, to the nearest quarter turn."""
    matrix = display_matrix_of(frame)
    if matrix is None:
        return Orientation()
    return Orientation.of_matrix(matrix[0], matrix[1], matrix[3], matrix[4])


def mastering_of(frame: VideoFrame) -> Mastering | None:
    """Return a frame's mastering display metadata (`AVMasteringDisplayMetadata`)."""
    raw = _raw(frame, Type.MASTERING_DISPLAY_METADATA)
    if raw is None:
        return None
    n = np.frombuffer(raw, np.int32)
    ratios = [Fraction(int(a), int(b) or 1) for a, b in n[:20].reshape(10, 2)]
    points = tuple((ratios[2 * k], ratios[2 * k + 1]) for k in range(4))
    return Mastering(points if n[20] else None, (ratios[8], ratios[9]) if n[21] else None)


def content_light_of(frame: VideoFrame) -> ContentLight | None:
    """Return a frame's content light level (`AVContentLightMetadata`)."""
    raw = _raw(frame, Type.CONTENT_LIGHT_LEVEL)
    if raw is None:
        return None
    brightest, average = (int(n) for n in np.frombuffer(raw, np.uint32)[:2])
    return ContentLight(brightest, average)


def _raw(frame: VideoFrame, kind: Type) -> bytes | None:
    try:
        side_data: Any = frame.side_data
    except ValueError:
        return None
    found = side_data.get(kind)
    return None if found is None else bytes(found)


def _turned(degrees: int) -> Matrix9:
    """Return the matrix of a rotation, counter-clockwise."""
    angle = math.radians(-degrees)
    c, s = round(math.cos(angle) * _ONE), round(math.sin(angle) * _ONE)
    return c, s, 0, -s, c, 0, 0, 0, _ONE_LAST
