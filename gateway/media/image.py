"""Pictures: bytes → `Picture` → bytes.

    bytes ──EmptyUpload──▶ header ──NotAnImage, MultiFrameImage, TooManyPixels──▶
    pixels ──ImageTruncated──▶ upright RGB (+ alpha)

The header is judged before a pixel is decoded, so a decompression bomb costs nothing. Only what
decoders raise for broken files is the file's fault: everything else is ours, and propagates as it
is.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from gateway.arrays import U8
from gateway.errors import (
    EmptyUpload,
    ImageTruncated,
    MultiFrameImage,
    NotAnImage,
    OutOfMemory,
    TooManyPixels,
)
from gateway.media.containers import is_heif, starts_like_an_animation
from gateway.media.deep import (
    U16,
    DeepHeader,
    UnsupportedKind,
    deep_header,
    read_deep,
    shallow,
    with_difference,
    write_png,
)
from gateway.media.packets import with_packet
from gateway.media.profiles import carried, to_srgb

try:
    import pi_heif
except ImportError:  # pragma: no cover - without the extra `heif`
    HEIF = False
else:
    pi_heif.register_heif_opener()
    HEIF = True

OutputFormat = Literal["png", "jpeg", "webp", "avif"]

READABLE: Final = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "AVIF", "HEIF", "GIF")
"""Pillow's names of the formats that are read; everything else is not even looked into."""
READABLE_TOLD: Final = "JPEG, PNG, WebP, BMP, TIFF, AVIF, HEIC or GIF"
_SEVERAL: Final = ("MPO", "HEIF")
"""Files whose first or primary picture is the picture (CIPA DC-007; ISO/IEC 23008-12, 6.4)."""
_OPENED: Final = [name for name in READABLE if HEIF or name != "HEIF"]

MEDIA_TYPES: Final[dict[OutputFormat, str]] = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "avif": "image/avif",
}
_WRITTEN: Final[dict[str, OutputFormat]] = {
    "JPEG": "jpeg",
    "MPO": "jpeg",
    "HEIF": "jpeg",
    "WEBP": "webp",
    "AVIF": "avif",
}
"""Preferred output format for each input format; every other one is written as PNG."""

IMAGES_IGNORED: Final = "further_images_ignored"
"""Note: the file holds other pictures than the one that was read, such as a gain map."""
DEPTH_REDUCED: Final = "depth_reduced"
"""Note: the picture had more than 8 bits a sample, and is written with 8."""

_BROKEN: Final = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    OverflowError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""Exceptions that Pillow and OpenCV raise for broken files, beside `cv2.error`."""

# Pillow warns at half its own limit; ours is checked from the header instead.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A decoded picture.

    Attributes:
        rgb: uint8 (H, W, 3), upright, in the colour space of `icc_profile` (sRGB if None).
        alpha: uint8 (H, W), or None for an opaque picture.
        format: The format it was read from, or its preferred output format.
        icc_profile: The file's color profile, carried along.
        deep: uint16 (H, W, 3) or (H, W, 4), the same pixels as they are in the file, if that has
            more than 8 bits a sample.
        depth: Bits of a sample in the file.
        notes: Parts of the file that were not read: `further_images_ignored`.
    """

    rgb: U8
    alpha: U8 | None = None
    format: OutputFormat = "png"
    icc_profile: bytes | None = None
    deep: U16 | None = None
    depth: int = 8
    notes: tuple[str, ...] = ()

    def with_rgb(self, rgb: U8) -> Picture:
        """Return the same picture with other pixels, uint8 (h, w, 3).

        A deep picture's are changed by the difference, and stay as they were where there is none.
        """
        deep = self.deep
        if deep is not None:
            deep = with_difference(deep, self.rgb, rgb) if rgb.shape == self.rgb.shape else None
        return replace(self, rgb=rgb, deep=deep)

    def notes_as(self, format: OutputFormat) -> tuple[str, ...]:
        """Return what of the file was not read, or gets lost when it is written in a format."""
        kept = self.depth <= 8 or (format == "png" and self.deep is not None)
        return self.notes if kept else (*self.notes, DEPTH_REDUCED)


