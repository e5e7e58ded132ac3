"""Folds of the skin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.faces.morphable.expression import displacement, from_names
from gateway.faces.morphable.model import face_model
from gateway.faces.regions import distance_to_eyes, distance_to_mouth
from gateway.faces.topology import LEFT_EYE, LIPS_INNER, N_MESH, RIGHT_EYE
from gateway.processors.folds import FOLDS_FROM, FOLDS_SHARE, folding, with_folds_of
from tests.unit.imaging.enhance.test_detail import (
    SIZE,
    everywhere,
    flat,
    folded,
    photograph,
    profile,
)

BESIDE_THE_MOUTH, FOREHEAD = [57, 186, 287, 410], [10, 151, 9]
UNIT_PX = 60.0


def motion(length: float, where=slice(None)) -> np.ndarray:
    """Return displacements (468, 3): some landmarks move so far, in inter-ocular distances."""
    out = np.zeros((N_MESH, 3))
    out[where, 1] = length
    return out


def shown(**does: float) -> np.ndarray:
    """Return how an expression moves the skin (468, 3)."""
    return displacement(from_names(does), face_model().rest)[:N_MESH]


# Where


@pytest.mark.parametrize("length", [0.0, 0.9 * FOLDS_FROM])
def test_skin_that_hardly_moves_is_not_folded(length):
    assert (folding(motion(length)) == 0).all()


def test_skin_that_moves_far_is_folded_but_for_the_rims():
    folds = folding(motion(1.0))
    assert (folds[list(RIGHT_EYE + LEFT_EYE + LIPS_INNER)] == 0).all()
    inner = (distance_to_eyes() > 0.3) & (distance_to_mouth() > 0.3)
    assert (folds[inner] == 1).all()


@given(st.integers(0, 999), st.floats(0, 1))
def test_folding_is_a_share_and_grows_with_the_motion(seed, strength):
    moved = strength * np.random.default_rng(seed).normal(size=(N_MESH, 3))
    less, more = folding(moved), folding(1.5 * moved)
    assert 0 <= less.min() <= less.max() <= 1
    assert (more >= less - 1e-6).all()


def test_whichever_way_skin_moves_it_is_folded():
    moved = shown(mouthSmileLeft=1.0, mouthSmileRight=1.0)
    assert folding(moved) == pytest.approx(folding(-moved))
    assert folding(moved) == pytest.approx(folding(moved[:, [2, 0, 1]]))


def test_one_landmark_that_is_off_folds_nothing_by_itself():
    assert folding(motion(0.2, 187)).max() < 0.2


def test_a_smile_folds_the_skin_beside_the_mouth_and_not_the_forehead():
    folds = folding(shown(mouthSmileLeft=1.0, mouthSmileRight=1.0))
    assert folds[BESIDE_THE_MOUTH].min() > 0.1
    assert folds[FOREHEAD].max() == 0


# Whose


def test_without_weight_nothing_changes():
    picture = photograph()
    assert (with_folds_of(picture, photograph(1), everywhere(0), UNIT_PX) == picture).all()


def test_equal_pictures_change_nothing():
    assert (with_folds_of(photograph(), photograph(), everywhere(), UNIT_PX) == photograph()).all()


@pytest.mark.parametrize("unit_px", [40.0, 80.0])
def test_a_fold_of_the_expressive_picture_is_seen_in_part(unit_px):
    fold = folded(width=0.045 * unit_px)
    depth, whole = (
        1 - profile(p).min() for p in (with_folds_of(flat(), fold, everywhere(), unit_px), fold)
    )
    assert 0.05 * whole < depth < FOLDS_SHARE * whole


def test_only_where_the_weight_says():
    weight = everywhere()
    weight[:40] = 0
    out = with_folds_of(flat(), folded(), weight, UNIT_PX)
    assert (out[:40] == flat()[:40]).all()
    assert (out[40:] != flat()[40:]).any()
    assert out.shape == (*SIZE, 3)
