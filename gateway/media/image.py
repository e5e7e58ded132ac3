"""Pictures: bytes → `Picture` → bytes.

    bytes ──EmptyUpload──▶ header ──NotAnImage, MultiFrameImage, TooManyPixels──▶
    pixels ──ImageTruncated──▶ upright RGB (+ alpha)

The header is judged before a pixel is decoded, so a decompression bomb costs nothing.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from gateway.arrays import U8
from gateway.errors import EmptyUpload, ImageTruncated, MultiFrameImage, NotAnImage, TooManyPixels

OutputFormat = Literal["png", "jpeg", "webp"]

READABLE: Final = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
"""Pillow's names of the formats that are read; everything else is not even looked into."""

MEDIA_TYPES: Final[dict[OutputFormat, str]] = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
}

# Pillow warns at half its own limit; ours is checked from the header instead.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A decoded picture.

    Attributes:
        rgb: uint8 (H, W, 3), upright, in the colour space of `icc_profile` (sRGB if None).
        alpha: uint8 (H, W), or None for an opaque picture.
        format: What it was read from, or is best written as.
        icc_profile: The file's colour profile, carried along.
    """

    rgb: U8
    alpha: U8 | None = None
    format: OutputFormat = "png"
    icc_profile: bytes | None = None

    def with_rgb(self, rgb: U8) -> Picture:
        """Return the same picture with other pixels."""
        return replace(self, rgb=rgb)


def decode_image(data: bytes, *, max_pixels: int, name: str = "The file") -> Picture:
    """Decode a picture: any colour mode, turned upright as its EXIF says, alpha kept.

    Args:
        data: The file.
        max_pixels: Width × height beyond which it is refused unseen.
        name: What to call it in error messages.

    Raises:
        EmptyUpload, NotAnImage, MultiFrameImage, TooManyPixels, ImageTruncated: by name.
    """
    if not data:
        raise EmptyUpload(f"{name} is empty.")
    with warnings.catch_warnings():
        # Odd metadata is not our caller's fault, and never a reason to refuse the pixels.
        warnings.simplefilter("ignore")
        with _open(data, name) as image:
            width, height = image.size
            if width * height > max_pixels:
                raise TooManyPixels(
                    f"{name} has {width}×{height} pixels; at most {max_pixels} are allowed.",
                    extra={"width": width, "height": height, "max_pixels": max_pixels},
                )
            if _frames(image, name) > 1:
                raise MultiFrameImage(f"{name} holds several frames or pages; one is needed.")
            return _pixels(image, data, name)


def _open(data: bytes, name: str) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=READABLE)
    except UnidentifiedImageError as error:
        if _starts_like_a_picture(data):
            raise ImageTruncated(f"{name}'s header is incomplete or corrupt.") from error
        raise NotAnImage(f"{name} is not a {', '.join(READABLE)} picture.") from error
    except Exception as error:
        raise ImageTruncated(f"{name}'s header is incomplete or corrupt.") from error


def _frames(image: Image.Image, name: str) -> int:
    try:
        return int(getattr(image, "n_frames", 1))
    except Exception as error:
        raise ImageTruncated(f"{name}'s header is incomplete or corrupt.") from error


def _starts_like_a_picture(data: bytes) -> bool:
    return data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"II*\0", b"MM\0*")) or (
        data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    )


def _pixels(image: Image.Image, data: bytes, name: str) -> Picture:
    original = image.format or ""
    profile = image.info.get("icc_profile")
    cmyk = image.mode == "CMYK"
    try:
        orientation = image.getexif().get(_ORIENTATION, 1)
        if original == "JPEG" and image.mode in ("L", "RGB") and data.endswith(b"\xff\xd9"):
            rgb, alpha = _fast_jpeg(data), None
        else:
            rgb, alpha = _any_mode(image)
        if orientation in _UPRIGHT:
            rgb = np.ascontiguousarray(_UPRIGHT[orientation](rgb))
            alpha = None if alpha is None else np.ascontiguousarray(_UPRIGHT[orientation](alpha))
    except Exception as error:
        # Decoders meet broken data with many exceptions; to a caller they are one thing.
        raise ImageTruncated(f"{name} is truncated or corrupt.") from error
    if cmyk or not isinstance(profile, bytes):
        profile = None  # a CMYK profile says nothing about the RGB pixels
    written: OutputFormat = "png"
    if original in ("JPEG", "WEBP"):
        written = "jpeg" if original == "JPEG" else "webp"
    return Picture(rgb, alpha, written, profile)


def _fast_jpeg(data: bytes) -> U8:
    """Decode a complete JPEG with OpenCV: the same pixels, several times faster."""
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if pixels is None:
        raise ValueError("the decoder gave up")
    return np.asarray(pixels, np.uint8)


def _any_mode(image: Image.Image) -> tuple[U8, U8 | None]:
    """Decode with Pillow, whatever the colour mode; return RGB and alpha."""
    image.load()
    if image.mode.startswith("I") or image.mode == "F":
        return _sixteen_bits(image), None
    transparent = image.has_transparency_data
    wanted = "RGBA" if transparent else "RGB"
    pixels = np.asarray(image if image.mode == wanted else image.convert(wanted))
    if not transparent:
        return pixels, None
    return np.ascontiguousarray(pixels[..., :3]), np.ascontiguousarray(pixels[..., 3])


_ORIENTATION = 0x0112
# What turns a picture of each EXIF orientation upright (EXIF 2.32, tag 274).
_UPRIGHT: dict[int, Callable[[U8], U8]] = {
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a[::-1].swapaxes(0, 1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a[:, ::-1].swapaxes(0, 1),
}


def _sixteen_bits(image: Image.Image) -> U8:
    """Bring a deep greyscale picture to 8-bit RGB."""
    deep = np.asarray(image).astype(np.float64)
    top = 65535.0 if image.mode.startswith("I") else max(float(deep.max(initial=0.0)), 1.0)
    grey = np.clip(np.rint(deep * (255.0 / top)), 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def encode_image(picture: Picture, format: OutputFormat, *, quality: int = 92) -> bytes:
    """Write a picture.

    Args:
        picture: What to write. JPEG has no alpha: transparent pixels lie on white there.
        format: Of the file.
        quality: 1–100 for JPEG and WebP; 100 makes WebP lossless.
    """
    pixels = picture.rgb
    if picture.alpha is not None and format == "jpeg":
        share = picture.alpha[..., None].astype(np.float32) / 255
        pixels = np.rint(pixels * share + 255 * (1 - share)).astype(np.uint8)
    elif picture.alpha is not None:
        pixels = np.dstack([pixels, picture.alpha])
    out = io.BytesIO()
    extra = {"icc_profile": picture.icc_profile} if picture.icc_profile else {}
    image = Image.fromarray(pixels)
    if format == "png":
        image.save(out, "PNG", compress_level=1, **extra)
    elif format == "jpeg":
        subsampling = 0 if quality >= 95 else 2  # 4:4:4 only where the rest is as fine
        image.save(out, "JPEG", quality=quality, subsampling=subsampling, **extra)
    else:
        image.save(out, "WEBP", quality=quality, lossless=quality == 100, method=2, **extra)
    return out.getvalue()
