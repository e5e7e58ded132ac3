"""What shows where a face opens."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.faces.morphable.performance import opening
from gateway.imaging.geometry.warp import Region
from gateway.processors.fillings import LID_SHADOW, fill, hollow, smooth_rim, soft_opening
from gateway.processors.openings import (
    LEFT,
    LIDS_MEET,
    MOUTH,
    OPENINGS,
    RIGHT,
    SHUT_EYE,
    SMALLEST_GAP,
    STRETCH,
    WIDEST,
    Donor,
    InpaintingSource,
    best_donor,
    eye_distance,
    gap,
    held_eye,
    inside,
    is_shut,
    lids_meet,
    met_lips,
    needs_donor,
)
from tests import tolerances
from tests.synthetic_faces import INSIDE, LIP, landmarks_of, painted, somebody

SHAPE = (240, 320)
ALL = Region(0, 0, SHAPE[1], SHAPE[0])
ONE = np.ones(3)
EACH = pytest.mark.parametrize("which", OPENINGS, ids=lambda which: which.name)
EYES = pytest.mark.parametrize("eye", [RIGHT, LEFT], ids=lambda which: which.name)


def face(does: dict[str, float] | None = None, **where) -> np.ndarray:
    """Return landmarks (478, 3) of somebody with shut lips, 60 pixels between the eyes."""
    where = {"scale_px": 60.0, "at": (160, 120), **where}
    return landmarks_of(somebody(0), does, **where).astype(np.float32)


def opened(which, gap: float, **where) -> np.ndarray:
    """Return landmarks (478, 3) whose opening gapes by `gap` inter-ocular distances."""
    out = face(**where)
    above, below = (list(side) for side in zip(*which.pairs, strict=True))
    middle = (out[above] + out[below]) / 2
    half = np.array([0, gap * eye_distance(out) / 2, 0], np.float32)
    out[above], out[below] = middle - half, middle + half
    return out


def donor(
    landmarks: np.ndarray, kind: InpaintingSource = InpaintingSource.SOURCE, **colors
) -> Donor:
    return Donor(painted(landmarks, SHAPE, **colors), landmarks, kind)


def middle(which, landmarks: np.ndarray) -> tuple[int, int]:
    """Return row and column of an opening's middle."""
    x, y = np.rint(landmarks[list(which.ring), :2].mean(0)).astype(int)
    return int(y), int(x)


# When a donor is needed


@pytest.mark.parametrize(
    ("which", "before", "after", "needed"),
    [
        (RIGHT, 0.1 * SHUT_EYE, 2 * SHUT_EYE, True),
        (RIGHT, 0.9 * SHUT_EYE, 2 * SHUT_EYE, True),
        (RIGHT, 1.1 * SHUT_EYE, 2 * SHUT_EYE, False),
        (RIGHT, 0.1 * SHUT_EYE, 1.1 * SHUT_EYE, False),
        (RIGHT, 2 * SHUT_EYE, 0.1 * SHUT_EYE, False),
        (MOUTH, 0.0, 0.2, True),
        (MOUTH, 0.0, 0.9 * SMALLEST_GAP, False),
        (MOUTH, 0.1, 0.9 * STRETCH * 0.1, False),
        (MOUTH, 0.1, 1.1 * STRETCH * 0.1, True),
        (MOUTH, 0.2, 0.0, False),
    ],
)
def test_only_what_opens_far_needs_a_donor(which, before, after, needed):
    assert needs_donor(which, opened(which, before), opened(which, after)) == needed


@EACH
@pytest.mark.parametrize("gap", [0.0, 0.02, 0.1, 0.3])
def test_what_stays_needs_none(which, gap):
    assert not needs_donor(which, opened(which, gap), opened(which, gap))


@pytest.mark.parametrize("scale_px", [10, 200])
@pytest.mark.parametrize(("share", "shut"), [(0.9, True), (1.1, False)])
def test_an_eye_is_shut_at_any_size_and_a_mouth_never(share, shut, scale_px):
    for ask, limit in ((is_shut, SHUT_EYE), (lids_meet, LIDS_MEET)):
        assert ask(LEFT, opened(LEFT, share * limit, scale_px=scale_px)) == shut
        assert not ask(MOUTH, opened(MOUTH, share * limit, scale_px=scale_px))


# How far an eye may go


@EYES
def test_lids_that_stay_are_left_alone(eye):
    before = face()
    assert (held_eye(eye, before, before) == before).all()


@EYES
def test_lids_that_nearly_meet_do_meet(eye):
    after = opened(eye, 0.8 * LIDS_MEET)
    held = held_eye(eye, opened(eye, 0.1), after)
    assert opening(held, eye.pairs) == 0
    others = np.delete(np.arange(len(after)), eye.lids)
    assert (held[others] == after[others]).all()


