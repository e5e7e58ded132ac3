from itertools import pairwise

import numpy as np
import pytest

from gateway.imaging.masks.matte import Matte, seen_through

SHAPE = (20, 30)
PLACE = np.stack(np.meshgrid(np.arange(30), np.arange(20))).astype(np.float32)
RNG = np.random.default_rng(0)
WHOLE = Matte(
    RNG.random(SHAPE).astype(np.float32),
    RNG.random(SHAPE) < 0.8,
    np.ones(SHAPE, bool),
    RNG.random(SHAPE) < 0.6,
)


def sheets(certain=255, target=255, source=255, bare=255) -> np.ndarray:
    """Return sheets as large as the matte: a level each, or planes."""
    planes = [np.broadcast_to(np.uint8(level), SHAPE) for level in (certain, target, source, bare)]
    return np.stack(planes, -1).copy()


def same(a: Matte, b: Matte) -> bool:
    return all((getattr(a, n) == getattr(b, n)).all() for n in ("mask", "support", "clear", "skin"))


def test_nothing_before_anybody_changes_nothing():
    assert same(seen_through(WHOLE, sheets(), PLACE), WHOLE)


def test_what_is_surely_covered_is_gone():
    gone = seen_through(WHOLE, sheets(certain=0), PLACE)
    assert not gone.mask.any()
    assert not gone.clear.any()
    assert not gone.skin.any()


@pytest.mark.parametrize("whose", ["target", "source"])
def test_what_is_left_of_either_face_bounds_the_mask(whose):
    left = np.arange(600).reshape(SHAPE) % 256
    made = seen_through(WHOLE, sheets(**{whose: left}), PLACE)
    assert made.mask == pytest.approx(np.minimum(WHOLE.mask, left / 255), abs=1e-6)
    assert (made.support == (WHOLE.support & (left > 127))).all()
    assert made.clear.all()


def test_the_mask_never_grows_and_follows_certainty():
    masks = [seen_through(WHOLE, sheets(certain=level), PLACE).mask for level in range(0, 256, 15)]
    for less, more in pairwise(masks):
        assert (less <= more + 1e-6).all()
    assert (masks[-1] == WHOLE.mask).all()


def test_colors_are_measured_where_both_show_bare_skin():
    half = np.where(PLACE[0] < 15, 255, 0)
    for which in ("certain", "target", "source", "bare"):
        made = seen_through(WHOLE, sheets(**{which: half}), PLACE)
        assert (made.skin == (WHOLE.skin & (half > 0))).all(), which


def test_places_say_where_on_the_sheets_to_look():
    half = np.where(PLACE[0] < 15, 255, 0)
    mirrored = np.stack([29 - PLACE[0], PLACE[1]])
    made = seen_through(WHOLE, sheets(certain=half), mirrored)
    assert (made.clear == (half == 0)).all()
    # Beside the sheets their border counts.
    beyond = np.full_like(PLACE, -7)
    assert seen_through(WHOLE, sheets(certain=half), beyond).clear.all()


def test_within_what_is_allowed():
    allowed = RNG.random(SHAPE).astype(np.float32)
    made = WHOLE.within(allowed)
    assert (made.mask == np.minimum(WHOLE.mask, allowed)).all()
    assert (made.support == (WHOLE.support & (allowed > 0.5))).all()
    assert (made.skin == (WHOLE.skin & (allowed > 0.5))).all()
    assert made.clear is WHOLE.clear
    assert same(WHOLE.within(np.ones(SHAPE, np.float32)), WHOLE)
