"""Which portrait serves which part of a face."""

import numpy as np
import pytest

from gateway.faces.topology import N_MESH, topology
from gateway.processors.base import Patch, Portrait
from gateway.processors.openings import is_open
from gateway.processors.portraits import (
    Choice,
    choose,
    patch_weight,
    shut_eyes,
    sidelight,
)
from tests import tolerances
from tests.synthetic_faces import painted
from tests.unit.pipeline.people import SHAPE, face_of, person

ANN = person(0)  # with shut lips
BLINKS = {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}
GAPES = {"jawOpen": 1.0, "mouthFunnel": 0.8}
SMILES = {"mouthSmileLeft": 0.9, "mouthSmileRight": 0.9}


def portrait(does: dict[str, float] | None = None, *, lit: float = 0.0, **where) -> Portrait:
    """Return a portrait; `lit` is how much brighter its left half is, as a logarithm."""
    face = face_of(ANN, does, **where)
    light = np.exp(np.where(np.arange(SHAPE[1]) < face.centre_xy[0], lit / 2, -lit / 2))
    image = painted(face.landmarks, SHAPE) * 0.6 * light[:, None]
    return Portrait(np.clip(image, 0, 255).astype(np.uint8), face)


def chosen(target: Portrait, *portraits: Portrait) -> Choice:
    return choose(target.image, target.face, portraits)


# As a whole


def test_the_only_portrait_serves():
    assert chosen(portrait(GAPES, yaw_deg=30), portrait()) == Choice(0, {})


@pytest.mark.parametrize(("yaw", "best"), [(-35, 0), (-5, 1), (25, 2)])
def test_the_nearest_pose_serves(yaw, best):
    portraits = [portrait(yaw_deg=angle) for angle in (-30, 0, 30)]
    assert chosen(portrait(yaw_deg=yaw), *portraits).base == best


@pytest.mark.parametrize("order", [1, -1])
def test_the_nearest_expression_serves(order):
    shut, gaping = portrait(), portrait(GAPES)
    portraits = [shut, gaping][::order]
    for wanted in (shut, gaping):
        assert portraits[chosen(wanted, *portraits).base] is wanted


@pytest.mark.parametrize(("lit", "best"), [(0.6, 0), (0.0, 1), (-0.6, 2)])
def test_the_nearest_light_serves(lit, best):
    portraits = [portrait(lit=light) for light in (0.5, 0.0, -0.5)]
    assert chosen(portrait(lit=lit), *portraits) == Choice(best, {})


def test_of_equals_the_first():
    assert chosen(portrait(), portrait(), portrait()) == Choice(0, {})


# Part by part


def test_open_eyes_come_from_the_portrait_that_has_them():
    laughs = {**SMILES, **GAPES}
    blinks, turned = portrait({**laughs, **BLINKS}), portrait(yaw_deg=10)
    eyes = {Patch.RIGHT_EYE: 1, Patch.LEFT_EYE: 1}
    assert chosen(portrait(laughs), blinks, turned) == Choice(0, eyes)


def test_shut_eyes_are_no_flaw_where_shut_ones_are_asked_for():
    blinks, turned = portrait(BLINKS), portrait(yaw_deg=20)
    assert chosen(portrait(BLINKS), blinks, turned) == Choice(0, {})


def test_a_patch_must_be_clearly_nearer():
    smiling, blinking = dict.fromkeys(SMILES, 0.3), portrait(BLINKS)
    assert chosen(portrait(), portrait(smiling), blinking) == Choice(0, {})
    assert chosen(portrait(), portrait(SMILES), blinking) == Choice(0, {Patch.MOUTH: 1})


def test_a_patch_is_never_the_base_itself():
    looks = [None, BLINKS, GAPES, SMILES]
    portraits = [portrait(does, yaw_deg=angle) for does in looks for angle in (-15, 15)]
    for does in looks:
        choice = chosen(portrait(does), *portraits)
        assert choice.base not in choice.patches.values()


# What is seen


def test_shut_eyes_and_open_mouths_are_told():
    assert shut_eyes(face_of(ANN, BLINKS))
    assert not shut_eyes(face_of(ANN))
    assert is_open(face_of(ANN, GAPES).landmarks)
    assert not is_open(face_of(ANN).landmarks)


@pytest.mark.parametrize("scale_px", [20, 60])
def test_what_is_told_does_not_depend_on_the_size(scale_px):
    assert shut_eyes(face_of(ANN, BLINKS, scale_px=scale_px))
    assert is_open(face_of(ANN, GAPES, scale_px=scale_px).landmarks)


@pytest.mark.parametrize("lit", [-0.8, 0.0, 0.3])
def test_sidelight_is_positive_from_the_left_of_the_picture(lit):
    lamp = portrait(lit=lit)
    assert sidelight(lamp.image, lamp.face.landmarks) == pytest.approx(lit, rel=0.15, abs=0.02)


def test_sidelight_does_not_depend_on_the_exposure_and_is_turned_by_a_mirror():
    lamp = portrait(lit=0.6)
    landmarks, found = lamp.face.landmarks, sidelight(lamp.image, lamp.face.landmarks)
    assert sidelight(lamp.image // 2, landmarks) == pytest.approx(found, abs=0.1)
    mirrored = landmarks[topology().mirror] * [-1, 1, 1] + [SHAPE[1] - 1, 0, 0]
    assert sidelight(lamp.image[:, ::-1], mirrored) == pytest.approx(-found, abs=0.02)


@pytest.mark.parametrize("at", [(-400, 120), (160, 900), (0, 0)])
def test_cheeks_outside_the_picture_have_finite_light(at):
    assert np.isfinite(sidelight(portrait().image, face_of(at=at).landmarks))


@pytest.mark.parametrize("patch", Patch)
def test_a_patch_fades_out_from_its_own_part(patch):
    weight = patch_weight(patch)
    assert weight.shape == (N_MESH,)
    assert (weight.min(), weight.max()) == (0, 1)
    own = {Patch.RIGHT_EYE: 159, Patch.LEFT_EYE: 386, Patch.MOUTH: 13}
    assert [int(weight[i]) for i in own.values()] == [patch is name for name in own]
    with pytest.raises(ValueError, match="read-only"):
        weight[0] = 1


def test_patches_of_the_eyes_mirror_each_other():
    right, left = (patch_weight(p) for p in (Patch.RIGHT_EYE, Patch.LEFT_EYE))
    mirror = topology().mirror[:N_MESH]
    # On the line between the sides a landmark may be its own partner.
    aside = np.abs(topology().mean[:N_MESH, 0]) > tolerances.FLOAT32_PIXELS
    assert right[aside] == pytest.approx(left[mirror][aside], abs=1e-3)
    assert (np.minimum(right, left)[aside] == 0).all()
