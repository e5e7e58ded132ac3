"""Which faces lie before others."""

import numpy as np

from gateway.faces.mesh_looks import distinct
from gateway.faces.overlap import covering, nearness
from gateway.faces.topology import FACE_OVAL
from tests.unit.pipeline.people import face_of

FAR = face_of(at=(120, 120), scale_px=40)
NEAR = face_of(at=(170, 125), scale_px=60)
BESIDE = face_of(at=(210, 125), scale_px=60)
AWAY = face_of(at=(290, 60), scale_px=20)


def test_what_looks_larger_is_nearer_however_it_is_turned():
    for yaw_deg in (-60, 0, 60):
        assert nearness(face_of(scale_px=52, yaw_deg=yaw_deg)) > nearness(face_of(scale_px=50))
        assert nearness(face_of(scale_px=48, yaw_deg=yaw_deg)) < nearness(face_of(scale_px=50))


def test_a_nearer_face_covers_a_farther_one_and_not_the_other_way_round():
    faces = [FAR, AWAY, NEAR]
    (outline,) = covering(FAR, faces)
    assert (outline == NEAR.landmarks[list(FACE_OVAL), :2]).all()
    assert covering(NEAR, faces) == covering(AWAY, faces) == []


def test_of_two_equal_faces_exactly_one_is_nearer():
    one, other = face_of(at=(120, 120)), face_of(at=(150, 120))
    assert len(covering(one, [one, other])) + len(covering(other, [one, other])) == 1


def test_a_face_that_is_found_twice_is_one():
    meshes = [f.landmarks for f in (FAR, face_of(at=(124, 121), scale_px=42), BESIDE, AWAY)]
    scores = np.array([0.8, 0.9, 0.7, 0.6], np.float32)
    assert distinct(meshes, [0, 1, 2, 3], scores) == [1, 2, 3]
