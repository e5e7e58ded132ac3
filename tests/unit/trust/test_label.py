"""Visible labels: readable on any picture, in their corner, and nowhere else."""

from pathlib import Path

import numpy as np
import pytest

from gateway.errors import InvalidOptions
from gateway.imaging.video.planes import Coding, Planes
from gateway.trust.label import LEAST_CONTRAST, WORDS, Label, contrast, missing_letters
from gateway.trust.marking import TOO_SMALL, Marks
from gateway.trust.watermark.detect import find_in_picture
from gateway.trust.watermark.pattern import WatermarkKey

SHAPE = (400, 600)
CORNERS = ("bottom-right", "bottom-left", "top-right", "top-left")
KEY = WatermarkKey.of(b"a secret of 32 bytes, all of it.", "ours")


def flat(level, shape=SHAPE):
    return np.full((*shape, 3), level, np.uint8)


@pytest.mark.parametrize("corner", CORNERS)
def test_only_its_corner_changes(corner):
    label, rgb = Label("AI-generated", corner), flat(120)
    part = label.region(SHAPE)
    changed = (label.on(rgb) != rgb).any(2)
    assert changed.any()
    inside = np.zeros(SHAPE, bool)
    inside[part.y0 : part.y1, part.x0 : part.x1] = True
    assert not (changed & ~inside).any()
    assert (part.y0 < SHAPE[0] / 2) == corner.startswith("top")
    assert (part.x0 < SHAPE[1] / 2 and part.x1 < SHAPE[1]) == corner.endswith("left")


@pytest.mark.parametrize("level", [0, 64, 128, 200, 255])
def test_it_can_be_read_on_any_ground(level):
    label = Label("AI-generated")
    part = label.region(SHAPE)
    drawn = label.on(flat(level))[part.y0 : part.y1, part.x0 : part.x1]
    ground = float(np.median(drawn))
    assert contrast(float(drawn.max()), ground) >= LEAST_CONTRAST
    assert drawn.max() >= 250


def test_noise_behind_it_does_not_matter():
    rgb = np.random.default_rng(0).integers(0, 256, (*SHAPE, 3), np.uint8)
    label = Label("AI-generated")
    part = label.region(SHAPE)
    drawn = label.on(rgb)[part.y0 : part.y1, part.x0 : part.x1].astype(float)
    assert contrast(255, float(np.quantile(drawn[drawn < 150], 0.9))) >= 2


@pytest.mark.parametrize("height", [0.05, 0.1, 0.2])
def test_its_capital_letters_are_as_high_as_asked(height):
    rows = (Label("H", height=height).on(flat(0)) > 128).any((1, 2))
    assert rows.sum() == pytest.approx(height * SHAPE[0], abs=2)


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (900, 3), (20, 20)])
def test_it_fits_any_picture(shape):
    rgb = flat(99, shape)
    assert Label("AI-generated").on(rgb).shape == rgb.shape


def test_words_of_latin_languages_need_no_font():
    for language in ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv"):
        Label(WORDS[language]).check()


@pytest.mark.parametrize("language", ["zh", "ja", "ko"])
def test_a_font_that_lacks_letters_is_told(language):
    assert missing_letters(WORDS[language], None)
    with pytest.raises(InvalidOptions, match="font"):
        Label(WORDS[language]).check()


def test_contrast_is_that_of_the_guidelines():
    assert contrast(255, 0) == pytest.approx(21)
    assert contrast(128, 128) == 1


class Still:
    """A frame of one level."""

    def __init__(self, level=90):
        self._planes = Planes(
            np.full(SHAPE, level, np.uint8), None, SHAPE, coding=Coding(full=True)
        )
        self.shape, self.before = SHAPE, None

    def planes(self, *, change):
        return self._planes


def test_a_film_shows_it_for_as_long_as_asked():
    marks = Marks(1, None, "off", Label("AI", seconds=3.0)).film()
    for time_s, shown in ((0.0, True), (2.9, True), (3.0, False), (9.0, False)):
        frame = Still()
        marks.mark(frame, time_s)
        assert (frame.planes(change=False).y != 90).any() == shown


def test_a_picture_gets_all_its_marks():
    rng = np.random.default_rng(2)
    rgb = np.clip(rng.normal(120, 12, (*SHAPE, 3)), 0, 255).astype(np.uint8)
    marks = Marks(77, KEY, "frame", Label("AI-generated"))
    out = marks.on_picture(rgb, rgb)
    assert find_in_picture(out, (KEY,))[0].number == 77
    assert Marks(77, None, "off").on_picture(rgb, rgb) is rgb
    assert marks.notes((20, 20)) == (TOO_SMALL,)
    assert marks.notes(SHAPE) == ()


def test_a_mark_of_the_face_alone_leaves_everything_else():
    target = flat(120)
    result = target.copy()
    result[50:350, 100:500] = np.random.default_rng(0).integers(90, 150, (300, 400, 3))
    out = Marks(77, KEY, "face").on_picture(result, target)
    same = (result == target).all(2)
    assert np.array_equal(out[same], target[same])
    assert (out != result).any()


def test_the_font_is_a_file_if_there_is_one(tmp_path):
    with pytest.raises(OSError, match=r".+"):
        Label("AI", font=Path(tmp_path / "none.ttf")).check()
