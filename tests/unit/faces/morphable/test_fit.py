"""The fit, of faces the model made itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from gateway.faces.assess import MAX_RESIDUAL
from gateway.faces.morphable.controls import INDEX, PARTNERS, mirrored
from gateway.faces.morphable.expression import from_names
from gateway.faces.morphable.fit import (
    bare_faces,
    fit_landmarks,
    polar_rotation,
    quaternion_products,
)
from gateway.faces.morphable.model import N_NAMED, face_model
from gateway.faces.topology import N_LANDMARKS
from tests import tolerances
from tests.synthetic_faces import (
    AT,
    SCALE_PX,
    SIZE_WH,
    fit_of,
    landmarks_of,
    somebody,
    synthetic_faces,
    turned,
)

MIDDLE, RIGHT_EDGE = np.array([*AT, 0]), np.array([2 * AT[0], 0, 0])
FIELDS = ("identity", "expression", "rotation", "translation", "scale", "residual")
LAUGHS = {"jawOpen": 0.7, "mouthSmileLeft": 0.6, "mouthSmileRight": 0.6, "eyeSquintLeft": 0.5}
POSES = [
    {},
    {"yaw": 25, "pitch": 10},
    {"yaw": -45, "roll": 30},
    {"pitch": -30, "roll": 170},
    {"yaw": 60},
]


def angle(rotation: np.ndarray, other: np.ndarray) -> float:
    """Return the angle between two rotations (3, 3), radians."""
    return float(Rotation.from_matrix(rotation @ other.T).magnitude())


def off_by(fit, landmarks: np.ndarray) -> np.ndarray:
    """Return how far the fit's landmarks (N, 478) are from others, on screen."""
    return np.linalg.norm((fit.landmarks() - landmarks)[..., :2], axis=-1) / fit.scale


def noise(sigma: float, seed: int = 0) -> np.ndarray:
    """Return errors of landmarks (478, 3); `sigma` in inter-ocular distances."""
    return SCALE_PX * sigma * np.random.default_rng(seed).normal(size=(N_LANDMARKS, 3))


def near(landmarks: np.ndarray, away: float) -> np.ndarray:
    """Return landmarks (478, 3) as a lens sees them that is `away` inter-ocular distances off."""
    head = (landmarks - MIDDLE) / SCALE_PX
    return SCALE_PX * head * away / (away + head[:, 2:]) + MIDDLE


# What comes back


@pytest.mark.parametrize("does", [{}, LAUGHS], ids=["rest", "laughs"])
@pytest.mark.parametrize("pose", POSES)
def test_pose_and_landmarks_come_back(pose, does):
    landmarks = landmarks_of(somebody(1), does, **pose)
    fit = fit_of(landmarks)
    assert angle(fit.rotation[0], turned(**pose)) < tolerances.MADE_POSE
    assert fit.scale[0, 0] == pytest.approx(SCALE_PX, rel=tolerances.MADE_POSE)
    assert fit.translation[0] == pytest.approx([*AT, 0], abs=tolerances.MADE_POSE * SCALE_PX)
    assert off_by(fit, landmarks).mean() < tolerances.MADE_LANDMARKS
    assert fit.residual[0, 0] < tolerances.MADE_LANDMARKS


@pytest.mark.parametrize("pose", POSES)
def test_who_it_is_comes_back_whatever_they_do(pose):
    people = range(6)
    found = fit_of(*(landmarks_of(somebody(n), LAUGHS, **pose) for n in people)).identity
    alike = np.corrcoef(found, [somebody(n) for n in people])[: len(people), len(people) :]
    assert (alike.argmax(1) == people).all()
    assert np.diag(alike).min() > 0.8


def test_what_they_do_is_seen_over_what_they_do_not():
    resting, laughing = fit_of(landmarks_of(), landmarks_of(None, LAUGHS)).named
    more = laughing - resting
    assert {int(k) for k in np.argsort(more)[-len(LAUGHS) :]} == {INDEX[name] for name in LAUGHS}


def test_the_mean_face_is_at_rest():
    fit = fit_of(SCALE_PX * face_model().mean + [*AT, 0])
    assert np.abs(fit.identity).max() < 0.1
    assert fit.named.max() < 0.1


def test_controls_stay_between_0_and_1():
    named = fit_landmarks(*synthetic_faces(50, noise=0.1).values()).named
    assert named.min() >= 0
    assert named.max() <= 1


# What does not matter


