import numpy as np
import pytest

from gateway.imaging.blend.composite import Correction, composite
from gateway.imaging.blend.fuse import fuse
from gateway.imaging.blend.membrane import membrane
from gateway.imaging.color.lut import apply_cube, transfer_cube
from gateway.imaging.color.transfer import LabStatistics, statistics_transfer
from gateway.imaging.masks.matte import Matte
from tests import tolerances


def ellipse(height: int, width: int, scale: float = 0.8) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return np.hypot((x - width / 2) / (width / 2), (y - height / 2) / (height / 2)) < scale


def matte(support: np.ndarray) -> Matte:
    return Matte(support.astype(np.float32), support, np.ones_like(support), support)


def smooth_picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] / max(height, width)
    waves = [np.sin(rng.uniform(2, 9) * x + rng.uniform(2, 9) * y + c) for c in range(3)]
    return (128 + 60 * np.stack(waves, -1)).astype(np.uint8)


def test_composite_keeps_the_target_where_the_mask_is_zero():
    target, source = smooth_picture(40, 30), smooth_picture(40, 30, 1)
    mask = ellipse(40, 30).astype(np.float32)
    out = composite(target, source, mask, Correction.of(np.full((40, 30, 3), 7, np.float32)))
    assert (out[mask == 0] == target[mask == 0]).all()
    assert (out[mask == 1] == np.clip(source[mask == 1].astype(int) + 7, 0, 255)).all()


def test_composite_of_equals_is_exact_for_any_mask():
    picture = smooth_picture(40, 30)
    mask = np.random.default_rng(0).random((40, 30)).astype(np.float32)
    assert (composite(picture, picture, mask) == picture).all()


def test_composite_sends_the_source_through_the_cube():
    target, source = smooth_picture(40, 30), smooth_picture(40, 30, 1) // 4 + 90  # in gamut
    cube = transfer_cube(
        statistics_transfer(
            LabStatistics(np.array([60.0, 15, 20]), np.array([9.0, 4, 5])),
            LabStatistics(np.array([45.0, 10, 25]), np.array([7.0, 5, 4])),
        )
    )
    mask = np.random.default_rng(0).random((40, 30)).astype(np.float32)
    mask[:, :9] = 0
    at_once = composite(target, source, mask, cube=cube)
    in_turn = composite(target, apply_cube(source, cube), mask)
    assert np.abs(at_once.astype(int) - in_turn).max() <= tolerances.LEVEL
    assert (at_once[:, :9] == target[:, :9]).all()


@pytest.mark.parametrize("reduction", [1, 4])
def test_membrane_sends_the_source_through_the_cube(reduction):
    target, source = smooth_picture(80, 60), smooth_picture(80, 60, 1)
    cube = transfer_cube(
        statistics_transfer(
            LabStatistics(np.array([60.0, 15, 20]), np.array([9.0, 4, 5])),
            LabStatistics(np.array([45.0, 10, 25]), np.array([7.0, 5, 4])),
        )
    )
    support = ellipse(80, 60)
    at_once = membrane(target, source, support, reduction=reduction, cube=cube)
    in_turn = membrane(target, apply_cube(source, cube), support, reduction=reduction)
    assert np.abs(at_once - in_turn)[support].max() <= tolerances.CELL_LEVELS


@pytest.mark.parametrize("reduction", [1, 2, 4])
def test_membrane_between_equals_is_zero(reduction):
    picture = smooth_picture(64, 48)
    assert (membrane(picture, picture, ellipse(64, 48), reduction=reduction) == 0).all()


@pytest.mark.parametrize("reduction", [1, 4])
def test_membrane_lifts_a_constant_difference(reduction):
    target = np.full((64, 48, 3), 150, np.uint8)
    offset = membrane(target, target - 40, ellipse(64, 48), reduction=reduction)
    assert offset[ellipse(64, 48, 0.7)] == pytest.approx(40, abs=0.5)


def test_reduced_membrane_is_the_exact_one():
    target, source = smooth_picture(200, 160), smooth_picture(200, 160, 1)
    support = ellipse(200, 160)
    inner = ellipse(200, 160, 0.68)
    exact = membrane(target, source, support)[inner]
    reduced = membrane(target, source, support, reduction=4)[inner]
    assert np.abs(exact - reduced).max() < tolerances.REDUCED_LEVELS


def test_membrane_ignores_the_source_outside_the_support():
    target, source = smooth_picture(64, 48), smooth_picture(64, 48, 1)
    support = ellipse(64, 48)
    garbage = np.where(support[..., None], source, np.uint8(255))
    for reduction in (1, 4):
        a = membrane(target, source, support, reduction=reduction)
        assert (a == membrane(target, garbage, support, reduction=reduction)).all()


def test_membrane_of_nothing_is_zero():
    picture = smooth_picture(20, 20)
    assert (membrane(picture, picture, np.zeros((20, 20), bool)) == 0).all()


@pytest.mark.parametrize("color", ["none", "statistics", "histogram", "adaptive"])
@pytest.mark.parametrize("blend", ["feather", "poisson", "mixed"])
@pytest.mark.parametrize("shape", [(90, 70), (5, 4), (1, 1)])
def test_fusing_a_picture_with_itself_changes_nothing(color, blend, shape):
    picture = smooth_picture(*shape)
    support = ellipse(*shape)
    out = fuse(picture, picture, matte(support), unit_px=30, color=color, blend=blend)
    assert (out == picture).all()


def test_fusion_brings_the_source_to_the_targets_color():
    rng = np.random.default_rng(0)
    grain = rng.normal(0, 6, (120, 100, 1))
    target = np.clip(np.array([190, 150, 130]) + grain, 0, 255).astype(np.uint8)
    source = np.clip(np.array([120, 110, 140]) + grain[::-1], 0, 255).astype(np.uint8)
    support = ellipse(120, 100)
    out = fuse(target, source, matte(support), unit_px=30)
    assert out[support].mean(0) == pytest.approx([190, 150, 130], abs=3)


def test_arguments_are_not_changed():
    target, source = smooth_picture(40, 30), smooth_picture(40, 30, 1)
    support = ellipse(40, 30)
    before = target.copy(), source.copy()
    fuse(target, source, matte(support), unit_px=30)
    assert (target == before[0]).all()
    assert (source == before[1]).all()


@pytest.mark.parametrize("spread", [0.0, 6.0])
def test_shadows_beside_a_face_without_colors_do_not_bleed_into_it(spread):
    """Lightness alone varies too much to tell them; with colours, spread tells."""
    support = ellipse(60, 60)
    target = np.full((60, 60, 3), 190, np.uint8)
    source = target.copy()
    source[:, 45:] = 120  # in the skin's own range of brightness
    skin = LabStatistics(np.array([77.0, 0.0, 0.0]), np.array([16.0, spread, spread]))
    offset = membrane(target, source, support, skin=(skin, skin))
    inside = offset[20:40, 15:40]
    assert (np.abs(inside).max() < 1) == (spread == 0)
