"""The names of what a face can do."""

import numpy as np
import pytest

from gateway.faces.morphable.controls import (
    CONTROLS,
    INDEX,
    NOT_SEEN,
    ORDER,
    PARTNERS,
    ControlArea,
    controls_of,
    mirrored,
)
from gateway.faces.morphable.model import N_NAMED, face_model
from gateway.faces.topology import N_LANDMARKS

EACH = pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.name)


def test_names_are_unique_and_in_the_order_of_the_coefficients():
    assert tuple(control.name for control in CONTROLS) == ORDER
    assert {name: ORDER.index(name) for name in ORDER} == INDEX
    assert len(INDEX) == len(CONTROLS) == N_NAMED == len(face_model().named)


def test_with_those_not_seen_they_are_arkit_s_52():
    assert not set(ORDER) & set(NOT_SEEN)
    assert len({*ORDER, *NOT_SEEN}) == len(ORDER) + len(NOT_SEEN) == 52


def test_partners_are_an_involution():
    assert (PARTNERS[PARTNERS] == np.arange(len(CONTROLS))).all()


@EACH
def test_every_left_has_a_right_and_the_middle_itself(control):
    left, right = (control.name.replace(*swap) for swap in (("Right", "Left"), ("Left", "Right")))
    assert control.partner == (left if control.name == right else right)


@EACH
def test_partners_share_a_part_and_mirror_each_other(control):
    partner = CONTROLS[INDEX[control.partner]]
    assert partner.part is control.part
    assert (partner.measure == mirrored(control.measure)).all()


@EACH
def test_a_measure_is_a_few_landmarks(control):
    assert control.measure.shape == (N_LANDMARKS, 3)
    assert 1 <= control.measure.any(1).sum() <= 12


def test_mirroring_twice_changes_nothing():
    points = np.random.default_rng(0).normal(size=(2, N_LANDMARKS, 3))
    assert (mirrored(mirrored(points)) == points).all()


def test_every_control_is_of_exactly_one_part():
    parts = np.stack([controls_of([part]) for part in ControlArea])
    assert parts.any(1).all()
    assert (parts.sum(0) == 1).all()
    assert controls_of(ControlArea).all()
    assert not controls_of([]).any()
