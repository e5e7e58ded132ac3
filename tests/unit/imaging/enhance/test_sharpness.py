import cv2
import numpy as np
import pytest

from gateway.imaging.enhance.sharpness import (
    CaptureTexture,
    as_sharp,
    missing_grain,
    probe,
    texture_of,
)

SIDE = 200
ALL = np.ones((SIDE, SIDE), bool)


def edges(blur_px: float, grain: float = 0.0, shape: str = "squares") -> np.ndarray:
    """Return dark squares on a light ground, blurred, then with grain."""
    sharp = np.full((SIDE, SIDE), 190.0)
    if shape == "squares":
        for y in range(20, SIDE, 60):
            for x in range(20, SIDE, 60):
                sharp[y : y + 30, x : x + 30] = 60
    soft = cv2.GaussianBlur(sharp, (0, 0), blur_px) if blur_px else sharp
    noise = np.random.default_rng(0).normal(0, grain, sharp.shape) if grain else 0
    return np.repeat(np.clip(np.rint(soft + noise), 0, 255).astype(np.uint8)[..., None], 3, -1)


def measured(image: np.ndarray) -> CaptureTexture:
    return texture_of(image, probe(image), ALL, ALL)


def flat(grain: float) -> np.ndarray:
    return edges(0, grain, shape="none")


def width(image: np.ndarray) -> float:
    """Return the width of a dark square's upright side, from its profile alone."""
    profile = image[30:40, 5:35, 1].astype(float).mean(0)
    steps, at = -np.diff(profile), np.arange(29)
    centre = (steps * at).sum() / steps.sum()
    return float(np.sqrt((steps * (at - centre) ** 2).sum() / steps.sum()))


def left_by_the_probe() -> float:
    """Return which share of white noise's deviation the probe takes away."""
    impulse = np.zeros((41, 41, 3), np.uint8)
    impulse[20, 20] = 255
    taken = (impulse.astype(float) - probe(impulse))[..., 1] / 255
    return float(np.sqrt((taken**2).sum()))


# Measuring


@pytest.mark.parametrize("blur_px", [0.8, 1.0, 1.5, 2.0, 3.0, 4.0])
def test_the_blur_of_edges_is_told(blur_px):
    assert measured(edges(blur_px)).blur_px == pytest.approx(blur_px, rel=0.2)


@pytest.mark.parametrize("blur_px", [1.0, 2.5])
def test_the_blur_is_told_under_grain(blur_px):
    assert measured(edges(blur_px, grain=2)).blur_px == pytest.approx(blur_px, rel=0.3)


@pytest.mark.parametrize("grain", [1.0, 2.0, 4.0, 8.0])
def test_the_deviation_of_grain_is_told(grain):
    assert measured(flat(grain)).grain == pytest.approx(grain * left_by_the_probe(), rel=0.15)


def test_a_flat_picture_has_neither_edges_nor_grain():
    assert measured(flat(0)) == CaptureTexture(None, 0.0)


def test_only_where_edges_count_are_edges_and_only_skin_has_grain():
    image = edges(1.0, grain=3)
    nowhere = np.zeros_like(ALL)
    assert texture_of(image, probe(image), nowhere, ALL).blur_px is None
    assert texture_of(image, probe(image), ALL, nowhere).grain == 0.0


@pytest.mark.parametrize("shape", [(1, 1), (2, 5), (3, 3)])
def test_tiny_pictures_tell_nothing(shape):
    image, where = np.full((*shape, 3), 90, np.uint8), np.ones(shape, bool)
    assert texture_of(image, probe(image), where, where) == CaptureTexture(None, 0.0)


# Giving


@pytest.mark.parametrize(("blur_px", "grain"), [(1.0, 0), (2.5, 0), (1.5, 3.0)])
def test_what_is_as_sharp_comes_back_as_it_is(blur_px, grain):
    image = edges(blur_px, grain)
    own = measured(image)
    assert as_sharp(image, probe(image), own, own) == (image, own.grain)


@pytest.mark.parametrize(("own", "wanted"), [(0.8, 1.5), (1.0, 3.0), (2.0, 3.5)])
def test_what_is_too_sharp_is_blurred(own, wanted):
    image = edges(own)
    out, _ = as_sharp(image, probe(image), measured(image), measured(edges(wanted)))
    assert width(out) == pytest.approx(wanted, rel=0.15)
    assert np.abs(out.astype(int) - edges(wanted)).mean() < 1


@pytest.mark.parametrize(("own", "wanted"), [(2.0, 1.0), (1.5, 1.2), (3.0, 2.0)])
def test_what_is_too_soft_is_sharpened_but_not_too_far(own, wanted):
    image = edges(own)
    out, _ = as_sharp(image, probe(image), measured(image), measured(edges(wanted)))
    assert 0.85 * wanted < width(out) < 0.98 * own
    assert out.min() > 30  # no deep halo
    assert np.abs(out.mean() - image.mean()) < 1


def test_sharpening_makes_no_colors():
    image = edges(2.0) // np.array([1, 2, 3], np.uint8)
    out, _ = as_sharp(image, probe(image), CaptureTexture(2.0, 0.0), CaptureTexture(1.2, 0.0))
    change = out.astype(int) - image
    inside = (out.min(-1) > 0) & (out.max(-1) < 255)
    assert np.ptp(change[inside], axis=-1).max() <= 1


def test_grain_is_not_sharpened_along():
    image = edges(2.5, grain=2)
    flat_part = np.zeros_like(ALL)
    flat_part[4:12] = True
    out, _ = as_sharp(image, probe(image), measured(image), CaptureTexture(1.5, 99.0))
    before, after = (texture_of(i, probe(i), ALL, flat_part).grain for i in (image, out))
    assert after < 1.35 * before


def test_grain_that_the_target_has_not_is_quietened():
    image = edges(1.5, grain=5)
    own = measured(image)
    out, left = as_sharp(image, probe(image), own, CaptureTexture(own.blur_px, own.grain / 3))
    assert measured(out).grain < 0.7 * own.grain
    assert measured(out).grain == pytest.approx(left, rel=0.35)
    far = ALL & (np.abs(image.astype(int) - probe(image)).max(-1) > 25)
    assert np.abs(out.astype(int) - image)[far].max() < 8


def test_without_edges_only_the_grain_is_seen_to():
    image = flat(4)
    out, _ = as_sharp(image, probe(image), measured(image), CaptureTexture(3.0, 0.5))
    assert 0 < measured(out).grain < measured(image).grain
    assert as_sharp(image, probe(image), measured(image), CaptureTexture(None, 9.0))[0] is image


# Grain that is missing


def test_grain_is_missing_where_there_is_less_of_it():
    assert missing_grain(0.0, 3.0) == 1.0
    assert missing_grain(3.0, 3.0) == missing_grain(5.0, 3.0) == 0.0
    assert missing_grain(0.0, 0.0) == 0.0
    assert missing_grain(1.0, 3.0) > missing_grain(2.0, 3.0) > 0


@pytest.mark.parametrize("own", [0.5, 1.0, 2.5])
def test_independent_grains_add_up_to_what_is_wanted(own):
    assert np.hypot(own, missing_grain(own, 3.0) * 3.0) == pytest.approx(3.0)
