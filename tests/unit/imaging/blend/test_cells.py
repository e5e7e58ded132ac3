import numpy as np
import pytest

from gateway.imaging.blend.cells import cell_means, cell_share
from gateway.imaging.color.lut import CUBE, level_cube

RNG = np.random.default_rng(0)
TARGET, SOURCE = RNG.integers(0, 256, (2, 23, 31, 3), dtype=np.uint8)
WHERE = RNG.random((23, 31)) < 0.6


def mean_of(picture, where, j, i, n):
    block = np.s_[j * n : (j + 1) * n, i * n : (i + 1) * n]
    return picture[block][where[block]].mean(0), where[block].mean()


@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_cell_is_the_mean_of_its_pixels_that_count(n):
    cells = cell_means(TARGET, SOURCE, WHERE, n)
    assert cells.share.shape == (-(-23 // n), -(-31 // n))
    for j, i in np.argwhere(cells.share > 0):
        target, share = mean_of(TARGET, WHERE, j, i, n)
        assert cells.target[j, i] == pytest.approx(target, rel=1e-5)
        assert cells.source[j, i] == pytest.approx(mean_of(SOURCE, WHERE, j, i, n)[0], rel=1e-5)
        assert cells.share[j, i] == pytest.approx(share, rel=1e-5)


@pytest.mark.parametrize("n", [1, 4, 9, 40])
def test_the_share_alone_is_the_share_of_the_means(n):
    assert (cell_share(WHERE, n) == cell_means(TARGET, SOURCE, WHERE, n).share).all()


@pytest.mark.parametrize("n", [1, 3, 8])
def test_all_and_nothing_have_a_share_of_1_and_0(n):
    assert (cell_share(np.ones((23, 31), bool), n) == 1).all()
    nothing = cell_means(TARGET, SOURCE, np.zeros((23, 31), bool), n)
    assert not nothing.share.any()
    assert not nothing.target.any()
    assert not nothing.source.any()


def test_of_large_cells_some_pixels_speak_for_all():
    y, x = np.mgrid[:90, :120]
    ramp = np.repeat((x + y)[..., None], 3, -1).astype(np.uint8)
    cells = cell_means(ramp, ramp, np.ones((90, 120), bool), 15)
    blocks = ramp.reshape(6, 15, 8, 15, 3).mean((1, 3))
    # Each third of a cell is told by its first pixel.
    assert np.abs(cells.target - blocks).max() <= 5


def test_what_does_not_count_has_no_say():
    garbage = np.where(WHERE[..., None], TARGET, np.uint8(255))
    a, b = (cell_means(picture, picture, WHERE, 4) for picture in (TARGET, garbage))
    assert (a.target == b.target).all()
    assert (a.source == b.source).all()


def test_the_source_s_means_go_through_the_cube():
    halved = cell_means(TARGET, SOURCE, WHERE, 4, level_cube(lambda levels: levels / 2))
    plain = cell_means(TARGET, SOURCE, WHERE, 4)
    assert (halved.target == plain.target).all()
    # The cube's answer is rounded, and the halved rest of the mean is added whole.
    assert np.abs(halved.source - plain.source / 2).max() < 0.8


def test_a_cube_that_changes_nothing_changes_nothing():
    identity = cell_means(TARGET, SOURCE, WHERE, 4, level_cube(lambda levels: levels))
    assert (identity.source == cell_means(TARGET, SOURCE, WHERE, 4).source).all()
    assert level_cube(lambda levels: levels).shape == (CUBE, CUBE, CUBE, 3)