def decode_image(data: bytes, *, max_pixels: int, name: str = "The file") -> Picture:
    """Decode a picture: any colour mode, turned upright as its EXIF says, alpha kept.

    Colour spaces other than RGB become sRGB as their profile says. Of a file with several pictures
    of one thing (JPEG with MPF, HEIC) the first or primary one is read.

    Args:
        data: The file.
        max_pixels: Width × height beyond which it is refused unseen.
        name: Its name in error messages.

    Raises:
        EmptyUpload, NotAnImage, MultiFrameImage, TooManyPixels, ImageTruncated: by name.
        OutOfMemory: there is not enough of it just now.
    """
    if not data:
        raise EmptyUpload(f"{name} is empty.")
    with warnings.catch_warnings():
        # Odd metadata is not our caller's fault, and never a reason to refuse the pixels.
        warnings.simplefilter("ignore")
        deep = _deep_header(data, name)
        if deep is not None and deep.format == "TIFF":
            _check_size(deep.size, max_pixels, name)
            if deep.pages:
                raise _several(name)
            return _deep_picture(data, deep, name)
        with _open(data, name) as image:
            _check_size(image.size, max_pixels, name)
            several = _frames(image, name) > 1
            if several and image.format not in _SEVERAL:
                raise _several(name, animated=bool(getattr(image, "is_animated", False)))
            if deep is not None:
                return _deep_picture(data, _told_by(image, deep, name), name)
            picture = _pixels(image, data, name)
            return replace(picture, notes=(IMAGES_IGNORED,)) if several else picture


def _check_size(size: tuple[int, int], max_pixels: int, name: str) -> None:
    width, height = size
    if width * height > max_pixels:
        raise TooManyPixels(
            f"{name} has {width}×{height} pixels; at most {max_pixels} are allowed.",
            extra={"width": width, "height": height, "max_pixels": max_pixels},
        )


def _several(name: str, *, animated: bool = False) -> MultiFrameImage:
    if animated:
        return MultiFrameImage(f"{name} is an animation, which is a video; a picture is needed.")
    return MultiFrameImage(f"{name} holds several frames or pages; one is needed.")


@contextmanager
def _reading(name: str, part: str = "is truncated or corrupt") -> Iterator[None]:
    """Map decoder errors to an invalid file, and memory errors to a lack of memory."""
    try:
        yield
    except MemoryError as error:
        raise OutOfMemory from error
    except cv2.error as error:
        if error.code == cv2.Error.STS_NO_MEM:
            raise OutOfMemory from error
        raise ImageTruncated(f"{name} {part}.") from error
    except _BROKEN as error:
        raise ImageTruncated(f"{name} {part}.") from error


_HEADER: Final = "'s header is incomplete or corrupt"


def _deep_header(data: bytes, name: str) -> DeepHeader | None:
    try:
        return deep_header(data)
    except UnsupportedKind as error:
        raise NotAnImage(f"{name} is valid, but of a kind that is not read: {error}.") from error
    except _BROKEN as error:
        raise ImageTruncated(f"{name}{_HEADER}.") from error


def _open(data: bytes, name: str) -> Image.Image:
    if not HEIF and is_heif(data) and b"avi" not in data[8:32]:
        raise NotAnImage(f"{name} is HEIC, which is read with the extra `heif` (semblant[heif]).")
    try:
        return Image.open(io.BytesIO(data), formats=_OPENED)
    except UnidentifiedImageError as error:
        if _starts_like_a_picture(data):
            raise ImageTruncated(f"{name}{_HEADER}.") from error
        if starts_like_an_animation(data):
            raise _several(name, animated=True) from error
        raise NotAnImage(f"{name} is not a {READABLE_TOLD} picture.") from error
    except MemoryError as error:
        raise OutOfMemory from error
    except _BROKEN as error:
        raise ImageTruncated(f"{name}{_HEADER}.") from error


def _frames(image: Image.Image, name: str) -> int:
    try:
        return int(getattr(image, "n_frames", 1))
    except _BROKEN as error:
        raise ImageTruncated(f"{name}{_HEADER}.") from error


_MAGIC: Final = (
    *(b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"II*\0", b"MM\0*"),
    *(b"GIF87a", b"GIF89a"),
)


def _starts_like_a_picture(data: bytes) -> bool:
    return (
        data.startswith(_MAGIC) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP") or is_heif(data)
    )


def _told_by(image: Image.Image, deep: DeepHeader, name: str) -> DeepHeader:
    """Return a deep header with what Pillow knows of the rest of the file."""
    with _reading(name):
        image.load()  # of a PNG these may come behind the pixels
        orientation = image.getexif().get(_ORIENTATION, 1)
    profile = image.info.get("icc_profile")
    profile = profile if isinstance(profile, bytes) else None
    return replace(deep, orientation=orientation, profile=profile)


def _deep_picture(data: bytes, header: DeepHeader, name: str) -> Picture:
    with _reading(name):
        pixels = read_deep(data)
    pixels = _upright(pixels, header.orientation)
    eight = shallow(pixels)
    alpha = None if eight.shape[2] == 3 else np.ascontiguousarray(eight[..., 3])
    rgb = np.ascontiguousarray(eight[..., :3])
    return Picture(rgb, alpha, "png", carried(header.profile), pixels, 16)