@EYES
@given(st.floats(0.05, 0.1), st.floats(0.05, 0.4))
def test_an_eye_opens_so_far_and_no_farther(eye, shown, wanted):
    held = held_eye(eye, opened(eye, shown), opened(eye, wanted))
    gap = opening(held, eye.pairs) / eye_distance(held)
    assert gap == pytest.approx(min(wanted, WIDEST * shown), rel=0.02)


# Which donor


def test_the_donor_that_shows_most_nearly_what_is_wanted():
    donors = [donor(opened(MOUTH, gap)) for gap in (0.0, 0.1, 0.22, 0.5)]
    assert best_donor(MOUTH, opened(MOUTH, 0.2), donors) is donors[2]
    assert best_donor(MOUTH, opened(MOUTH, 0.12), donors) is donors[1]
    assert best_donor(MOUTH, opened(MOUTH, 0.9), donors) is donors[3]


def test_covering_up_is_better_than_stretching():
    less, more = donor(opened(MOUTH, 0.2 / 1.4)), donor(opened(MOUTH, 0.2 * 1.4))
    assert best_donor(MOUTH, opened(MOUTH, 0.2), [less, more]) is more


def test_none_that_would_be_stretched_too_far():
    donors = [donor(opened(MOUTH, gap)) for gap in (0.0, 0.9 * 0.2 / STRETCH)]
    assert best_donor(MOUTH, opened(MOUTH, 0.2), donors) is None
    assert best_donor(MOUTH, opened(MOUTH, 0.2), []) is None


def test_of_equals_the_first():
    twins = [donor(opened(RIGHT, 0.1)), donor(opened(RIGHT, 0.1))]
    assert best_donor(RIGHT, opened(RIGHT, 0.1), twins) is twins[0]


def test_donors_of_any_size_are_compared():
    small, large = (donor(opened(MOUTH, gap, scale_px=s)) for gap, s in ((0.2, 20), (0.02, 90)))
    assert best_donor(MOUTH, opened(MOUTH, 0.2), [large, small]) is small


# Where its pixels come from


@EACH
def test_an_opening_is_its_own_texture(which):
    landmarks = opened(which, 0.15)
    part, x, y, known = inside(which, landmarks, landmarks, ALL)
    rows, columns = np.mgrid[part.y0 : part.y1, part.x0 : part.x1]
    assert known.sum() > 100
    assert np.abs(x - columns)[known].max() < 0.01
    assert np.abs(y - rows)[known].max() < 0.01


@EACH
def test_an_opening_is_found_wherever_it_lies_in_the_texture(which):
    at, texture = opened(which, 0.15), opened(which, 0.15, scale_px=90, at=(150, 100))
    part, x, y, known = inside(which, at, texture, ALL)
    row, column = middle(which, at)
    here = row - part.y0, column - part.x0
    assert known[here]
    there = texture[list(which.ring), :2].mean(0)
    assert (x[here], y[here]) == pytest.approx(there, abs=1.5)


@EYES
def test_an_iris_keeps_its_width_where_it_goes(eye):
    texture = opened(eye, 0.16)
    at = texture.copy()
    at[list(eye.iris), 0] += 3
    part, x, y, known = inside(eye, at, texture, ALL)
    centre = np.rint(at[eye.iris[0], :2]).astype(int)
    for dx in (-3, 0, 3):
        here = centre[1] - part.y0, centre[0] + dx - part.x0
        assert known[here]
        assert x[here] == pytest.approx(centre[0] + dx - 3, abs=0.3)
        assert y[here] == pytest.approx(centre[1], abs=0.3)


@EACH
def test_outside_the_picture_there_is_nothing(which):
    landmarks = face(at=(-500, 120))
    assert inside(which, landmarks, landmarks, ALL) is None


@EYES
@pytest.mark.parametrize("shift", [(0, 40), (80, 0), (-500, 500)])
def test_an_iris_far_from_its_eye_breaks_nothing(eye, shift):
    at = face()
    at[list(eye.iris), :2] += shift
    _, x, y, known = inside(eye, at, face(), ALL)
    assert np.isfinite(x).all()
    assert np.isfinite(y).all()
    assert known.any()


# Painting


