"""Pictures without colour, or of one hue."""

import numpy as np
import pytest

from gateway.imaging.geometry.warp import Region
from gateway.imaging.monochrome import hue_line
from gateway.pipeline.face.canvas import UndoCanvas


def greys(height: int = 60, width: int = 80, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    grey = 30 + (x + y) * 190 / (height + width) + rng.normal(0, 8, (height, width))
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def toned(grey: np.ndarray, tone=(1.07, 0.97, 0.76)) -> np.ndarray:
    return np.clip(np.rint(grey * np.array(tone)), 0, 255).astype(np.uint8)


def colors(height: int = 60, width: int = 80, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_grey_stays_grey_whatever_comes():
    line = hue_line(greys())
    assert np.ptp(line.brought(colors()), axis=2).max() == 0
    assert (line.brought(greys(seed=3)) == greys(seed=3)).all()


@pytest.mark.parametrize("noise", [0.0, 2.0])
def test_sepia_keeps_its_hue(noise):
    rng = np.random.default_rng(2)
    sepia = np.clip(toned(greys()) + rng.normal(0, noise, (60, 80, 3)), 0, 255).astype(np.uint8)
    line = hue_line(sepia)
    other = greys(seed=5)
    made = line.brought(colors()).astype(float)
    luma = made @ [0.299, 0.587, 0.114]
    inside = (luma > 60) & (luma < 190)
    wanted = (
        luma[..., None]
        * np.array([1.07, 0.97, 0.76])
        / (np.array([1.07, 0.97, 0.76]) @ [0.299, 0.587, 0.114])
    )
    assert np.abs(made - wanted)[inside].mean() < 3
    # What has that hue already hardly changes.
    assert np.abs(line.brought(toned(other)).astype(int) - toned(other)).mean() < 2


@pytest.mark.parametrize("share", [0.1, 1.0])
def test_a_picture_with_colors_is_left_alone(share):
    image = greys()
    image[: int(60 * share)] = colors()[: int(60 * share)]
    assert hue_line(image) is None


def test_what_is_painted_on_grey_is_grey_and_the_rest_stays_bit_for_bit():
    sepia = toned(greys())
    canvas = UndoCanvas(sepia)
    region = Region(10, 10, 50, 40)
    pixels = np.array(region.of(sepia))
    pixels[5:20, 5:20] = colors()[:15, :15]
    canvas.paint(region, pixels)
    line = hue_line(sepia)
    assert (canvas.image[15:30, 15:30] == line.brought(colors()[:15, :15])).all()
    untouched = np.ones((60, 80), bool)
    untouched[15:30, 15:30] = False
    assert (canvas.image[untouched] == sepia[untouched]).all()
    canvas.back_to(0)
    assert (canvas.image == sepia).all()


def with_a_small_part_in_color(height=900, width=1200):
    """A uniform picture; 0.2 % of it has colours."""
    picture = np.full((height, width, 3), (90, 120, 90), np.uint8)
    part = Region(600, 400, 648, 448)
    part.of(picture)[...] = colors(48, 48)
    return picture, part


def test_a_small_part_in_color_keeps_the_colors_painted_there():
    picture, part = with_a_small_part_in_color()
    assert hue_line(picture) is not None
    canvas = UndoCanvas(picture)
    painted = colors(48, 48, seed=9)
    canvas.paint(part, painted)
    assert (part.of(canvas.image) == painted).all()


@pytest.mark.parametrize("scale", [1, 2])
def test_of_an_enhanced_picture_the_parts_in_color_keep_theirs(scale):
    picture, part = with_a_small_part_in_color()
    enhanced = np.repeat(np.repeat(picture, scale, 0), scale, 1) + np.uint8(1)
    made = hue_line(picture).restored(enhanced, picture)
    colored = np.zeros(picture.shape[:2], bool)
    part.of(colored)[...] = True
    colored = np.repeat(np.repeat(colored, scale, 0), scale, 1)
    assert (made[colored] == enhanced[colored]).all()
    far = np.s_[: 300 * scale, : 500 * scale]
    assert (made[far] == hue_line(picture).brought(enhanced)[far]).all()


def test_the_line_goes_through_the_medians_of_what_colors_are_beyond_their_luma():
    rng = np.random.default_rng(4)
    sepia = np.clip(toned(greys(seed=6)) + rng.normal(0, 2, (60, 80, 3)), 0, 255).astype(np.uint8)
    pixels = sepia.reshape(-1, 3).astype(float)
    luma = pixels @ [0.299, 0.587, 0.114]
    offsets = hue_line(sepia).offsets
    for low in range(64, 168, 8):
        inside = (luma >= low) & (luma < low + 8)
        median = np.median((pixels - luma[:, None])[inside], axis=0)
        assert np.abs(offsets[low + 4] - median).max() < 1.0
