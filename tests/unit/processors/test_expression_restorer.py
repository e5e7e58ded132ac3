"""A face is given an expression."""

import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import DeadlineExceeded
from gateway.faces.morphable.expression import ExpressionRegion, from_names
from gateway.faces.morphable.performance import Openings
from gateway.faces.topology import LEFT_EYE, LIPS_OUTER, N_MESH, RIGHT_EYE
from gateway.processors.expression_restorer import (
    NOISE,
    ExpressionRestorer,
    Performance,
    restore_expression,
    settle,
    shown_by,
)
from gateway.processors.openings import Donor, InpaintingSource, eye_distance
from gateway.processors.reenact import reenact
from tests import tolerances
from tests.synthetic_faces import painted
from tests.unit.imaging.enhance.test_detail import photograph
from tests.unit.pipeline.people import SHAPE, face_of, person

ANN, BEA = person(0), person(2)  # with shut lips and with parted ones
SMILES = {"mouthSmileLeft": 0.8, "mouthSmileRight": 0.8}
GAPES = {"jawOpen": 1.0, "mouthFunnel": 0.8}
LIPS, LIDS = list(LIPS_OUTER), list(RIGHT_EYE + LEFT_EYE)


def image_of(face) -> np.ndarray:
    return painted(face.landmarks, SHAPE)


def asked(face, does: dict[str, float], **performance) -> Performance:
    """Return a performance: what a face shows already, and some controls."""
    return Performance(from_names(does, face.expression), **performance)


def donor_of(face, kind: InpaintingSource = InpaintingSource.SOURCE) -> Donor:
    return Donor(image_of(face), face.landmarks, kind)


def moved(face, result, points) -> float:
    """Return how far some landmarks have gone at most, in inter-ocular distances."""
    off = (result.landmarks - face.landmarks)[points, :2]
    return float(np.linalg.norm(off, axis=1).max()) / eye_distance(face.landmarks)


# Giving an expression


@pytest.mark.parametrize("does", [{}, GAPES])
def test_a_face_s_own_expression_changes_nothing(does):
    face = face_of(BEA, does)
    seen = donor_of(face)
    performance = Performance(face.expression, seen_in=seen, donors=[seen])
    assert restore_expression(image_of(face), face, performance) is None


def test_no_region_changes_nothing():
    face = face_of(BEA)
    assert restore_expression(image_of(face), face, asked(face, GAPES, regions=())) is None


def test_a_smile_lifts_the_corners_of_the_mouth():
    face = face_of(ANN)
    result = restore_expression(image_of(face), face, asked(face, SMILES))
    lifted = (face.landmarks - result.landmarks)[[61, 291]] / eye_distance(face.landmarks)
    assert (lifted[:, 1] > 0.05).all()
    assert lifted[0, 0] > 0.05 > -0.05 > lifted[1, 0]
    assert (result.pixels != result.region.of(image_of(face))).any()


