import numpy as np
import pytest

from gateway.faces.atlas import atlas
from gateway.faces.occlusion import Visibility
from gateway.faces.topology import FACE_OVAL, LEFT_EYE, RIGHT_EYE
from gateway.processors.base import Portrait
from gateway.processors.face_swapper import SwapSettings, swap_layer
from gateway.processors.mirroring import mirrored, with_other_side
from tests.unit.faces.test_landmarks import assessed, face_landmarks
from tests.unit.processors.test_face_swapper import photograph

SHAPE = (400, 500)


def portrait(seen=None, **pose) -> Portrait:
    marks = face_landmarks(**pose)
    return Portrait(photograph(1), assessed(marks, SHAPE), seen)


def test_a_mirror_shows_the_right_eye_where_the_left_one_was():
    one = portrait()
    other = mirrored(one)
    was, now = one.face.landmarks, other.face.landmarks
    for ring, partner in ((RIGHT_EYE, LEFT_EYE), (LEFT_EYE, RIGHT_EYE)):
        x, y = was[list(ring), :2].mean(0)
        assert now[list(partner), :2].mean(0) == pytest.approx([SHAPE[1] - 1 - x, y], abs=1e-3)
    assert (other.image == one.image[:, ::-1]).all()


def test_a_mirror_of_a_mirror_is_the_portrait():
    one = portrait()
    again = mirrored(mirrored(one))
    assert again.face.landmarks == pytest.approx(one.face.landmarks, abs=1e-4)
    assert (again.image == one.image).all()


def test_what_either_side_shows_is_seen():
    visible = np.ones(atlas().face.shape, np.float32)
    visible[:, :50] = 0
    assert with_other_side(Visibility(visible)).visible.min() == 1


def test_a_cheek_that_is_turned_away_comes_from_the_other_side():
    target = photograph()
    face = assessed(face_landmarks(), SHAPE)
    layer = swap_layer(target, face, portrait(yaw=45), SwapSettings(shape=0))
    frontal = swap_layer(target, face, portrait(), SwapSettings(shape=0))
    assert layer.support.sum() > 0.9 * frontal.support.sum()


def test_what_is_hidden_comes_from_the_other_side():
    visible = np.ones(atlas().face.shape, np.float32)
    visible[60:110, 20:50] = 0
    target, face = photograph(), assessed(face_landmarks(), SHAPE)
    whole = swap_layer(target, face, portrait(), SwapSettings(shape=0))
    filled = swap_layer(target, face, portrait(Visibility(visible)), SwapSettings(shape=0))
    changed = (whole.pixels != filled.pixels).any(-1)
    assert changed.any()
    columns = np.flatnonzero(changed.any(0))
    middle = face.landmarks[list(FACE_OVAL), 0].mean() - filled.region.x0
    assert (columns < middle).all() or (columns > middle).all()
