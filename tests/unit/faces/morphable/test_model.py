"""The learned arrays, and what must hold of them however they are learned."""

from dataclasses import fields, replace

import numpy as np
import pytest

from gateway.faces.morphable.controls import CONTROLS, PARTNERS, ControlArea, mirrored
from gateway.faces.morphable.model import (
    N_NAMED,
    POSE_TERMS,
    FaceModel,
    face_model,
    pack,
    pose_terms,
    unpack,
)
from gateway.faces.topology import (
    LEFT_EYE,
    LEFT_IRIS,
    LIPS_INNER,
    LIPS_OUTER,
    N_LANDMARKS,
    RIGHT_EYE,
    RIGHT_IRIS,
)
from tests import tolerances
from tests.synthetic_faces import turned

MODEL = face_model()
ARRAYS = [field.name for field in fields(FaceModel) if field.name != "source_sha256"]
BASES = ("identity", "named", "residual", "pose")
NUMBERS = pytest.mark.parametrize("k", range(N_NAMED), ids=[c.name for c in CONTROLS])

LIDS, IRISES = RIGHT_EYE + LEFT_EYE, RIGHT_IRIS + LEFT_IRIS
LIPS, CHIN, BROWS = LIPS_OUTER + LIPS_INNER, (152, 175, 199), (46, 55, 107, 276, 285, 336)
FAR = {
    ControlArea.BROWS: LIPS + CHIN + IRISES,
    ControlArea.EYES: LIPS + CHIN + BROWS + IRISES,
    ControlArea.GAZE: LIPS + CHIN + BROWS,
    ControlArea.CHEEKS: CHIN + BROWS + IRISES,
    ControlArea.MOUTH: BROWS + LIDS + IRISES,
    ControlArea.JAW: BROWS + LIDS + IRISES,
}
"""Landmarks that the controls of a part have no business with."""


def lengths(k: int) -> np.ndarray:
    """Return how far control k moves each landmark (478,)."""
    return np.linalg.norm(MODEL.named[k].reshape(N_LANDMARKS, 3), axis=1)


def rigid_motions() -> np.ndarray:
    """Return shifts, turns and growth of the rigid points, weighted by rigidity (7, V)."""
    x, y, z = MODEL.mean.T.astype(float)
    zero, one = np.zeros_like(x), np.ones_like(x)
    shifts = [(one, zero, zero), (zero, one, zero), (zero, zero, one)]
    turns = [(zero, -z, y), (z, zero, -x), (-y, x, zero), (x, y, z)]
    motions = np.stack([np.column_stack(motion) for motion in shifts + turns])
    weights = MODEL.rigidity / MODEL.rigidity.sum()
    return (motions * weights[:, None]).reshape(len(motions), -1)


# The arrays


def test_shapes_are_the_documented_ones():
    v, i, k, c = MODEL.mean.size, MODEL.n_identity, N_NAMED, MODEL.n_residual
    expected = {
        "mean": (N_LANDMARKS, 3),
        "identity": (i, v),
        "named": (k, v),
        "residual": (c, v),
        "pose": (POSE_TERMS, v),
        "identity_readout": (v, i),
        "expression_readout": (v, k + c),
        "gram": (k, k),
        "leak": (k, c),
        "rigidity": (N_LANDMARKS,),
        "rest": (k + c,),
        "rest_share": (k,),
        "covariance": (k + c, k + c),
        "extent": (2,),
        "identity_evidence": (i,),
        "seen": (k,),
        "held_out": MODEL.held_out.shape,
    }
    assert {name: getattr(MODEL, name).shape for name in ARRAYS} == expected


@pytest.mark.parametrize("name", [name for name in ARRAYS if name != "held_out"])
def test_arrays_are_finite_and_cannot_be_changed(name):
    array = getattr(MODEL, name)
    assert array.dtype == np.float32
    assert np.isfinite(array).all()
    with pytest.raises(ValueError, match="read-only"):
        array[...] = 0


def test_numbers_that_are_shares_are():
    k = N_NAMED
    for shares in (MODEL.rest[:k], MODEL.rest_share, MODEL.seen, MODEL.rigidity):
        assert shares.min() >= 0
        assert shares.max() <= 1
    assert (MODEL.identity_evidence > 0).all()
    assert 0 < MODEL.extent[0] < MODEL.extent[1]


@pytest.mark.parametrize("name", ["gram", "covariance"])
def test_quadratic_terms_are_symmetric_and_positive(name):
    matrix = getattr(MODEL, name).astype(float)
    assert matrix == pytest.approx(matrix.T, rel=1e-4, abs=1e-4)
    assert np.linalg.eigvalsh(matrix).min() > -1e-6 * np.trace(matrix)