@settings(max_examples=40, deadline=None)
@given(
    roll=st.floats(-180, 180),
    scale=st.floats(0.1, 10),
    shift=st.tuples(*[st.floats(-2000, 2000)] * 2),
)
def test_moving_turning_and_scaling_the_picture_changes_only_the_pose(roll, scale, shift):
    turn = turned(roll=roll)
    landmarks = landmarks_of(somebody(1), LAUGHS, yaw=25, pitch=-10) + noise(0.01)
    before, after = fit_of(landmarks), fit_of(scale * landmarks @ turn.T + [*shift, 0])
    for name in ("identity", "expression", "residual"):
        difference = np.abs(getattr(after, name) - getattr(before, name))
        assert difference.max() < tolerances.FIT_COEFFICIENTS, name
    assert angle(after.rotation[0], turn @ before.rotation[0]) < tolerances.FIT_POSE
    assert after.scale == pytest.approx(scale * before.scale, rel=tolerances.FIT_POSE)
    where = scale * turn @ before.translation[0] + [*shift, 0]
    assert after.translation[0] == pytest.approx(where, abs=tolerances.FIT_POSE * 2000)


@pytest.mark.parametrize("pose", POSES)
def test_a_mirror_swaps_the_sides(pose):
    landmarks = landmarks_of(somebody(1), LAUGHS, **pose)
    fit, other = fit_of(landmarks), fit_of(mirrored(landmarks) + RIGHT_EDGE)
    swapped = other.named[:, PARTNERS]
    assert np.abs(swapped - fit.named).max() < tolerances.FIT_COEFFICIENTS
    assert other.residual == pytest.approx(fit.residual, abs=tolerances.FIT_POSE)


def test_the_picture_s_size_is_only_a_unit():
    landmarks = landmarks_of(somebody(1), LAUGHS)[None]
    ordinary, huge = (fit_landmarks(landmarks, np.array([s])) for s in (SIZE_WH, (9000, 100)))
    for name in FIELDS:
        difference = np.abs(getattr(huge, name) - getattr(ordinary, name))
        assert difference.max() < tolerances.FIT_COEFFICIENTS, name


@pytest.mark.parametrize("known", [False, True])
def test_a_batch_is_its_faces_one_by_one(known):
    inputs = synthetic_faces(5, scale_px=SCALE_PX)
    bare = face_model().mean if known else None
    together = fit_landmarks(*inputs.values(), bare=bare)
    for n in range(5):
        alone = fit_landmarks(*(array[n : n + 1] for array in inputs.values()), bare=bare)
        for name in FIELDS:
            pair = getattr(alone, name), getattr(together.of(n), name)
            assert pair[0] == pytest.approx(pair[1], abs=tolerances.FIT_COEFFICIENTS), name


@pytest.mark.parametrize("yaw", [-60, 60])
def test_what_faces_away_hardly_counts(yaw):
    landmarks = landmarks_of(somebody(1), LAUGHS, yaw=yaw)
    x = face_model().mean[:, :1] * np.sign(yaw)
    errors = noise(0.05)
    clean, behind, before = fit_of(
        landmarks, landmarks + errors * (x > 0.9), landmarks + errors * (x < -0.9)
    ).identity
    assert np.linalg.norm(behind - clean) < 0.2 * np.linalg.norm(before - clean)


# What is a face


def test_noise_raises_the_residual():
    landmarks = landmarks_of(somebody(1), LAUGHS, yaw=20)
    sigmas = (0, 0.005, 0.01, 0.02, 0.05)
    residual = fit_of(*(landmarks + noise(sigma) for sigma in sigmas)).residual[:, 0]
    assert (np.diff(residual) > 0).all()
    # Two coordinates of error, and what the network gets wrong in depth.
    assert residual[1:] == pytest.approx(np.sqrt(3) * np.array(sigmas[1:]), rel=0.2)


@pytest.mark.parametrize("away", [2.8, 4, 10], ids=["very near", "25 cm", "an arm's length"])
@pytest.mark.parametrize("yaw", [-45, 0, 30])
def test_a_selfie_is_a_face(away, yaw):
    fit = fit_of(*(near(landmarks_of(somebody(s), LAUGHS, yaw=yaw), away) for s in range(5)))
    assert fit.residual.max() < MAX_RESIDUAL


@pytest.mark.parametrize("height", [0.75, 0.85, 1.15])
def test_a_child_is_a_face(height):
    landmarks = landmarks_of(somebody(1), LAUGHS) - MIDDLE
    below_eyes = landmarks[:, 1] > 0
    landmarks[below_eyes] *= [1, height, height]
    assert fit_of(landmarks + MIDDLE).residual < MAX_RESIDUAL


