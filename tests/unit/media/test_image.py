import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from gateway.errors import (
    EmptyUpload,
    ImageTruncated,
    MultiFrameImage,
    NotAnImage,
    TooManyPixels,
)
from gateway.media.image import Picture, decode_image, encode_image


def gradient(height: int = 24, width: int = 32) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 255 // width, y * 255 // height, 0 * x + 90], -1).astype(np.uint8)


def saved(image: Image.Image, format: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def decode(data: bytes, max_pixels: int = 10_000) -> Picture:
    return decode_image(data, max_pixels=max_pixels)


@pytest.mark.parametrize("format", ["png", "webp"])
def test_lossless_formats_return_every_pixel(format):
    picture = Picture(gradient(), np.full((24, 32), 77, np.uint8))
    back = decode(encode_image(picture, format, quality=100))
    assert (back.rgb == picture.rgb).all()
    assert (back.alpha == 77).all()
    assert back.format == format


def test_jpeg_lays_transparency_on_white():
    picture = Picture(gradient(), np.zeros((24, 32), np.uint8))
    back = decode(encode_image(picture, "jpeg"))
    assert back.alpha is None
    assert back.rgb.min() > 250


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_color_mode_is_read(mode):
    image = Image.fromarray(gradient())
    image = image.convert("L").convert("I;16") if mode == "I;16" else image.convert(mode)
    format = "TIFF" if mode == "CMYK" else "PNG"
    picture = decode(saved(image, format))
    assert picture.rgb.shape == (24, 32, 3)
    assert (picture.alpha is not None) == (mode in ("LA", "RGBA"))


def test_sixteen_bit_grey_spans_the_whole_range():
    deep = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    picture = decode(saved(Image.fromarray(deep), "PNG"))
    assert (picture.rgb[..., 0].ravel() == np.arange(256)).all()


def test_palette_transparency_is_kept():
    image = Image.fromarray(gradient()).quantize(8)
    picture = decode(saved(image, "PNG", transparency=0))
    assert picture.alpha is not None
    assert set(np.unique(picture.alpha)) == {0, 255}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_honoured(orientation):
    image = Image.fromarray(gradient())
    exif = image.getexif()
    exif[0x0112] = orientation
    picture = decode(saved(image, "PNG", exif=exif))
    assert picture.rgb.shape == ((24, 32, 3) if orientation < 5 else (32, 24, 3))
    corners = {
        1: gradient()[0, 0],
        3: gradient()[-1, -1],
        6: gradient()[-1, 0],
        8: gradient()[0, -1],
    }
    if orientation in corners:
        assert (picture.rgb[0, 0] == corners[orientation]).all()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_orientation_agrees_with_pillows(orientation, format):
    image = Image.fromarray(gradient())
    exif = image.getexif()
    exif[0x0112] = orientation
    data = saved(image, format, exif=exif, **({"quality": 95} if format == "JPEG" else {}))
    wanted = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))
    assert (decode(data).rgb == wanted).all()


def test_grey_jpegs_are_read():
    data = saved(Image.fromarray(gradient()).convert("L"), "JPEG")
    assert decode(data).rgb.shape == (24, 32, 3)


def test_color_profile_is_carried_along():
    profile = b"not a real profile, only bytes"
    picture = decode(saved(Image.fromarray(gradient()), "PNG", icc_profile=profile))
    assert decode(encode_image(picture, "jpeg")).icc_profile == profile


def test_location_and_camera_are_not_written():
    image = Image.fromarray(gradient())
    exif = image.getexif()
    exif[0x010F] = "Camera maker"
    data = encode_image(decode(saved(image, "JPEG", exif=exif)), "jpeg")
    assert b"Camera maker" not in data


def test_empty():
    with pytest.raises(EmptyUpload):
        decode(b"")


@pytest.mark.parametrize("data", [b"hello", b"\0" * 1000, b"<svg/>", b"GIF88a" + b"\0" * 50])
def test_not_an_image(data):
    with pytest.raises(NotAnImage):
        decode(data)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF", "BMP"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_truncated(format, share):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = saved(Image.fromarray(noise), format)
    with pytest.raises((ImageTruncated, NotAnImage)):
        decode(data[: max(4, int(len(data) * share))])


def test_a_bomb_is_refused_from_its_header():
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk
    data += struct.pack(">I", zlib.crc32(chunk)) + struct.pack(">I", 0) + b"IDAT" + b"\0" * 4
    with pytest.raises(TooManyPixels) as caught:
        decode_image(data, max_pixels=50_000_000)
    assert caught.value.extra["width"] == 60_000


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF"])
def test_several_frames_are_refused(format):
    frames = [Image.fromarray(gradient()), Image.fromarray(255 - gradient())]
    with pytest.raises(MultiFrameImage):
        decode(saved(frames[0], format, save_all=True, append_images=frames[1:]))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF", "BMP"])
def test_flipped_bytes_never_escape_as_anything_else(format):
    rng = np.random.default_rng(0)
    data = bytearray(saved(Image.fromarray(gradient()), format))
    for _ in range(150):
        broken = bytearray(data)
        for at in rng.integers(0, len(data), 4):
            broken[at] = rng.integers(0, 256)
        try:
            picture = decode(bytes(broken), max_pixels=2_000_000)
        except (ImageTruncated, NotAnImage, TooManyPixels, MultiFrameImage):
            continue
        assert picture.rgb.dtype == np.uint8