def _pixels(image: Image.Image, data: bytes, name: str) -> Picture:
    original = image.format or ""
    profile = image.info.get("icc_profile")
    profile = profile if isinstance(profile, bytes) else None
    jpeg = original in ("JPEG", "MPO") and data.endswith(b"\xff\xd9")
    with _reading(name):
        orientation = image.getexif().get(_ORIENTATION, 1)
        if (jpeg and image.mode == "RGB") or (jpeg and image.mode == "L" and profile is None):
            loaded: U8 | Image.Image = _fast_jpeg(data)
        else:
            image.load()
            loaded = to_srgb(image, profile) or _plain(image)
    if isinstance(loaded, Image.Image):
        rgb, alpha = _planes(loaded)
    else:
        rgb, alpha = loaded, None
    depth = image.info.get("bit_depth", 8)
    return Picture(
        _upright(rgb, orientation),
        None if alpha is None else _upright(alpha, orientation),
        _WRITTEN.get(original, "png"),
        carried(profile),
        depth=depth if isinstance(depth, int) else 8,
    )


def _upright(pixels: Any, orientation: int | None) -> Any:
    turn = _UPRIGHT.get(orientation or 1)
    return pixels if turn is None else np.ascontiguousarray(turn(pixels))


def _fast_jpeg(data: bytes) -> U8:
    """Decode a complete JPEG with OpenCV: the same pixels, several times faster."""
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if pixels is None:
        raise ValueError("the decoder gave up")
    return np.asarray(pixels, np.uint8)


def _plain(image: Image.Image) -> Image.Image:
    """Return a loaded picture of any colour mode as RGB or RGBA, or as it is if it is deep grey."""
    if image.mode.startswith("I") or image.mode == "F":
        return image
    wanted = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == wanted else image.convert(wanted)


def _planes(image: Image.Image) -> tuple[U8, U8 | None]:
    """Return RGB and alpha."""
    if image.mode.startswith("I") or image.mode == "F":
        return _deep_grey(image), None
    pixels = np.asarray(image)
    if image.mode == "RGB":
        return pixels, None
    return np.ascontiguousarray(pixels[..., :3]), np.ascontiguousarray(pixels[..., 3])


_ORIENTATION = 0x0112
# The transform that turns a picture of each EXIF orientation upright (EXIF 2.32, tag 274).
_UPRIGHT: dict[int, Callable[[Any], Any]] = {
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a[::-1].swapaxes(0, 1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a[:, ::-1].swapaxes(0, 1),
}


def _deep_grey(image: Image.Image) -> U8:
    """Bring a deep greyscale picture to 8-bit RGB."""
    deep = np.asarray(image).astype(np.float64)
    top = 65535.0 if image.mode.startswith("I") else max(float(deep.max(initial=0.0)), 1.0)
    grey = np.clip(np.rint(deep * (255.0 / top)), 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def encode_image(
    picture: Picture, format: OutputFormat, *, quality: int = 92, xmp: bytes | None = None
) -> bytes:
    """Write a picture; a deep one with 16 bits if it becomes PNG, else with 8.

    Args:
        picture: The picture to write. JPEG has no alpha: transparent pixels lie on white there.
        format: Of the file.
        quality: 1–100 for JPEG, WebP and AVIF; 100 makes WebP lossless.
        xmp: A packet of metadata.
    """
    data = _encoded(picture, format, quality, xmp)
    return data if xmp is None or format == "avif" else with_packet(data, MEDIA_TYPES[format], xmp)


def _encoded(picture: Picture, format: OutputFormat, quality: int, xmp: bytes | None) -> bytes:
    """Return a file, that of AVIF with its packet."""
    if picture.deep is not None and format == "png":
        return write_png(picture.deep, picture.icc_profile)
    pixels = picture.rgb
    if picture.alpha is not None and format == "jpeg":
        share = picture.alpha[..., None].astype(np.float32) / 255
        pixels = np.rint(pixels * share + 255 * (1 - share)).astype(np.uint8)
    elif picture.alpha is not None:
        pixels = np.dstack([pixels, picture.alpha])
    out = io.BytesIO()
    extra = {"icc_profile": picture.icc_profile} if picture.icc_profile else {}
    image = Image.fromarray(pixels)
    fine = quality >= 95  # 4:4:4 only where the rest is as fine
    if format == "png":
        image.save(out, "PNG", compress_level=1, **extra)
    elif format == "jpeg":
        image.save(out, "JPEG", quality=quality, subsampling=0 if fine else 2, **extra)
    elif format == "avif":
        subsampling = "4:4:4" if fine else "4:2:0"
        extra |= {"xmp": xmp} if xmp else {}
        image.save(out, "AVIF", quality=quality, subsampling=subsampling, speed=8, **extra)
    else:
        image.save(out, "WEBP", quality=quality, lossless=quality == 100, method=2, **extra)
    return out.getvalue()