@pytest.mark.parametrize(
    ("regions", "free", "still"),
    [((ExpressionRegion.MOUTH,), LIPS, LIDS), ((ExpressionRegion.EYES,), LIDS, LIPS)],
)
def test_only_the_regions_asked_for_change(regions, free, still):
    face = face_of(ANN)
    both = {**SMILES, "eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}
    result = restore_expression(image_of(face), face, asked(face, both, regions=regions))
    assert moved(face, result, free) > 0.05
    assert moved(face, result, still) < 0.01


def test_a_mouth_opens_on_what_a_donor_shows():
    face, other = face_of(ANN), face_of(person(1), GAPES)
    image = image_of(face)
    without = restore_expression(image, face, asked(face, GAPES))
    lent = restore_expression(image, face, asked(face, GAPES, donors=[donor_of(other)]))
    assert (without.inpainting_sources, lent.inpainting_sources) == (
        {"mouth": InpaintingSource.INVENTED},
        {"mouth": InpaintingSource.SOURCE},
    )


def test_lips_are_as_far_apart_as_asked():
    face = face_of(ANN)
    gap = restore_expression(
        image_of(face),
        face,
        asked(face, {"jawOpen": 0.3}, openings=Openings(np.full(9, 0.15), np.ones(2))),
    ).landmarks[[13, 14], 1]
    assert np.diff(gap) / face.fit.scale[0, 0] == pytest.approx(0.15, abs=0.02)


def test_folds_come_only_from_the_picture_that_shows_the_expression():
    face, other = face_of(ANN), face_of(ANN, SMILES)
    image = image_of(face)
    plain = restore_expression(image, face, asked(face, SMILES))
    flat = Donor(np.full_like(image, 90), other.landmarks, InpaintingSource.SOURCE)
    grain = np.random.default_rng(1).integers(0, 256, image.shape, dtype=np.uint8)
    wrinkled = Donor(grain, other.landmarks, InpaintingSource.SOURCE)
    results = [
        restore_expression(image, face, asked(face, SMILES, seen_in=s)) for s in (flat, wrinkled)
    ]
    for result in results:
        assert result.region == plain.region
        assert (result.landmarks == plain.landmarks).all()
    change = [np.abs(r.pixels.astype(int) - plain.pixels).max(2) for r in results]
    assert change[1].max() > 5
    # Beside the mouth, and nowhere near the forehead.
    top = int(face.landmarks[168, 1]) - plain.region.y0
    assert all((c[: max(top, 0)] == 0).all() for c in change)


def test_arguments_are_not_changed():
    face, image = face_of(ANN), photograph()
    seen = donor_of(face_of(ANN, GAPES))
    before = image.copy(), face.landmarks.copy(), seen.image.copy()
    restore_expression(image, face, asked(face, GAPES, seen_in=seen, donors=[seen]))
    for now, then in zip((image, face.landmarks, seen.image), before, strict=True):
        assert (now == then).all()


@pytest.mark.parametrize("at", [(-400, 120), (5, 120), (160, 235)])
def test_a_face_at_or_beyond_the_border(at):
    face = face_of(ANN, at=at)
    result = restore_expression(image_of(face), face, asked(face, GAPES))
    assert (result is None) == (at[0] < -100)


async def test_the_processor_does_the_same_and_heeds_the_deadline():
    face = face_of(ANN)
    image, performance = image_of(face), asked(face, SMILES)
    restorer = ExpressionRestorer(Compute(inline=True))
    result = await restorer.process(image, face, performance, deadline=Deadline.after(5))
    assert (result.pixels == restore_expression(image, face, performance).pixels).all()
    with pytest.raises(DeadlineExceeded):
        await restorer.process(image, face, performance, deadline=Deadline.after(-1))


# What is known then


def test_what_is_known_of_a_face_follows():
    face = face_of(ANN)
    performance = asked(face, SMILES)
    result = restore_expression(image_of(face), face, performance)
    shown = shown_by(face, result, performance)
    assert (shown.expression == performance.expression).all()
    assert (shown.landmarks == result.landmarks).all()
    assert shown.box_xyxy[:2] == pytest.approx(result.landmarks[:N_MESH, :2].min(0))
    assert (shown.fit.identity == face.fit.identity).all()
    assert (shown.pose, shown.score) == (face.pose, face.score)
    assert (face.expression == face_of(ANN).expression).all()


# Settling


def test_what_is_within_the_noise_is_left_alone():
    found = face_of(ANN).landmarks
    limit = 0.95 * NOISE * eye_distance(found)
    angle = np.random.default_rng(0).uniform(0, 2 * np.pi, len(found))
    for depth in (0, 50):  # which is only guessed
        off = np.column_stack([limit * np.cos(angle), limit * np.sin(angle), depth + 0 * angle])
        expected = (found + off).astype(np.float32)
        assert settle(image_of(face_of(ANN)), found, expected) is None


def test_what_is_off_by_more_is_moved_back_but_for_the_noise():
    face = face_of(ANN)
    expected = face.landmarks.copy()
    lower = expected[:, 1] > expected[4, 1]
    expected[lower, 1] += 6
    result = settle(image_of(face), face.landmarks, expected)
    went = (result.landmarks - face.landmarks)[lower, 1]
    noise = NOISE * eye_distance(face.landmarks)
    assert went == pytest.approx(6 - noise, abs=tolerances.FLOAT32_PIXELS)
    assert (result.landmarks[~lower] == face.landmarks[~lower]).all()


def test_settling_fills_a_mouth_from_the_picture_before():
    shut, gaping = face_of(ANN), face_of(ANN, GAPES)
    before = donor_of(gaping, InpaintingSource.TARGET)
    result = settle(image_of(shut), shut.landmarks, gaping.landmarks, [before])
    assert result.inpainting_sources == {"mouth": InpaintingSource.TARGET}


def test_settling_is_reenacting_where_there_is_no_noise(monkeypatch):
    monkeypatch.setattr("gateway.processors.expression_restorer.NOISE", 0.0)
    face = face_of(ANN)
    expected = face_of(ANN, SMILES).landmarks
    settled = settle(image_of(face), face.landmarks, expected)
    assert (settled.pixels == reenact(image_of(face), face.landmarks, expected).pixels).all()