@EACH
def test_an_opening_shows_the_donor_and_the_rest_stays(which):
    landmarks = opened(which, 0.2)
    picture = painted(landmarks, SHAPE)
    before, blue = picture.copy(), (10, 20, 230)
    lent = donor(landmarks, inside=blue, white=blue, iris=blue)
    fill(picture, ALL, which, landmarks, lent, ONE)
    shade = picture[middle(which, landmarks)][2] / 230  # under a lid, not in a mouth
    assert (LID_SHADOW if which.iris else 0.99) <= shade <= 1
    here = picture[middle(which, landmarks)]
    assert here == pytest.approx(shade * np.array(blue), abs=tolerances.LEVEL)
    outside = soft_opening(which, landmarks, ALL) == 0
    assert (picture[outside] == before[outside]).all()
    assert outside.mean() > 0.97


def test_a_donor_is_seen_in_the_light_of_the_picture():
    landmarks = opened(MOUTH, 0.2)
    picture = painted(landmarks, SHAPE)
    fill(picture, ALL, MOUTH, landmarks, donor(landmarks), np.array([0.5, 1, 9]))
    expected = np.array(INSIDE) * [0.5, 1, 9]
    here = picture[middle(MOUTH, landmarks)]
    assert here == pytest.approx(np.minimum(expected, 255), abs=tolerances.LEVEL)


def test_a_hollow_is_dark_and_darkest_above():
    landmarks = opened(MOUTH, 0.4)
    picture = painted(landmarks, SHAPE)
    before = picture.copy()
    hollow(picture, ALL, landmarks, np.array(LIP, float))
    row, column = middle(MOUTH, landmarks)
    down = picture[row - 8 : row + 9, column].astype(int).sum(1)
    assert (np.diff(down) >= 0).all()
    assert down.max() < 0.5 * sum(LIP)
    outside = soft_opening(MOUTH, landmarks, ALL) == 0
    assert (picture[outside] == before[outside]).all()


@EACH
def test_a_part_of_the_picture_is_painted_like_the_whole(which):
    landmarks = opened(which, 0.2)
    whole, blue = painted(landmarks, SHAPE), (10, 20, 230)
    row, column = middle(which, landmarks)
    region = Region(column - 3, row - 30, column + 60, row + 40)
    part, before = np.array(region.of(whole)), whole.copy()
    lent = donor(landmarks, inside=blue, white=blue)
    fill(whole, ALL, which, landmarks, lent, ONE)
    fill(part, region, which, landmarks, lent, ONE)
    # A strip is drawn anew from where the region ends.
    assert (part == region.of(whole)).mean() > 0.99
    assert (part != region.of(before)).any()


@EACH
def test_a_soft_opening_is_one_inside_and_zero_elsewhere(which):
    landmarks = opened(which, 0.2)
    mask = soft_opening(which, landmarks, ALL)
    assert mask[middle(which, landmarks)] == 1
    assert mask[0].max() == mask[:, 0].max() == 0
    assert 0 < mask.mean() < 0.05


@EACH
def test_a_smooth_rim_changes_only_the_rim(which):
    landmarks = opened(which, 0.3)
    picture = painted(landmarks, SHAPE)
    before = picture.copy()
    smooth_rim(picture, ALL, which, landmarks)
    changed = (picture != before).any(2)
    rows, columns = np.nonzero(changed)
    ring = landmarks[list(which.ring), :2]
    assert changed.any()
    assert (np.stack([columns, rows], 1) > ring.min(0) - 5).all()
    assert (np.stack([columns, rows], 1) < ring.max(0) + 5).all()
    assert not changed[middle(which, landmarks)]


@pytest.mark.parametrize("scale_px", [10, 200])
def test_the_distance_of_the_eyes_is_what_it_is_called(scale_px):
    landmarks = landmarks_of(scale_px=scale_px)
    assert eye_distance(landmarks) == pytest.approx(scale_px, rel=0.02)
    assert eye_distance(np.zeros((478, 3))) > 0


# Lips that nearly meet


@pytest.mark.parametrize(("apart", "left"), [(0.0, 0), (0.014, 0), (0.04, 1), (0.3, 1)])
def test_lips_that_nearly_meet_do_meet_and_others_stay(apart, left):
    given_ = opened(MOUTH, apart)
    met = met_lips(given_)
    assert gap(MOUTH, met) == pytest.approx(left * gap(MOUTH, given_), abs=1e-4)
    lips = sorted({n for pair in MOUTH.pairs for n in pair})
    others = np.setdiff1d(np.arange(len(met)), lips)
    assert (met[others] == given_[others]).all()


def test_a_mouth_that_opens_opens_smoothly():
    gaps = [gap(MOUTH, met_lips(opened(MOUTH, apart))) for apart in np.linspace(0, 0.05, 51)]
    steps = np.diff(gaps)
    assert (steps >= -1e-6).all()
    assert steps.max() < 0.005
