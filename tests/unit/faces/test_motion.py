"""Faces freed of noise: what moves evenly, suddenly, or not at all."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from gateway.faces.motion import Moving, curve_weights
from gateway.faces.motion import steadied as settle
from gateway.faces.topology import five_points
from tests.unit.pipeline.people import face_of, person

RATE = 30
TIMES = [Fraction(n, RATE) for n in range(13)]
MIDDLE = 6


def steadied(faces, times, at):
    return settle([Moving.of(face) for face in faces], [float(t) for t in times], at)


def spread(faces) -> float:
    """Return how far landmarks stray from their mean, root mean square, in pixels."""
    points = np.array([face.landmarks[:, :2] for face in faces])
    return float(np.sqrt(((points - points.mean(0)) ** 2).sum(-1).mean()))


@pytest.mark.parametrize("degree", [0, 1, 2])
def test_the_weights_pass_every_parabola_through_unchanged(degree):
    offsets = [float(t - TIMES[MIDDLE]) for t in TIMES]
    weights = curve_weights(offsets)
    values = np.array(offsets) ** degree
    assert weights @ values == pytest.approx(float(degree == 0), abs=1e-9)


def test_uneven_frames_count_where_they_are():
    offsets = [-0.15, -0.1, -0.02, 0.0, 0.04, 0.13]
    weights = curve_weights(offsets)
    assert weights @ np.array([3 + 2 * t - 5 * t * t for t in offsets]) == pytest.approx(3)


@pytest.mark.parametrize("offsets", [[0.0, 0.1, 0.2], [-0.1, 0.0], [0.0]])
def test_where_frames_are_on_one_side_only_nothing_is_guessed(offsets):
    assert curve_weights(offsets) is None


def test_noise_on_a_still_face_is_less_than_half_afterwards():
    who = person(1)
    raw = [face_of(who, noise=0.0015, seed=n) for n in range(40)]
    times = [Fraction(n, RATE) for n in range(40)]
    calm = [steadied(raw[n - 6 : n + 7], times[n - 6 : n + 7], 6) for n in range(6, 34)]
    assert spread(calm) < 0.5 * spread(raw[6:34])


@pytest.mark.parametrize("jump", ["step", "even"])
def test_a_head_that_moves_does_not_lag(jump):
    def place(n):
        return 160 + (3.0 * n if jump == "even" else 25.0 * (n >= MIDDLE)), 120

    faces = [face_of(at=place(n)) for n in range(13)]
    out = steadied(faces, TIMES, MIDDLE)
    assert np.abs(out.landmarks - faces[MIDDLE].landmarks).max() < 0.1


def test_a_blink_of_three_frames_is_seen_in_full():
    shut = {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}
    faces = [face_of(None, shut if 5 <= n <= 7 else {}) for n in range(13)]
    out = steadied(faces, TIMES, MIDDLE)
    assert np.abs(out.landmarks - faces[MIDDLE].landmarks).max() < 0.35
    before = steadied(faces, TIMES, 4)
    assert np.abs(before.landmarks - faces[4].landmarks).max() < 0.35


def test_a_turning_head_keeps_its_shape():
    faces = [face_of(person(2), yaw_deg=2.0 * n) for n in range(13)]
    out = steadied(faces, TIMES, MIDDLE)
    assert out.pose.yaw == pytest.approx(faces[MIDDLE].pose.yaw, abs=0.1)
    assert np.abs(out.landmarks - faces[MIDDLE].landmarks).max() < 0.3


def test_all_of_a_face_goes_along():
    faces = [face_of(at=(160, 120 + n % 2)) for n in range(13)]
    out = steadied(faces, TIMES, MIDDLE)
    assert np.allclose(out.landmarks_5, five_points(out.landmarks))
    assert np.allclose(out.box_xyxy[:2], out.landmarks[:468, :2].min(0))
    assert out.fit.translation[0, 1] == pytest.approx(faces[0].fit.translation[0, 1] + 0.5, abs=0.2)
    assert out.quality == faces[MIDDLE].quality


def test_too_few_frames_leave_a_face_as_it_is():
    face = face_of()
    assert steadied([face], TIMES[:1], 0) is face
    assert steadied([face, face], TIMES[:2], 0) is face
    assert steadied([face] * 4, TIMES[:4], 0) is face


def test_what_is_known_of_the_rest_stays():
    rest = np.ones_like(face_of().expression)
    faces = [replace(face_of(), known_rest=rest) for _ in TIMES]
    assert steadied(faces, TIMES, MIDDLE).rest is rest
