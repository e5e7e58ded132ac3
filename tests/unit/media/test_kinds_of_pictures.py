"""Pictures as phones, scanners and print shops write them."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from gateway.errors import MultiFrameImage, NotAnImage, OutOfMemory, TooManyPixels
from gateway.media import image as module
from gateway.media.image import Picture, decode_image, encode_image
from tests.unit.media.heic import heic
from tests.unit.media.test_image import decode, gradient, saved


def smooth(height: int = 64, width: int = 96) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return np.stack([40 + x, 60 + 2 * y, 150 - x], -1).astype(np.uint8)


def deep(height: int = 24, width: int = 32, channels: int = 3) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 65536, (height, width, channels), dtype=np.uint16)


def coded(pixels: np.ndarray, ending: str) -> bytes:
    """RGB in any depth as a file, without a library of ours."""
    order = [2, 1, 0, 3][: pixels.shape[2]] if pixels.ndim == 3 else ...
    return cv2.imencode(ending, pixels[..., order] if pixels.ndim == 3 else pixels)[1].tobytes()


# Several pictures in one file


def test_of_a_jpeg_with_more_pictures_the_first_is_the_picture():
    first, second = Image.fromarray(smooth()), Image.fromarray(255 - smooth(32, 48))
    data = saved(first, "MPO", save_all=True, append_images=[second], quality=95)
    picture = decode(data)
    assert np.abs(picture.rgb.astype(int) - smooth()).mean() < 3
    assert picture.format == "jpeg"
    assert picture.notes == ("further_images_ignored",)


def test_of_a_heic_the_primary_picture_is_the_picture():
    data = heic(255 - smooth(), smooth(), primary=1)
    picture = decode(data)
    assert np.abs(picture.rgb.astype(int) - smooth()).mean() < 6
    assert picture.notes == ("further_images_ignored",)


@pytest.mark.parametrize("quarters", range(4))
def test_a_heic_is_upright(quarters):
    wanted = np.rot90(smooth(), quarters)
    picture = decode(heic(smooth(), quarters=quarters))
    assert picture.rgb.shape == wanted.shape
    assert np.abs(picture.rgb.astype(int) - wanted).mean() < 6
    assert picture.notes == ()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_avif_is_upright(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = decode(saved(Image.fromarray(smooth()), "AVIF", exif=exif, quality=95))
    turned = [2, 3, 4, 5, 6, 7, 8][orientation - 2] if orientation > 1 else None
    wanted = smooth() if turned is None else module._UPRIGHT[turned](smooth())
    assert np.abs(picture.rgb.astype(int) - wanted).mean() < 4
    assert picture.format == "avif"


def test_avif_is_written_with_opacity_and_profile():
    alpha = np.full((64, 96), 99, np.uint8)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    back = decode(encode_image(Picture(smooth(), alpha, icc_profile=profile), "avif", quality=95))
    assert np.abs(back.rgb.astype(int) - smooth()).mean() < 3
    assert back.alpha is not None
    assert np.abs(back.alpha.astype(int) - 99).max() < 3
    assert back.icc_profile == profile


def test_without_the_library_it_is_said_what_is_missing(monkeypatch):
    monkeypatch.setattr(module, "HEIF", False)
    with pytest.raises(NotAnImage, match=r"semblant\[heif\]"):
        decode(heic(smooth()))


def test_a_still_gif_is_a_picture_and_one_that_moves_is_a_video():
    frames = [Image.fromarray(smooth()), Image.fromarray(255 - smooth())]
    assert decode(saved(frames[0], "GIF")).rgb.shape == (64, 96, 3)
    for format in ("GIF", "WEBP", "PNG", "AVIF"):
        data = saved(frames[0], format, save_all=True, append_images=frames[1:])
        with pytest.raises(MultiFrameImage, match="is a video"):
            decode(data)


# Colour spaces


def grey_profile() -> bytes:
    """A profile whose codes are linear: 128 of it is 188 in sRGB."""
    curve = b"curv" + bytes(8)
    white = b"XYZ " + bytes(4) + bytes.fromhex("0000f6d6000100000000d32d")
    text = b"desc" + bytes(4) + (5).to_bytes(4, "big") + b"grey\0" + bytes(79)
    tags = {b"desc": text, b"kTRC": curve, b"wtpt": white, b"cprt": b"text" + bytes(4) + b"none\0"}
    table, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += name + (at + len(body)).to_bytes(4, "big") + len(content).to_bytes(4, "big")
        body += content + bytes(-len(content) % 4)
    head = bytearray(128)
    head[8:12], head[12:16], head[16:20], head[20:24] = b"\2\x10\0\0", b"mntr", b"GRAY", b"XYZ "
    head[36:40], head[68:80] = b"acsp", bytes.fromhex("0000f6d6000100000000d32d")
    out = bytes(head) + len(tags).to_bytes(4, "big") + table + body
    return len(out).to_bytes(4, "big") + out[4:]


def test_a_color_profile_of_another_space_is_applied():
    flat = Image.fromarray(np.full((24, 32), 128, np.uint8))
    picture = decode(saved(flat, "PNG", icc_profile=grey_profile()))
    assert abs(int(picture.rgb[0, 0, 0]) - 188) <= 1
    assert np.ptp(picture.rgb, axis=2).max() == 0
    assert picture.icc_profile is None


def test_a_profile_of_another_space_that_cannot_be_used_is_dropped():
    broken = bytearray(grey_profile()[:140])
    broken[16:20] = b"CMYK"
    image = Image.fromarray(gradient()).convert("CMYK")
    picture = decode(saved(image, "TIFF", icc_profile=bytes(broken)))
    assert picture.icc_profile is None
    assert (picture.rgb == np.asarray(image.convert("RGB"))).all()


def test_a_cmyk_picture_is_converted_as_its_profile_says(monkeypatch):
    asked = {}

    def convert(image, profile, target, **options):
        asked.update(options, space=image.mode)
        return Image.fromarray(255 - gradient())

    monkeypatch.setattr(ImageCms, "profileToProfile", convert)
    monkeypatch.setattr(ImageCms, "ImageCmsProfile", lambda file: file)
    profile = bytes(16) + b"CMYK" + bytes(200)
    image = Image.fromarray(gradient()).convert("CMYK")
    picture = decode(saved(image, "JPEG", icc_profile=profile))
    assert (picture.rgb == 255 - gradient()).all()
    assert asked["space"] == "CMYK"
    assert asked["renderingIntent"] == ImageCms.Intent.RELATIVE_COLORIMETRIC
    assert picture.icc_profile is None


# More than 8 bits


@pytest.mark.parametrize("ending", [".png", ".tiff"])
@pytest.mark.parametrize("channels", [3, 4])
def test_sixteen_bits_come_back_bit_for_bit(ending, channels):
    pixels = deep(channels=channels)
    picture = decode(coded(pixels, ending))
    assert picture.depth == 16
    assert (picture.alpha is not None) == (channels == 4)
    again = encode_image(picture, "png")
    back = cv2.imdecode(np.frombuffer(again, np.uint8), cv2.IMREAD_UNCHANGED)
    assert (back[..., [2, 1, 0, 3][:channels]] == pixels).all()
    assert picture.notes_as("png") == ()
    assert picture.notes_as("jpeg") == ("depth_reduced",)


def test_what_is_not_changed_keeps_its_sixteen_bits():
    pixels = deep()
    picture = decode(coded(pixels, ".png"))
    changed = picture.rgb.copy()
    changed[4:9, 5:11] //= 2
    made = decode(encode_image(picture.with_rgb(changed), "png"))
    same = np.ones((24, 32), bool)
    same[4:9, 5:11] = False
    assert (made.deep[same] == pixels[same]).all()
    assert np.abs(made.rgb.astype(int) - changed).max() <= 1


def test_a_larger_picture_than_the_deep_one_has_eight_bits_and_it_is_said():
    picture = decode(coded(deep(), ".png")).with_rgb(np.zeros((48, 64, 3), np.uint8))
    assert picture.notes_as("png") == ("depth_reduced",)


def test_profile_and_orientation_of_a_deep_picture_are_kept():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    pixels = deep()
    plain = decode(coded(pixels, ".png"))
    data = encode_image(Picture(plain.rgb, deep=pixels, icc_profile=profile, depth=16), "png")
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.info["icc_profile"] == profile
    assert decode(data).icc_profile == profile


@pytest.mark.parametrize("top", [1.0, 4.0])
def test_floating_point_is_a_share_of_white(top):
    shares = np.linspace(-0.5, top, 24 * 32 * 3, dtype=np.float32).reshape(24, 32, 3)
    shares[0, 0] = np.nan
    picture = decode(coded(shares, ".tiff"))
    wanted = np.clip(np.nan_to_num(shares) / top, 0, 1)
    assert np.abs(picture.rgb - 255 * wanted).max() <= 0.51


def test_what_is_valid_and_not_read_is_told_so():
    with pytest.raises(NotAnImage, match="valid, but of a kind that is not read"):
        decode(saved(Image.fromarray(np.zeros((8, 8), np.int32)), "TIFF"))


def test_a_deep_bomb_is_refused_from_its_header():
    with pytest.raises(TooManyPixels):
        decode_image(coded(deep(), ".tiff"), max_pixels=100)


# Who is to blame


@pytest.mark.parametrize("mode", ["RGB", "P"])
def test_too_little_memory_is_not_the_files_fault(monkeypatch, mode):
    def fail(self):
        raise MemoryError

    data = saved(Image.fromarray(gradient()).convert(mode), "PNG")
    monkeypatch.setattr(Image.Image, "load", fail)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", fail)
    with pytest.raises(OutOfMemory) as caught:
        decode(data)
    assert caught.value.spec.retryable
    assert caught.value.spec.http == 503


def test_errors_of_our_own_are_not_the_files_fault(monkeypatch):
    def wrong(pixels):
        raise ValueError("a bug")

    monkeypatch.setitem(module._UPRIGHT, 3, wrong)
    exif = Image.Exif()
    exif[0x0112] = 3
    with pytest.raises(ValueError, match="a bug"):
        decode(saved(Image.fromarray(gradient()), "PNG", exif=exif))
