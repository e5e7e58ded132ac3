import cv2
import numpy as np
import pytest

from gateway.imaging.blend.cells import Cells, cell_means
from gateway.imaging.color.relight import relight

SIDE = 96
Y, X = (np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2) / 40
FACE = np.hypot(X, Y) < 1
SIGMA = 6.0
SKIN = np.array([200, 150, 120])


def lit(across: float, strength: float = 0.5, features: int = 0) -> np.ndarray:
    """Return a disc like a face, lit from the right (1) or the left (-1), with fine features."""
    shading = 0.75 + strength * 0.5 * (across * X - 0.3 * Y)
    fine = 12 * np.random.default_rng(features).normal(size=(SIDE, SIDE, 1)) if features else 0
    return np.clip(SKIN * shading[..., None] + fine, 0, 255).astype(np.uint8)


def cells(target, source, where=FACE) -> Cells:
    return cell_means(target, source, where, 1)


def broad(picture):
    """Return the broad luminance within the face."""
    luminance = picture @ np.array([0.299, 0.587, 0.114])
    weight = cv2.GaussianBlur(FACE.astype(float), (0, 0), SIGMA)
    return (cv2.GaussianBlur(luminance * FACE, (0, 0), SIGMA) / weight)[FACE]


def test_equal_pictures_stay_exactly_as_they_are():
    assert (relight(cells(lit(1, features=1), lit(1, features=1)), SIGMA) == 1).all()


def test_without_skin_nothing_is_known():
    nothing = np.zeros((SIDE, SIDE), bool)
    assert (relight(cells(lit(1), lit(-1), nothing), SIGMA) == 1).all()


def test_a_source_lit_from_the_other_side_gets_the_target_s_shading():
    target, source = lit(1, features=1), lit(-1, features=2)
    gain = relight(cells(target, source), SIGMA)
    assert gain.dtype == np.float32
    assert np.corrcoef(broad(source), broad(target))[0, 1] < 0
    assert np.corrcoef(broad(source * gain), broad(target))[0, 1] > 0.95


def test_fine_features_stay_the_source_s():
    target, source = lit(1, features=1), lit(-1, features=2)
    gain = relight(cells(target, source), SIGMA)
    fine = [p - cv2.GaussianBlur(p * 1.0, (0, 0), 2) for p in (source * gain, source, target)]
    inner = np.hypot(X, Y) < 0.8
    mine, own, theirs = (f[inner].ravel() for f in fine)
    assert np.corrcoef(mine, own)[0, 1] > 0.9
    assert abs(np.corrcoef(mine, theirs)[0, 1]) < 0.1


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.25])
def test_a_brighter_target_asks_for_as_much_more(factor):
    source = lit(0, strength=0.2)
    target = np.rint(source * factor).astype(np.uint8)
    gain = relight(cells(target, source), SIGMA)
    assert gain[FACE] == pytest.approx(factor, rel=0.1)


def test_each_color_has_a_gain_of_its_own():
    source = lit(0, strength=0)
    target = np.rint(source * [1.2, 1.0, 0.7]).astype(np.uint8)
    gain = relight(cells(target, source), SIGMA)[FACE]
    assert gain == pytest.approx(np.tile([1.2, 1.0, 0.7], (len(gain), 1)), rel=0.1)


def test_what_is_no_skin_has_no_say():
    brow = FACE & (np.abs(Y + 0.3) < 0.1)
    target, source = lit(1), lit(-1)
    garbage = np.where(brow[..., None], np.uint8(3), target)
    told, other = (relight(cells(t, source, FACE & ~brow), SIGMA) for t in (target, garbage))
    assert (told == other).all()
    whole = relight(cells(target, source), SIGMA)
    assert np.abs(np.log(told / whole))[brow].max() < 0.1


def test_where_there_is_no_skin_the_rest_of_the_face_tells():
    left = FACE & (X < -0.3)
    source = lit(0, strength=0.2)
    gain = relight(cells(np.rint(source * 0.6).astype(np.uint8), source, left), SIGMA)
    assert gain[FACE] == pytest.approx(0.6, rel=0.1)


def test_gains_are_bounded_and_finite_in_the_dark():
    black, white = np.zeros((SIDE, SIDE, 3), np.uint8), np.full((SIDE, SIDE, 3), 255, np.uint8)
    for target, source in ((black, white), (white, black)):
        gain = relight(cells(target, source), SIGMA)
        assert np.isfinite(gain).all()
        assert gain.min() > 0.2
        assert gain.max() < 5


@pytest.mark.parametrize("shape", [(1, 1), (2, 7)])
def test_tiny_grids(shape):
    ones = np.ones(shape, bool)
    dark, light = (np.full((*shape, 3), level, np.uint8) for level in (60, 120))
    assert (relight(cells(dark, dark, ones), 0.8) == 1).all()
    assert relight(cells(light, dark, ones), 0.8) == pytest.approx(126 / 66, rel=0.02)


def test_a_cell_counts_by_its_share_of_skin():
    dim, bright = np.full((2, SIDE, SIDE, 3), 100, np.float32) * [[[[0.5]]], [[[1]]]]
    share = np.ones((SIDE, SIDE), np.float32)
    target = np.where((np.arange(SIDE) % 2 == 0)[None, :, None], dim, bright).astype(np.float32)
    share[:, ::2] = 0.1
    gain = relight(Cells(target, bright.astype(np.float32), share), SIGMA)
    evenly = relight(Cells(target, bright.astype(np.float32), np.ones_like(share)), SIGMA)
    # Every other column is half as bright, but hardly shows any skin.
    assert gain.mean() > 0.9
    assert evenly.mean() < 0.75
