"""Membranes against a direct sparse solve of the same equations."""

import numpy as np
import pytest

from gateway.imaging.blend.cells import cell_means
from gateway.imaging.blend.membrane import (
    border_of,
    cell_membrane,
    meeting_cells,
    membrane,
    mixed_membrane,
)
from gateway.imaging.color.transfer import LabStatistics, lab_statistics
from tests import tolerances
from tests.unit.imaging.blend.test_membrane import ellipse, smooth_picture
from tests.unit.imaging.sparse_solve import solved

SHAPE = (90, 76)
ELLIPSE = ellipse(*SHAPE)
CUT = ellipse(90, 140)[:, 50:126]
"""A face that the array's left edge cuts."""


def noisy(seed: int, grain: float = 7) -> np.ndarray:
    """Return a picture with grain: the border's differences are noise of about ±20 levels."""
    noise = np.random.default_rng(seed).normal(0, grain, (*SHAPE, 3))
    return np.clip(smooth_picture(*SHAPE, seed) // 2 + 60 + noise, 0, 255).astype(np.uint8)


def close(got: np.ndarray, exact: np.ndarray, support: np.ndarray) -> None:
    off = np.abs(got - exact)[support]
    assert off.max() <= 1.5 * tolerances.MEMBRANE_LEVELS
    assert off.mean() <= tolerances.MEMBRANE_MEAN


def difference(target, source):
    return target.astype(float) - source


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("support", [ELLIPSE, CUT], ids=["whole", "cut by the edge"])
def test_the_membrane_is_the_harmonic_function_of_the_border_s_differences(support, seed):
    target, source = noisy(seed), noisy(seed + 7)
    exact = solved(difference(target, source), border_of(support))
    close(membrane(target, source, support), exact, support)


def test_the_border_lies_inside_and_not_along_the_array_s_edge():
    border = border_of(CUT)
    assert (CUT | ~border).all()
    edge = CUT[:, 0].nonzero()[0]
    assert border[edge[[0, -1]], 0].all()
    assert not border[edge[1:-1], 0].any()
    everywhere = np.ones(SHAPE, bool)
    assert not border_of(everywhere).any()


def test_where_something_is_before_the_face_the_two_do_not_meet():
    target, source = noisy(0), noisy(7)
    clear = np.ones(SHAPE, bool)
    clear[:30] = clear[40:50, 40:] = False
    target[~clear] = 0  # hair
    cells = cell_means(target, source, ELLIPSE, 1)
    exact = solved(difference(target, source), border_of(ELLIPSE) & clear)
    close(cell_membrane(cells, clear=clear, even=False), exact, ELLIPSE)
    assert np.abs(exact[~clear & ELLIPSE]).max() < 100  # of the hair nothing is in it


def test_where_one_of_the_two_shows_no_skin_they_do_not_meet():
    target, source = noisy(0) // 2 + 60, noisy(7) // 2 + 60
    target[:, :25] = (20, 90, 30)
    skins = tuple(lab_statistics(p[ELLIPSE][::3]) for p in (target, source))
    border = meeting_cells(cell_means(target, source, ELLIPSE, 1), None, skins)
    assert not border[:, :25].any()
    assert 20 < border.sum() < border_of(ELLIPSE).sum()
    exact = solved(difference(target, source), border)
    close(membrane(target, source, ELLIPSE, skin=skins), exact, ELLIPSE)


def test_an_evened_border_keeps_what_is_broad_and_loses_what_is_fine():
    target, source = noisy(0), noisy(7)
    cells = cell_means(target, source, ELLIPSE, 1)
    border = border_of(ELLIPSE)
    fine, even = cell_membrane(cells, even=False), cell_membrane(cells)
    inner = ellipse(*SHAPE, 0.6)
    assert np.abs(fine - even)[inner].mean() < 2
    broad = difference(noisy(0, grain=0), noisy(7, grain=0))
    assert np.abs(even - broad)[border].mean() < 0.8 * np.abs(fine - broad)[border].mean()
    flat = np.full_like(target, 120)
    lifted = cell_membrane(cell_means(flat, flat - 30, ELLIPSE, 1))
    assert lifted == pytest.approx(30, abs=0.1)


def test_if_they_meet_nowhere_nothing_is_added():
    target, source = noisy(0), noisy(7)
    other = LabStatistics(np.array([50.0, 90, -90]), np.ones(3))
    assert (membrane(target, source, ELLIPSE, skin=(other, other)) == 0).all()
    nowhere = np.zeros(SHAPE, bool)
    cells = cell_means(target, source, ELLIPSE, 1)
    assert (cell_membrane(cells, clear=nowhere) == 0).all()
    assert (mixed_membrane(target, source, ELLIPSE, clear=nowhere) == 0).all()


# Mixed gradients


def mixed_sources(target, source, inside):
    """Return the divergence of what the target's steps exceed the source's by, pixel by pixel."""
    target, source = target.astype(float), source.astype(float)
    out = np.zeros_like(target)
    for y, x in np.argwhere(inside):
        for j, i in ((y + 1, x), (y, x + 1)):
            if j < SHAPE[0] and i < SHAPE[1] and inside[j, i]:
                theirs, own = (p[j, i] - p[y, x] for p in (target, source))
                if np.abs(theirs).sum() > np.abs(own).sum():
                    out[y, x] += theirs - own
                    out[j, i] -= theirs - own
    return out


@pytest.mark.parametrize("support", [ELLIPSE, CUT], ids=["whole", "cut by the edge"])
def test_the_mixed_membrane_follows_the_stronger_gradients(support):
    target, source = noisy(1), smooth_picture(*SHAPE, 3)
    clear = np.ones(SHAPE, bool)
    clear[:, 50:60] = False
    sources = mixed_sources(target, source, support & clear)
    exact = solved(difference(target, source), border_of(support) & clear, sources)
    close(mixed_membrane(target, source, support, clear=clear), exact, support)


def test_what_is_before_the_target_lends_no_gradients():
    flat = np.full((*SHAPE, 3), 120, np.uint8)
    target = flat.copy()
    target[30:60, 30:40] = 10
    clear = np.ones(SHAPE, bool)
    clear[29:61, 29:41] = False
    assert np.abs(mixed_membrane(target, flat, ELLIPSE, clear=clear)).max() < 0.1
    everywhere = np.ones(SHAPE, bool)
    seen = flat + mixed_membrane(target, flat, ELLIPSE, clear=everywhere)
    assert np.abs(seen - target)[ELLIPSE].max() <= tolerances.MEMBRANE_LEVELS


def test_a_stronger_source_is_left_alone():
    target, source = np.full((*SHAPE, 3), 120, np.uint8), noisy(2)
    mixed = mixed_membrane(target, source, ELLIPSE, clear=np.ones(SHAPE, bool))
    close(mixed, solved(difference(target, source), border_of(ELLIPSE)), ELLIPSE)
