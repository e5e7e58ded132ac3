"""Marks in pictures: how little they change, and what they outlast."""

import cv2
import numpy as np
import pytest

from gateway.imaging.geometry.orientation import UPRIGHT, Orientation
from gateway.imaging.metrics.fusion_quality import psnr_db, ssim
from gateway.imaging.video.planes import Coding, Planes
from gateway.trust.watermark.detect import find_in_lumas, find_in_picture
from gateway.trust.watermark.embed import FilmMarker, marked
from gateway.trust.watermark.grid import SMALLEST_PX
from gateway.trust.watermark.pattern import WatermarkKey, pattern_of

KEY = WatermarkKey.of(b"a secret of 32 bytes, all of it.", "ours")
THEIRS = WatermarkKey.of(b"a secret of 32 bytes, all of it.", "theirs")
FOREIGN = WatermarkKey.of(b"another secret, of someone else.", "ours")
NUMBER = 0x0123456789AB
LEAST_PSNR_DB, LEAST_SSIM = 42.0, 0.993


def picture(height=480, width=600, seed=3):
    """Return something with edges, texture and plain areas, uint8 (height, width, 3)."""
    rng = np.random.default_rng(seed)
    rgb = np.full((height, width, 3), (90, 120, 150), np.float32)
    rgb += np.linspace(0, 60, width)[None, :, None]
    unit = min(height, width) / 480
    for _ in range(40):
        at = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
        radius = int(rng.uniform(8, 80) * unit) + 1
        cv2.circle(rgb, at, radius, rng.uniform(20, 235, 3).tolist(), -1, cv2.LINE_AA)
    grain = rng.normal(0, 12, (height, width)).astype(np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), 1.2)
    rgb[:, : width // 2] += grain[:, : width // 2, None]
    return np.clip(rgb, 0, 255).astype(np.uint8)


PLAIN = picture()
MARKED = marked(PLAIN, KEY, NUMBER)


def read(rgb, *keys):
    """Return the number of the surest mark in a picture, None if there is none."""
    found = find_in_picture(np.ascontiguousarray(rgb), keys or (KEY,))
    return found[0].number if found else None


def jpeg(rgb, quality):
    return cv2.imdecode(cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 1)


def scaled(rgb, factor):
    return cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def cropped(rgb, share):
    height, width = rgb.shape[:2]
    down, across = round(share * height), round(share * width)
    return rgb[down : height - down, across : width - across]


def turned(rgb, degrees):
    height, width = rgb.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return cv2.warpAffine(rgb, matrix, (width, height))


def leveled(rgb, gain, offset=0.0, gamma=1.0):
    levels = 255 * (np.arange(256) / 255) ** gamma * gain + offset
    return cv2.LUT(rgb, np.clip(levels, 0, 255).astype(np.uint8))


CHANGES = {
    "none": lambda rgb: rgb,
    "jpeg 50": lambda rgb: jpeg(rgb, 50),
    "jpeg 30": lambda rgb: jpeg(rgb, 30),
    "half": lambda rgb: scaled(rgb, 0.5),
    "a third": lambda rgb: scaled(rgb, 1 / 3),
    "brighter": lambda rgb: leveled(rgb, 1.2),
    "less contrast": lambda rgb: leveled(rgb, 0.8, 25),
    "screenshot": lambda rgb: jpeg(leveled(scaled(rgb, 0.83), 1, gamma=0.87), 85),
    "blur": lambda rgb: cv2.GaussianBlur(rgb, (0, 0), 1),
    "grey": lambda rgb: np.repeat(rgb[..., 1:2], 3, axis=2),
    "crop": lambda rgb: cropped(rgb, 0.1),
    "much crop": lambda rgb: cropped(rgb, 0.25),
    "turn": lambda rgb: turned(rgb, -2),
    "border": lambda rgb: cv2.copyMakeBorder(rgb, 40, 40, 40, 40, cv2.BORDER_CONSTANT),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_mark_is_read_after(change):
    assert read(change(MARKED)) == NUMBER


def test_a_mark_hardly_changes_a_picture():
    nowhere = np.zeros(PLAIN.shape[:2], np.float32)
    assert psnr_db(MARKED, PLAIN, nowhere) > LEAST_PSNR_DB
    assert ssim(MARKED, PLAIN, nowhere) > LEAST_SSIM
    assert np.abs(MARKED.astype(int) - PLAIN).max() <= 6


def test_red_green_and_blue_change_alike():
    middle = (PLAIN > 10) & (PLAIN < 245)
    change = (MARKED.astype(int) - PLAIN)[middle.all(2)]
    assert (change == change[:, :1]).all()


def test_the_source_stays_as_it_was():
    before = PLAIN.copy()
    marked(PLAIN, KEY, NUMBER)
    assert np.array_equal(PLAIN, before)


def test_nothing_is_read_where_there_is_no_mark():
    assert find_in_picture(picture(200, 260), (KEY, THEIRS)) == []


def test_only_its_tenant_reads_a_mark_but_its_service_sees_it():
    (seen,) = find_in_picture(MARKED, (THEIRS,))
    assert seen.number is None
    assert seen.probability > 0.999
    assert read(MARKED, THEIRS, KEY) == NUMBER
    assert find_in_picture(MARKED, (FOREIGN,)) == []


def test_two_marks_over_each_other_are_both_read():
    twice = marked(MARKED, KEY, NUMBER + 1)
    found = {mark.number for mark in find_in_picture(twice, (KEY,))}
    assert found == {NUMBER, NUMBER + 1}


def test_a_mark_says_how_a_picture_was_cropped_and_turned():
    (mark,) = find_in_picture(np.ascontiguousarray(cropped(MARKED, 0.1)), (KEY,))
    assert mark.share == pytest.approx(0.8, abs=0.01)
    assert mark.turn_deg == pytest.approx(0, abs=0.3)


@pytest.mark.parametrize("side", [200, 1400])
def test_pictures_of_other_sizes(side):
    rgb = picture(side, side * 5 // 4)
    assert read(jpeg(marked(rgb, KEY, NUMBER), 90)) == NUMBER


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (SMALLEST_PX - 1, 500)])
def test_pictures_that_are_too_small_stay_as_they_are(shape):
    rgb = np.zeros((*shape, 3), np.uint8)
    assert marked(rgb, KEY, NUMBER) is rgb
    assert find_in_picture(rgb, (KEY,)) == []


def test_a_long_strip_is_marked_within_bounded_memory():
    rgb = np.full((40, 12000, 3), 128, np.uint8)
    assert marked(rgb, KEY, NUMBER).shape == rgb.shape


def test_black_and_white_stay_legal():
    for level in (0, 255):
        rgb = np.full((200, 200, 3), level, np.uint8)
        out = marked(rgb, KEY, NUMBER)
        assert np.abs(out.astype(int) - level).max() <= 4


def test_only_where_pixels_may_change():
    where = np.zeros(PLAIN.shape[:2], bool)
    where[60:400, 100:460] = True
    out = marked(PLAIN, KEY, NUMBER, where=where)
    assert np.array_equal(out[~where], PLAIN[~where])
    assert read(out) == NUMBER


def test_a_key_does_not_show_what_is_secret():
    assert "secret" not in repr(KEY)
    assert KEY.tenant.hex() not in repr(KEY)


def test_a_tile_is_noise_of_one_level():
    tile = pattern_of(KEY).tile(NUMBER)
    assert tile.std() == pytest.approx(1, abs=1e-3)
    assert tile.mean() == pytest.approx(0, abs=1e-3)


def film(coding, orientation=UPRIGHT, frames=12):
    """Return frames of a film in which a picture moves: planes as they are stored."""
    out = []
    unit = 2 ** (coding.depth - 8)
    for n in range(frames):
        luma = cv2.cvtColor(np.roll(PLAIN, 6 * n, 1), cv2.COLOR_RGB2GRAY).astype(np.float32)
        codes = (coding.lowest[0] + luma * (coding.highest[0] - coding.lowest[0]) / 255).round()
        kind = np.uint8 if unit == 1 else np.uint16
        stored = np.ascontiguousarray(orientation.stored(codes.astype(kind)))
        chroma = None
        if coding.matrix == "identity":
            chroma = stored.copy(), stored.copy()
        out.append(Planes(stored, chroma, stored.shape, coding=coding, orientation=orientation))
    return out


def as_sixteen_bits(planes):
    depth = planes.coding.depth
    return planes.y if depth == 8 else (planes.y << (16 - depth)).astype(np.uint16)


@pytest.mark.parametrize(
    "coding", [Coding(), Coding(10), Coding(8, full=True), Coding(8, True, "identity")]
)
def test_films_are_read_by_adding_frames_up(coding):
    frames, marker = film(coding), FilmMarker(KEY, NUMBER)
    for planes in frames:
        marker.mark(planes)
    low, high = coding.lowest[0], coding.highest[0]
    assert all((p.y >= low).all() and (p.y <= high).all() for p in frames)
    (found,) = find_in_lumas([(as_sixteen_bits(p), p.orientation) for p in frames], (KEY,))
    assert found.number == NUMBER


@pytest.mark.parametrize("turn", [Orientation(1, 0, 1), Orientation(0, 1, 1), Orientation(1, 1, 0)])
def test_a_mark_lies_upright_however_a_film_is_stored(turn):
    frames, marker = film(Coding(), turn, frames=2), FilmMarker(KEY, NUMBER)
    for planes in frames:
        marker.mark(planes)
    (found,) = find_in_lumas([(p.y, p.orientation) for p in frames], (KEY,))
    assert found.number == NUMBER


def test_a_film_can_be_marked_where_it_was_changed_alone():
    (planes,) = film(Coding(), frames=1)
    before = planes.y.copy()
    planes.y[100:300, 200:420] ^= 1
    changed = planes.y.copy()
    FilmMarker(KEY, NUMBER).mark(planes, before=before)
    same = changed == before
    assert np.array_equal(planes.y[same], before[same])
    assert not np.array_equal(planes.y, changed)


def test_parts_of_a_film_are_marked_alike():
    whole, part = film(Coding()), film(Coding())[8:]
    for frames in (whole, part):
        marker = FilmMarker(KEY, NUMBER)
        for planes in frames:
            marker.mark(planes)
    # The mark is as strong as a frame allows for eight frames; a part begins with its own first.
    assert all(np.array_equal(a.y, b.y) for a, b in zip(whole[8:], part, strict=True))