def test_packing_and_unpacking_returns():
    again = unpack(pack(MODEL))
    assert again.source_sha256 == MODEL.source_sha256
    for name in ARRAYS:
        assert (getattr(again, name) == getattr(MODEL, name)).all(), name


def test_what_was_not_packed_yet_comes_back_to_half_precision():
    rng = np.random.default_rng(0)
    raw = replace(
        MODEL,
        named=rng.uniform(-0.3, 0.3, MODEL.named.shape),
        identity_readout=rng.normal(size=MODEL.identity_readout.shape)
        * np.geomspace(1e-6, 1e6, 24),
    )
    again = unpack(pack(raw))
    assert np.abs(again.named - raw.named).max() < tolerances.HALF_PRECISION
    off = np.abs(again.identity_readout - raw.identity_readout).max(0)
    assert (off < 1e-3 * np.abs(raw.identity_readout).max(0)).all()


# Sides and parts


def test_the_mean_and_the_face_at_rest_are_symmetric():
    assert mirrored(MODEL.mean) == pytest.approx(MODEL.mean, abs=tolerances.HALF_PRECISION)
    rest = MODEL.rest[:N_NAMED]
    assert rest[PARTNERS] == pytest.approx(rest)


@NUMBERS
def test_partners_do_the_same_on_the_other_side(k):
    shape, partner = (MODEL.named[n].reshape(N_LANDMARKS, 3) for n in (k, PARTNERS[k]))
    assert mirrored(shape) == pytest.approx(partner, abs=tolerances.HALF_PRECISION)


@NUMBERS
def test_a_control_moves_its_own_measure_the_right_way(k):
    moved = MODEL.named[k].reshape(N_LANDMARKS, 3)
    assert (CONTROLS[k].measure * moved).sum() > 0.02


@NUMBERS
def test_a_control_leaves_other_parts_nearly_alone(k):
    moved = lengths(k)
    # What is left is the head's own motion, taken out of every control.
    assert moved[list(FAR[CONTROLS[k].part])].max() < 0.25 * moved.max()


@NUMBERS
def test_above_the_mouth_one_side_moves_without_the_other(k):
    control = CONTROLS[k]
    if control.partner == control.name or control.part in (ControlArea.MOUTH, ControlArea.JAW):
        return
    x = MODEL.mean[:, 0]
    other = x > 0.2 if control.name.endswith("Right") else x < -0.2
    assert lengths(k)[other].max() < 0.25 * lengths(k).max()


# Who and what are told apart


def test_a_shape_of_identity_coefficients_is_read_as_these():
    read = MODEL.identity @ MODEL.identity_readout
    assert np.abs(read - np.eye(MODEL.n_identity)).max() < tolerances.READ_OUT


@pytest.mark.parametrize("basis", ["named", "residual"])
def test_no_expression_passes_for_an_identity(basis):
    assert np.abs(getattr(MODEL, basis) @ MODEL.identity_readout).max() < tolerances.READ_OUT


@pytest.mark.parametrize("basis", BASES)
def test_nothing_the_model_adds_moves_turns_or_grows_the_head(basis):
    assert np.abs(getattr(MODEL, basis) @ rigid_motions().T).max() < tolerances.RIGID_MOTION


# Shapes


def test_nobody_doing_nothing_is_the_mean():
    nothing = np.zeros(MODEL.n_identity), np.zeros(N_NAMED + MODEL.n_residual)
    assert (MODEL.shape(*nothing) == MODEL.mean).all()


def test_identity_and_expression_add_up():
    rng = np.random.default_rng(0)
    who, does = rng.normal(size=MODEL.n_identity), rng.random(N_NAMED + MODEL.n_residual)
    apart = MODEL.shape(who, 0 * does) + MODEL.shape(0 * who, does) - MODEL.mean
    assert MODEL.shape(who, does) == pytest.approx(apart, abs=1e-6)


def test_many_shapes_at_once_are_those_one_by_one():
    rng = np.random.default_rng(0)
    who, does = rng.normal(size=(3, MODEL.n_identity)), rng.random((3, N_NAMED + MODEL.n_residual))
    poses = np.stack([turned(yaw=yaw) for yaw in (-30, 0, 40)])
    for n, shape in enumerate(MODEL.shape(who, does, poses)):
        assert shape == pytest.approx(MODEL.shape(who[n], does[n], poses[n]), abs=1e-6)


@pytest.mark.parametrize("roll", [-90, 20, 180])
def test_turning_the_picture_does_not_change_the_distortion(roll):
    upright = pose_terms(turned(yaw=30, pitch=-10))
    assert pose_terms(turned(yaw=30, pitch=-10, roll=roll)) == pytest.approx(upright)
    assert pose_terms(turned(roll=roll)) == pytest.approx(np.zeros(POSE_TERMS), abs=1e-12)
