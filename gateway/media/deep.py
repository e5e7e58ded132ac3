"""Pictures of more than 8 bits a sample: read with OpenCV, written as PNG.

Integers of 16 bits are kept as they are. Floating point is taken as a share of white, which is 1.0,
or the largest value if that is more; negative values and NaN are black.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from gateway.arrays import U8

U16 = NDArray[np.uint16]

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_TIFF: Final = (b"II*\0", b"MM\0*")
_WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _ORIENTATION, _SAMPLES = 256, 257, 258, 262, 274, 277
_EXTRA, _FORMAT, _PROFILE = 338, 339, 34675
_GREY, _RGB = 1, 2
STEPS: Final = 257
"""Steps of 16 bits in one of 8."""


class UnsupportedKind(Exception):
    """A file that is valid, and of a kind that is not read."""


@dataclass(frozen=True, slots=True)
class DeepHeader:
    """Header data of a deep picture.

    Attributes:
        format: PNG or TIFF.
        size: (width, height) as stored.
        orientation: EXIF 2.32, tag 274; None where it is given elsewhere.
        pages: Whether there are more than one.
        profile: Colour profile, None where it is given elsewhere.
    """

    format: str
    size: tuple[int, int]
    orientation: int | None = None
    pages: bool = False
    profile: bytes | None = None


def deep_header(data: bytes) -> DeepHeader | None:
    """Return the header of a picture with more than 8 bits a sample; None if it is none.

    Raises:
        UnsupportedKind: it is valid, and of a kind that is not read.
        OSError, SyntaxError, ValueError, LookupError, TypeError, struct.error: it is broken.
    """
    if data.startswith(_PNG):
        if data[12:16] != b"IHDR" or len(data) < 26 or data[24] != 16:
            return None
        width, height = struct.unpack(">II", data[16:24])
        return DeepHeader("PNG", (width, height))
    return _deep_tiff(data) if data.startswith(_TIFF) else None


def _deep_tiff(data: bytes) -> DeepHeader | None:
    tags = ImageFileDirectory_v2(data[:8])
    file = io.BytesIO(data)
    file.seek(tags.next)
    tags.load(file)
    bits = tags.get(_BITS, (1,))
    if max(bits) <= 8:
        return None
    _check_kind(tags, bits)
    return DeepHeader(
        "TIFF",
        (int(tags[_WIDTH]), int(tags[_HEIGHT])),
        int(tags.get(_ORIENTATION, 1)),
        bool(tags.next),
        tags.get(_PROFILE),
    )


def _check_kind(tags: Any, bits: tuple[int, ...]) -> None:
    samples = int(tags.get(_SAMPLES, 1))
    kinds = set(tags.get(_FORMAT, (1,)))
    photometric = int(tags.get(_PHOTOMETRIC, _GREY))
    known = (set(bits), kinds) in (({16}, {1}), ({32}, {3}), ({64}, {3}))
    counts = {_GREY: (1,), _RGB: (3, 4)}.get(photometric, ())
    if not known or samples not in counts:
        told = {1: "integers", 2: "signed integers", 3: "floating point"}
        names = ", ".join(sorted(told.get(kind, "an unknown kind") for kind in kinds))
        raise UnsupportedKind(
            f"TIFF of {samples} samples of {max(bits)} bits ({names}, photometric {photometric})"
        )


def read_deep(data: bytes) -> U16:
    """Return a deep picture as uint16 (H, W, 3) RGB or (H, W, 4) RGBA, as stored.

    Raises:
        ValueError, cv2.error: it is broken.
    """
    flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
    stored = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if stored is None:
        raise ValueError("the decoder gave up")
    pixels = _sixteen(np.asarray(stored))
    if pixels.ndim == 2:
        return np.repeat(pixels[..., None], 3, axis=2)
    order = [2, 1, 0, 3][: pixels.shape[2]]
    return np.ascontiguousarray(pixels[..., order])


def _sixteen(stored: NDArray[Any]) -> U16:
    if stored.dtype == np.uint16:
        return stored
    if stored.dtype == np.uint8:
        return stored.astype(np.uint16) * np.uint16(STEPS)
    shares = np.nan_to_num(stored.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    white = max(float(shares.max(initial=0.0)), 1.0)
    return np.rint(np.clip(shares / white, 0, 1) * 65535).astype(np.uint16)


def shallow(deep: U16) -> U8:
    """Return 16-bit samples (...) as 8 bits, rounded."""
    return ((deep.astype(np.uint32) + STEPS // 2) // STEPS).astype(np.uint8)


def with_difference(deep: U16, before: U8, after: U8) -> U16:
    """Return 16-bit pixels (H, W, C) changed as much as 8-bit ones (H, W, 3) were.

    Where these are equal no bit changes.
    """
    out = deep.copy()
    change = after.astype(np.int32) - before
    colors = deep[..., :3].astype(np.int32) + STEPS * change
    out[..., :3] = np.clip(colors, 0, 65535).astype(np.uint16)
    return out


def write_png(deep: U16, profile: bytes | None) -> bytes:
    """Write 16-bit pixels (H, W, 3) RGB or (H, W, 4) RGBA as PNG, with a colour profile."""
    order = [2, 1, 0, 3][: deep.shape[2]]
    done, data = cv2.imencode(".png", deep[..., order], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    if not done:
        raise ValueError("the encoder gave up")
    out = data.tobytes()
    if profile is None:
        return out
    # Right behind the header, which has 8 + 25 bytes (PNG, third edition, 11.3.2.3).
    content = b"iCCP" + b"ICC Profile\0\0" + zlib.compress(profile)
    chunk = struct.pack(">I", len(content) - 4) + content
    return out[:33] + chunk + struct.pack(">I", zlib.crc32(content)) + out[33:]
