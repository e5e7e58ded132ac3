import cv2
import numpy as np
import pytest

from gateway.imaging.enhance.detail import LIMIT, fold_band, softened, with_folds
from tests import tolerances

SIZE = (90, 120)
FINE, COARSE = 1.5, 6.0


def flat(level: int = 160) -> np.ndarray:
    return np.full((*SIZE, 3), level, np.uint8)


def folded(level: int = 160, depth: int = 40, width: float = 3.0) -> np.ndarray:
    """Return a flat picture with one dark fold from top to bottom, in the middle."""
    across = np.exp(-(((np.arange(SIZE[1]) - SIZE[1] // 2) / width) ** 2))
    return (flat(level) - (depth * across)[:, None]).astype(np.uint8)


def photograph(seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    return cv2.GaussianBlur(noise, None, 2)


def everywhere(share: float = 1.0) -> np.ndarray:
    return np.full(SIZE, share, np.float32)


def profile(image: np.ndarray) -> np.ndarray:
    """Return the brightness across the picture, as a share of what it is at its sides."""
    across = image.astype(float).mean((0, 2))
    return across / across[[0, -1]].mean()


# The band


@pytest.mark.parametrize("level", [0, 1, 127, 255])
def test_a_flat_picture_has_no_folds(level):
    assert np.abs(fold_band(flat(level), FINE, COARSE)).max() < 1e-5


def test_a_fold_is_where_it_is():
    band = fold_band(folded(), FINE, COARSE)
    assert band.shape == SIZE
    assert band.dtype == np.float32
    assert np.abs(band.argmin(1) - SIZE[1] // 2).max() <= 1
    assert band[:, 60].max() < -0.05
    assert np.abs(band[:, :20]).max() < 0.02


@pytest.mark.parametrize("coarse", [2.0, 6.0, 20.0])
def test_however_deep_it_is_within_its_limit(coarse):
    checker = ((np.indices(SIZE).sum(0) // 8 % 2) * 255).astype(np.uint8)
    band = fold_band(np.repeat(checker[..., None], 3, axis=2), 0.5, coarse)
    assert np.abs(band).max() == pytest.approx(LIMIT)


def test_what_is_as_fine_as_grain_or_as_wide_as_shading_is_left_out():
    grain = np.random.default_rng(0).integers(140, 180, (*SIZE, 3), dtype=np.uint8)
    shade = np.repeat(np.linspace(120, 200, SIZE[1])[None, :, None], SIZE[0], axis=0)
    shading = np.repeat(shade, 3, axis=2).astype(np.uint8)
    assert fold_band(grain, 4.0, 8.0).std() < 0.02
    inner = np.s_[:, 20:-20]
    assert np.abs(fold_band(shading, FINE, COARSE)[inner]).max() < 0.02


def test_twice_the_light_gives_the_same_folds():
    dim, bright = (fold_band(folded(level, level // 4), FINE, COARSE) for level in (110, 220))
    assert dim == pytest.approx(bright, abs=0.03)


def test_a_wide_blur_through_a_smaller_picture_is_nearly_the_same():
    picture = photograph()
    luma = np.log(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) + 8)
    wide = cv2.GaussianBlur(luma, (0, 0), 12)
    exact = np.clip(cv2.GaussianBlur(luma, (0, 0), FINE) - wide, -LIMIT, LIMIT)
    inner = np.s_[20:-20, 20:-20]
    assert np.abs(fold_band(picture, FINE, 12.0) - exact)[inner].max() < 0.05


# Carried over


@pytest.mark.parametrize("fine", [0.5, 1.5, 5.0])
def test_equal_pictures_change_nothing(fine):
    picture = photograph()
    assert (with_folds(picture, picture, everywhere(), fine, 4 * fine) == picture).all()


@pytest.mark.parametrize("fine", [0.5, 5.0])
def test_where_the_weight_is_zero_nothing_changes(fine):
    picture, weight = photograph(), everywhere()
    weight[:, :70] = 0
    out = with_folds(picture, photograph(1), weight, fine, 4 * fine)
    assert (out[:, :70] == picture[:, :70]).all()
    assert (out[:, 70:] != picture[:, 70:]).any()
    assert (with_folds(picture, photograph(1), everywhere(0), fine, 4 * fine) == picture).all()


@pytest.mark.parametrize("fine", [1.5, 3.0])
def test_another_one_s_fold_is_added(fine):
    fold = folded(width=2 * fine)
    out = with_folds(flat(), fold, everywhere(), fine, 4 * fine)
    assert profile(out).argmin() == pytest.approx(SIZE[1] // 2, abs=2)
    assert profile(fold).min() - 0.02 < profile(out).min() < 0.97


def test_one_s_own_fold_goes_where_the_other_has_none():
    out = with_folds(folded(), flat(), everywhere(), FINE, COARSE)
    assert profile(folded()).min() + 0.03 < profile(out).min()


def test_half_the_weight_is_half_the_fold():
    depths = [
        1 - profile(with_folds(flat(), folded(), everywhere(share), FINE, COARSE)).min()
        for share in (0.5, 1.0)
    ]
    assert depths[0] == pytest.approx(depths[1] / 2, rel=0.15)


def test_a_fold_is_the_same_on_skin_of_any_color():
    skin = np.array([180, 120, 90], np.uint8) + np.zeros((*SIZE, 3), np.uint8)
    out = with_folds(skin, folded(), everywhere(), FINE, COARSE).astype(float)
    ratio = out[:, 60] / skin[:, 60]
    assert ratio.max() < 0.97
    assert np.ptp(ratio, axis=1).max() < 2 * tolerances.LEVEL / 90


def test_no_picture_gets_darker_or_brighter_than_two_folds():
    checker = ((np.indices(SIZE).sum(0) // 8 % 2) * 255).astype(np.uint8)
    other = np.repeat(checker[..., None], 3, axis=2)
    out = with_folds(flat(100), other, everywhere(), 0.5, 6.0)
    ratio = out / 100
    assert ratio.min() >= np.exp(-2 * LIMIT) - 0.01
    assert ratio.max() <= np.exp(2 * LIMIT) + 0.01


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (3, 2)])
@pytest.mark.parametrize("fine", [0.1, 2.0, 30.0])
def test_tiny_pictures(shape, fine):
    picture = np.full((*shape, 3), 90, np.uint8)
    out = with_folds(picture, picture, np.ones(shape, np.float32), fine, 4 * fine)
    assert (out == picture).all()


def test_arguments_are_not_changed():
    picture, other, weight = photograph(), photograph(1), everywhere()
    with_folds(picture, other, weight, FINE, COARSE)
    assert (picture == photograph()).all()
    assert (other == photograph(1)).all()
    assert (weight == 1).all()


# Softening


def test_softening_keeps_what_the_mask_leaves_out():
    picture, mask = photograph(), everywhere(0)
    assert (softened(picture, mask, 2.0) == picture).all()
    mask[30:60, 40:80] = 1
    out = softened(picture, mask, 2.0)
    assert (out[mask == 0] == picture[mask == 0]).all()
    assert out[35:55, 45:75].std() < picture[35:55, 45:75].std()


def test_a_flat_picture_is_soft_already():
    assert (softened(flat(), everywhere(0.4), 1.0) == flat()).all()