@pytest.mark.parametrize("yaw", [-40, 0, 40])
def test_shuffled_landmarks_are_none(yaw):
    landmarks, rng = landmarks_of(somebody(1), yaw=yaw), np.random.default_rng(0)
    fit = fit_of(*(landmarks[rng.permutation(N_LANDMARKS)] for _ in range(20)))
    assert fit.residual.min() > 2 * MAX_RESIDUAL


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("value", [0.0, 333.3, -1e30])
def test_what_is_degenerate_gives_finite_numbers(value, known):
    bare = face_model().mean if known else None
    fit = fit_of(np.full((N_LANDMARKS, 3), value), bare=bare)
    assert all(np.isfinite(getattr(fit, name)).all() for name in FIELDS)
    assert fit.residual[0, 0] > MAX_RESIDUAL


@pytest.mark.parametrize("axes", [(1, 1, 0), (1, 1, -1)], ids=["flat", "inside out"])
def test_what_is_not_solid_turns_like_a_solid(axes):
    landmarks = SCALE_PX * face_model().mean * axes @ turned(yaw=20, roll=30).T + [*AT, 0]
    (rotation,) = fit_of(landmarks).rotation
    assert rotation.T @ rotation == pytest.approx(np.eye(3), abs=tolerances.FIT_POSE)
    assert np.linalg.det(rotation) == pytest.approx(1, abs=tolerances.FIT_POSE)


def test_a_tiny_and_a_huge_face_are_the_same_face():
    inputs = [landmarks_of(somebody(1), LAUGHS, scale_px=scale) for scale in (0.5, 5000.0)]
    tiny, huge = fit_of(*inputs).identity
    assert tiny == pytest.approx(huge, abs=tolerances.FIT_COEFFICIENTS)


# Of a known person


def test_a_known_face_tells_what_it_does():
    bare = face_model().shape(somebody(1), np.zeros_like(face_model().rest))
    landmarks = landmarks_of(somebody(1), from_names(LAUGHS), yaw=15)
    known, alone = (fit_of(landmarks, bare=b).named[0] for b in (bare, None))
    for name, value in LAUGHS.items():
        assert known[INDEX[name]] == pytest.approx(value, abs=0.2)
        assert abs(known[INDEX[name]] - value) < abs(alone[INDEX[name]] - value)


def test_a_known_face_stays_the_same_person():
    bare = face_model().shape(somebody(1), face_model().rest)
    fit = fit_of(landmarks_of(somebody(2), LAUGHS), landmarks_of(yaw=30), bare=bare)
    assert np.ptp(fit.identity, axis=0).max() == 0


def test_a_known_face_that_does_nothing_does_nothing():
    nothing = np.zeros(N_NAMED + face_model().n_residual)
    bare = face_model().shape(somebody(1), nothing)
    fit = fit_of(landmarks_of(somebody(1), nothing, yaw=20), bare=bare)
    assert fit.named.max() < 0.01
    assert fit.residual[0, 0] < tolerances.MADE_POSE


@pytest.mark.parametrize("pose", POSES)
def test_a_bare_face_is_who_it_is(pose):
    landmarks = landmarks_of(somebody(1), LAUGHS, **pose)
    fit = fit_of(landmarks)
    (bare,) = bare_faces(landmarks[None], np.array([SIZE_WH]), fit)
    made = face_model().shape(fit.identity[0], np.zeros_like(fit.expression[0]))
    assert np.abs(bare - made)[:, :2].mean() < tolerances.MADE_LANDMARKS


# Rotations


@given(st.tuples(*[st.floats(-180, 180)] * 3), st.floats(0.01, 100))
def test_the_rotation_of_a_rotation_is_itself(angles, scale):
    rotation = Rotation.from_euler("ZYX", angles, degrees=True).as_matrix()
    assert polar_rotation(scale * rotation[None])[0] == pytest.approx(
        rotation, abs=tolerances.AFFINE
    )


@given(st.lists(st.floats(-10, 10), min_size=9, max_size=9))
def test_any_matrix_has_a_finite_answer_and_most_a_proper_rotation(entries):
    matrix = np.reshape(entries, (1, 3, 3))
    found = polar_rotation(matrix)[0]
    assert np.isfinite(found).all()
    u, s, v = np.linalg.svd(matrix[0])
    sign = np.linalg.det(u @ v)
    # Between the two best rotations; where they are equally good there is no answer.
    if s[1] + sign * s[2] > 0.3 * s[0] and s[0] > 1e-3:
        assert found == pytest.approx(u @ np.diag([1, 1, sign]) @ v, abs=1e-3)


@given(st.tuples(*[st.floats(-180, 180)] * 3))
def test_a_rotation_is_the_products_of_its_quaternion(angles):
    rotation = Rotation.from_euler("ZYX", angles, degrees=True)
    x, y, z, w = rotation.as_quat()
    quaternion = np.array([w, x, y, z])
    entries = quaternion_products() @ np.outer(quaternion, quaternion).ravel()
    assert entries.reshape(3, 3) == pytest.approx(rotation.as_matrix(), abs=tolerances.AFFINE)
