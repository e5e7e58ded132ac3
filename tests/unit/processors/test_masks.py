"""Where a new face is to be seen."""

import cv2
import numpy as np
import pytest

from gateway.faces.atlas import atlas
from gateway.imaging.masks.soft import sampled
from gateway.processors.masks import matte_of
from tests.synthetic_faces import painted
from tests.unit.pipeline.people import SHAPE, face_of
from tests.unit.processors.layers import covered, layer_of, nothing

FACE = face_of(scale_px=60)
LAYER = layer_of(FACE, painted(FACE.landmarks, SHAPE))
BARE = covered(nothing())


def cheek(size=14):
    """Return something round before the middle of the face."""
    hidden = nothing()
    cv2.circle(hidden, (64, 85), size, 1.0, -1)
    return hidden


def here(plane):
    """Return a plane of the atlas at the layer's pixels."""
    return np.where(LAYER.support, sampled(plane.astype(np.float32), LAYER.place), 0)


HIDDEN = here(cheek())


PLAIN = LAYER.support & (here(atlas().plain) > 0.99)


@pytest.mark.parametrize("seen", [None, BARE], ids=["unknown", "bare"])
def test_with_nothing_before_either_face_the_layer_says_where_it_counts(seen):
    matte = matte_of(LAYER, seen, seen)
    assert (matte.mask == LAYER.mask).all()
    assert (matte.support == LAYER.support).all()
    assert matte.clear.all()
    # Colours are measured on bare skin alone.
    assert (matte.skin <= PLAIN).all()
    assert matte.skin.sum() > 0.9 * PLAIN.sum()


def test_what_is_before_the_target_stays():
    matte = matte_of(LAYER, covered(cheek()), None)
    assert (matte.mask[HIDDEN > 0.99] == 0).all()
    assert not matte.clear[HIDDEN > 0.5].any()
    assert not matte.skin[HIDDEN > 0.5].any()
    away = here(cheek(26)) == 0
    assert (matte.mask[away] == LAYER.mask[away]).all()


def test_what_is_before_the_source_is_not_carried_along():
    matte = matte_of(LAYER, None, covered(cheek()))
    assert matte.mask[HIDDEN > 0.99].max() < 0.3
    assert not matte.support[HIDDEN > 0.5].any()
    assert matte.clear.all()
    away = here(cheek(26)) == 0
    assert (matte.mask[away] == LAYER.mask[away]).all()


@pytest.mark.parametrize("whose", ["target", "source"])
def test_the_new_face_keeps_away_from_what_covers_either(whose):
    seen = covered(cheek())
    matte = matte_of(LAYER, **{whose: seen})
    beside = (here(cheek(15)) > 0.9) & (HIDDEN < 0.1)
    assert beside.sum() > 20
    assert matte.mask[beside].mean() < 0.8 * LAYER.mask[beside].mean()
    assert not matte.skin[beside].any()
    both = matte_of(LAYER, seen, seen)
    assert (both.mask <= matte.mask + 1e-6).all()


def test_skin_is_where_both_show_it():
    left, right = nothing(), nothing()
    left[:, :40] = right[:, 88:] = 1
    both = matte_of(LAYER, covered(left), covered(right))
    assert not both.skin[here(left) > 0.5].any()
    assert not both.skin[here(right) > 0.5].any()
    assert both.skin.any()
    assert (both.skin <= LAYER.skin).all()


@pytest.mark.parametrize("certainty", [0.0, 0.2, 0.5, 0.8, 1.0])
def test_the_surer_it_is_that_something_is_before_it_the_less_is_replaced(certainty):
    masks = [matte_of(LAYER, covered(cheek() * c), None).mask for c in (certainty, 1.0)]
    assert (masks[1] <= masks[0] + 1e-6).all()
    assert (masks[0] <= LAYER.mask).all()


def test_limits_combine_by_the_least():
    rows, columns = np.indices(LAYER.mask.shape)
    half = (rows < LAYER.mask.shape[0] / 2).astype(np.float32)
    soft = (columns / columns.max()).astype(np.float32)
    seen = matte_of(LAYER, covered(cheek()), None)
    matte = matte_of(LAYER, covered(cheek()), None, [half, soft])
    assert (matte.mask == np.minimum(seen.mask, np.minimum(half, soft))).all()
    assert (matte.support == (seen.support & (half > 0.5) & (soft > 0.5))).all()
    assert (matte.skin <= seen.skin).all()
    assert (matte.clear == seen.clear).all()


def test_a_limit_of_nothing_leaves_nothing():
    matte = matte_of(LAYER, None, None, [np.zeros(LAYER.mask.shape, np.float32)])
    assert not matte.mask.any()
    assert not matte.support.any()


def test_the_layer_is_not_changed():
    before = LAYER.mask.copy()
    matte_of(LAYER, covered(cheek()), covered(cheek()), [np.zeros_like(before)])
    assert (LAYER.mask == before).all()
