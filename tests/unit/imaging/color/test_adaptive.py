import numpy as np
import pytest

from gateway.imaging.color.adaptive import AdaptiveTransfer, LogStatistics
from gateway.imaging.color.lut import apply_cube, level_cube

LIGHT, DARK, PALE = (205, 160, 135), (120, 80, 60), (225, 195, 180)
GREY = (130, 130, 130)


def skin(color, spread=0.12, n=3000, seed=0):
    """Return pixels (n, 3) of a skin under uneven light."""
    rng = np.random.default_rng(seed)
    shade = np.exp(rng.normal(0, spread, (n, 1)) + rng.normal(0, 0.02, (n, 3)))
    return np.clip(np.rint(np.array(color) * shade), 0, 255).astype(np.uint8)


def transfer(source, target):
    return AdaptiveTransfer.between(LogStatistics.of(source), LogStatistics.of(target))


def chromaticity(levels):
    logs = np.log(np.asarray(levels, float) + 6)
    return logs[..., [0, 2]] - logs[..., 1:2]


@pytest.mark.parametrize("color", [LIGHT, DARK, PALE, GREY])
def test_equal_statistics_change_nothing(color):
    same = transfer(skin(color), skin(color))
    every = np.random.default_rng(0).integers(0, 256, (500, 3))
    assert same(every.astype(float)) == pytest.approx(every, abs=1e-6)
    pixels = every.astype(np.uint8)[None]
    assert (apply_cube(pixels, level_cube(same)) == pixels).all()


@pytest.mark.parametrize("source", [LIGHT, DARK, PALE])
@pytest.mark.parametrize("target", [LIGHT, DARK, PALE])
def test_the_skin_s_color_arrives(source, target):
    own, wanted = skin(source), skin(target, seed=1)
    moved = transfer(own, wanted)(own.astype(float))
    assert np.median(moved, axis=0) == pytest.approx(np.median(wanted, axis=0), abs=3)


def test_a_single_pixel_has_statistics():
    one = LogStatistics.of(np.array([LIGHT], np.uint8))
    assert (one.deviation == 0).all()
    same = AdaptiveTransfer.between(one, one)
    assert same(np.array(LIGHT, float)) == pytest.approx(LIGHT)


@pytest.mark.parametrize(
    "color",
    [LIGHT, GREY, (190, 90, 90), (70, 110, 160)],
    ids=["skin", "brow", "lips", "blue eyes"],
)
def test_in_a_picture_without_colors_the_face_has_none(color):
    to_video = transfer(skin(LIGHT), np.repeat(skin(GREY)[:, :1], 3, 1))
    assert np.abs(chromaticity(to_video(np.array(color, float)))).max() < 0.01


def test_what_is_grey_and_no_shine_nearly_keeps_its_hue():
    change = transfer(skin(LIGHT), skin(DARK))
    whole = np.abs(chromaticity(DARK) - chromaticity(LIGHT)).max()
    for grey in (40, 100, 160):
        hue = chromaticity(change(np.array([grey] * 3, float)))
        assert np.abs(hue).max() <= 0.5 * whole


def test_a_cast_no_skin_has_is_shared_by_what_is_neutral():
    under_blue = np.clip(skin(LIGHT) * [0.45, 0.6, 1.6], 0, 255).astype(np.uint8)
    hue = chromaticity(transfer(skin(LIGHT), under_blue)(np.full(3, 120.0)))
    plain = chromaticity(transfer(skin(LIGHT), skin(PALE))(np.full(3, 120.0)))
    assert hue[1] > 0.6
    assert abs(plain[1]) < 0.1


@pytest.mark.parametrize("target", [LIGHT, DARK, PALE, GREY])
@pytest.mark.parametrize("hue", [(1, 1, 1), LIGHT])
def test_brightness_keeps_its_order(target, hue):
    levels = np.linspace(0, 255, 256)[:, None] * np.array(hue) / max(hue)
    luminance = transfer(skin(LIGHT), skin(target))(levels) @ [0.299, 0.587, 0.114]
    assert (np.diff(luminance) > 0).all()


def test_complexion_is_told_whatever_the_light():
    """Twice the light on both is the same transfer but for the dark."""
    dim = transfer(skin(LIGHT) // 2, skin(DARK) // 2)
    full = transfer(skin(LIGHT), skin(DARK))
    levels = np.array([LIGHT, [150, 110, 90]], float)
    assert 2 * dim(levels / 2) == pytest.approx(full(levels), rel=0.06)
