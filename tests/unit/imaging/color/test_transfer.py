import numpy as np
import pytest

from gateway.imaging.color.lut import apply_cube, transfer_cube
from gateway.imaging.color.transfer import (
    LabStatistics,
    histogram_transfer,
    lab_from_rgb,
    lab_statistics,
    rgb_from_lab,
    statistics_transfer,
)
from tests import tolerances

SKIN = LabStatistics(np.array([65.0, 18.0, 20.0]), np.array([9.0, 4.0, 5.0]))
DARKER = LabStatistics(np.array([45.0, 14.0, 22.0]), np.array([7.0, 5.0, 4.0]))


def skin_pixels(statistics: LabStatistics, n: int = 4000) -> np.ndarray:
    lab = np.random.default_rng(0).normal(statistics.mean, statistics.deviation, (n, 3))
    return np.clip(np.rint(rgb_from_lab(lab)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((255, 255, 255), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
        ((128, 128, 128), (53.59, 0, 0)),
    ],
)
def test_known_colors(rgb, lab):
    assert lab_from_rgb(np.array(rgb)) == pytest.approx(lab, abs=0.02)


def test_rgb_to_lab_and_back():
    rgb = np.random.default_rng(0).integers(0, 256, (500, 3))
    assert np.abs(rgb_from_lab(lab_from_rgb(rgb)) - rgb).max() < tolerances.LAB_ROUND_TRIP


def test_equal_statistics_change_nothing_at_all():
    image = np.random.default_rng(1).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    assert (apply_cube(image, transfer_cube(statistics_transfer(SKIN, SKIN))) == image).all()


def test_a_flat_color_is_a_fixed_point():
    flat = np.full((9, 9, 3), (201, 164, 140), np.uint8)
    own = lab_statistics(flat.reshape(-1, 3))
    assert own is not None
    assert (apply_cube(flat, transfer_cube(statistics_transfer(own, own))) == flat).all()


def test_transfer_brings_the_targets_statistics():
    source = skin_pixels(SKIN)
    cube = transfer_cube(statistics_transfer(SKIN, DARKER))
    moved = lab_statistics(apply_cube(source[None], cube)[0])
    assert moved is not None
    assert moved.mean == pytest.approx(DARKER.mean, abs=1.5)
    assert moved.deviation == pytest.approx(DARKER.deviation, abs=1.5)


def test_lightness_stays_monotone_and_within_its_ends():
    lab = np.zeros((201, 3))
    lab[:, 0] = np.linspace(0, 100, 201)
    for a, b in ((SKIN, DARKER), (DARKER, SKIN)):
        lightness = statistics_transfer(a, b)(lab)[:, 0]
        assert (np.diff(lightness) > 0).all()
        assert lightness[[0, -1]] == pytest.approx([0, 100])


def test_highlights_are_compressed_not_clipped():
    bright = LabStatistics(np.array([88.0, 5, 8]), np.array([12.0, 3, 3]))
    lab = np.array([[L, 5.0, 8.0] for L in (80, 90, 95, 99)])
    rgb = rgb_from_lab(statistics_transfer(SKIN, bright)(lab))
    assert (np.diff(lab_from_rgb(rgb)[:, 0]) > 0).all()
    assert statistics_transfer(SKIN, bright)(lab)[:, 0].max() < 100


@pytest.mark.parametrize("lightness", [0.0, 100.0])
def test_black_and_white_keep_their_hue(lightness):
    ends = np.array([[lightness, 0.0, 0.0]])
    assert statistics_transfer(SKIN, DARKER)(ends) == pytest.approx(ends, abs=1e-6)


def test_a_dark_brow_stays_nearly_neutral():
    paler = LabStatistics(np.array([70.0, 6.0, 4.0]), SKIN.deviation)
    brow = statistics_transfer(SKIN, paler)(np.array([[12.0, 1.0, 2.0]]))[0]
    assert np.hypot(*brow[1:]) < 5


def test_shadows_of_the_skin_change_with_it():
    shadow = np.array([[SKIN.mean[0] - 25, SKIN.mean[1], SKIN.mean[2]]])
    wanted = DARKER.mean[1:]
    assert statistics_transfer(SKIN, DARKER)(shadow)[0, 1:] == pytest.approx(wanted, abs=0.1)


def test_a_grey_picture_takes_the_targets_color():
    grey = LabStatistics(np.array([60.0, 0.5, 0.5]), np.array([9.0, 0.5, 0.5]))
    moved = statistics_transfer(grey, SKIN)(np.array([[20.0, 0.5, 0.5], [60.0, 0.5, 0.5]]))
    assert moved[:, 1:] == pytest.approx(np.tile(SKIN.mean[1:], (2, 1)), abs=0.1)


def test_cube_follows_the_curve_it_samples():
    source = skin_pixels(SKIN)
    wanted = np.clip(rgb_from_lab(statistics_transfer(SKIN, DARKER)(lab_from_rgb(source))), 0, 255)
    got = apply_cube(source[None], transfer_cube(statistics_transfer(SKIN, DARKER)))[0]
    assert np.abs(got - wanted).max() <= tolerances.CUBE_LEVELS


def test_too_few_pixels_have_no_statistics():
    assert lab_statistics(np.zeros((15, 3), np.uint8)) is None


# Histograms


def test_equal_histograms_change_hardly_anything():
    pixels = skin_pixels(SKIN)
    lab = lab_from_rgb(pixels)
    assert histogram_transfer(pixels, pixels)(lab) == pytest.approx(lab, abs=0.05)


def test_the_distribution_arrives():
    rng = np.random.default_rng(0)
    source = skin_pixels(SKIN)
    # Two humps: a face half in shadow.
    shade = np.where(rng.random(4000) < 0.5, 1.0, 0.5)[:, None]
    target = np.rint(skin_pixels(DARKER) * shade).astype(np.uint8)
    moved = histogram_transfer(source, target)(lab_from_rgb(source))
    shares = np.linspace(0.05, 0.95, 19)
    got, wanted = (np.quantile(lab, shares, axis=0) for lab in (moved, lab_from_rgb(target)))
    assert np.median(np.abs(got - wanted), axis=0).max() < 1
    assert np.abs(got - wanted).max() < 4


def test_each_axis_keeps_its_order():
    change = histogram_transfer(skin_pixels(SKIN), skin_pixels(DARKER))
    ramp = np.stack([np.linspace(0, 100, 201), *[np.linspace(-60, 60, 201)] * 2], -1)
    assert (np.diff(change(ramp), axis=0) >= 0).all()
    assert change(ramp)[:, 0].min() >= 0
    assert change(ramp)[:, 0].max() <= 100


def test_a_flat_color_has_a_histogram():
    flat = np.full((50, 3), (201, 164, 140), np.uint8)
    wanted = skin_pixels(DARKER)
    moved = histogram_transfer(flat, wanted)(lab_from_rgb(flat[:1]))[0]
    low, high = np.quantile(lab_from_rgb(wanted), [0, 1], axis=0)
    assert (moved >= low).all()
    assert (moved <= high).all()
