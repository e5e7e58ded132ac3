"""What stays of a target's face, and where it goes."""

import numpy as np
import pytest

from gateway.faces.atlas import area_of, atlas
from gateway.faces.occlusion import Visibility
from gateway.faces.topology import LEFT_EYE, RIGHT_EYE
from gateway.imaging.geometry.warp import Region
from gateway.processors.base import Portrait
from gateway.processors.kept import Kept, kept_of, kept_pixels
from gateway.processors.openings import MOUTH, RIGHT
from tests.unit.faces.test_landmarks import assessed, face_landmarks
from tests.unit.processors.test_face_swapper import photograph

SHAPE = (400, 500)


def shut(landmarks: np.ndarray, *which) -> np.ndarray:
    out = landmarks.copy()
    for opening in which:
        for above, below in opening.pairs:
            out[[above, below]] = (out[above] + out[below]) / 2
    return out


def kept(target=None, source=None, eyes="source", seen=None) -> Kept:
    target, source = (face_landmarks() if marks is None else marks for marks in (target, source))
    portrait = Portrait(photograph(), assessed(source, SHAPE), seen)
    return kept_of(assessed(target, SHAPE), portrait, eyes)


def test_eyes_are_the_sources_unless_asked_for():
    assert (kept().right, kept().left) == (0, 0)
    assert (kept(eyes="target").right, kept(eyes="target").left) == (1, 1)


def test_an_eye_that_the_source_keeps_shut_is_the_targets():
    winking = kept(source=shut(face_landmarks(), RIGHT))
    assert (winking.right, winking.left) == (1, 0)


def test_both_shut_is_the_sources_lid():
    both = kept(target=shut(face_landmarks(), RIGHT), source=shut(face_landmarks(), RIGHT))
    assert both.right == 0


def test_an_eye_that_is_hidden_in_the_source_is_the_targets():
    visible = np.ones(atlas().face.shape, np.float32)
    visible[area_of(atlas().place, (LEFT_EYE,), 2)] = 0
    hidden = kept(seen=Visibility(visible))
    assert (hidden.right, hidden.left) == (0, 1)


def test_eyes_behind_glasses_are_the_targets():
    bared = Portrait(photograph(), assessed(face_landmarks(), SHAPE), eyes_unknown=True)
    found = kept_of(assessed(face_landmarks(), SHAPE), bared, "source")
    assert (found.right, found.left) == (1, 1)


def test_a_mouth_is_the_targets_as_far_as_it_is_open():
    assert kept(target=shut(face_landmarks(), MOUTH)).mouth == 0
    assert 0 < kept().mouth <= 1


def test_distance_is_0_where_something_is_kept_and_far_where_nothing_is():
    assert Kept(1, 1, 1).distance()[list(RIGHT_EYE)] == pytest.approx(0)
    assert Kept(0, 0, 0).distance().min() > 3
    assert Kept(1, 0, 0).distance()[list(LEFT_EYE)].min() > 1


def test_what_is_kept_moves_with_its_landmarks():
    picture, before = photograph(), face_landmarks()
    after = before.copy()
    after[:, 0] += 6
    whole = Region(0, 0, SHAPE[1], SHAPE[0])
    moved = kept_pixels(picture, before, after, Kept(0, 0, 1), whole)
    x, y = np.rint(after[MOUTH.lids, :2].mean(0)).astype(int)
    assert moved.share[y, x] == pytest.approx(1)
    off = moved.pixels[y, x - 3 : x + 4].astype(int) - picture[y, x - 9 : x - 2]
    assert np.abs(off).max() < 12
    assert moved.share[: int(before[:, 1].min())].max() == 0


def test_what_does_not_move_is_left_alone():
    before = face_landmarks()
    whole = Region(0, 0, SHAPE[1], SHAPE[0])
    assert kept_pixels(photograph(), before, before, Kept(1, 1, 1), whole) is None
    after = before + np.float32(9)
    assert kept_pixels(photograph(), before, after, Kept(0, 0, 0), whole) is None
