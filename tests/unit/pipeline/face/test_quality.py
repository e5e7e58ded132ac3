from dataclasses import replace

import numpy as np
import pytest

from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import InvalidOptions, QualityBelowThreshold
from gateway.faces.embedding import FaceEmbedder
from gateway.pipeline.face.quality import (
    LIMITS,
    ResultQuality,
    expression_error,
    pose_error_deg,
    shortfalls,
    worst,
)
from gateway.pipeline.fuse_image import ImageFuser
from gateway.pipeline.options.groups import QualityLimits, QualityOptions
from gateway.pipeline.options.swap import parse_options
from gateway.pipeline.timings import Timings
from gateway.settings import Settings
from gateway.testing_faces import fake_face_inference
from tests.unit.pipeline.face.test_attempts import figures
from tests.unit.pipeline.people import face_of, nothing_hidden, person
from tests.unit.pipeline.test_fuse_image import Watcher, image_of

ANN, BOB = person(0), person(4)
SMILES = {"mouthSmileLeft": 0.9, "mouthSmileRight": 0.9}
IMPOSSIBLE = {"max_seam_ratio": 1e-6}


async def swapped(*targets, source=None, found=None, skin=(150, 110, 90), observe=None, **options):
    """Swap the source's face into the targets; returns the result and its analyser."""
    source = source or face_of(BOB)
    analyser = Watcher([source], list(targets), **({} if found is None else {"again": found}))
    compute = Compute(inline=True)
    embedder = FaceEmbedder(fake_face_inference(), compute)
    expected = QualityLimits(max_seam_ratio=1.6, max_pose_error_deg=5)
    fuser = ImageFuser(
        analyser, embedder, nothing_hidden(), compute, expected=expected, observe=observe
    )
    target = image_of(targets[0])
    for other in targets[1:]:
        place = np.s_[:, int(other.box_xyxy[0]) - 10 : int(other.box_xyxy[2]) + 10]
        target[place] = image_of(other)[place]
    result = await fuser.swap(
        [image_of(source, skin=skin)],
        target,
        parse_options(options),
        deadline=Deadline.after(5),
        timings=Timings(),
    )
    return result, analyser, target


async def quality(*targets, **asked):
    result, _, _ = await swapped(*(targets or (face_of(ANN),)), **asked)
    return result.swapped[0].quality


# What is measured


async def test_pixels_are_measured_without_the_networks():
    told = await quality()
    assert told.figures.outside_psnr_db == np.inf
    assert told.figures.outside_ssim == 1
    assert told.figures.seam_ratio > 0
    assert told.figures.found is None
    assert told.figures.identity_distance is None
    assert told.attempts == 1


async def test_an_expression_that_was_given_moves_pixels_around_the_face():
    told = await quality(source=face_of(BOB, {"jawOpen": 1.0}), expression="source")
    assert np.isfinite(told.figures.outside_psnr_db)
    assert told.figures.outside_ssim < 1


@pytest.mark.parametrize(
    ("asked", "looks"),
    [
        ({}, False),
        ({"report": True}, True),
        ({"limits": {"max_seam_ratio": 50}}, False),
        ({"limits": {"max_pose_error_deg": 50}}, True),
        ({"report": False, "limits": {"max_identity_distance": 2}}, True),
    ],
)
async def test_networks_look_where_they_are_asked_for(asked, looks):
    result, analyser, _ = await swapped(face_of(ANN), quality=asked)
    assert bool(analyser.followed) == looks
    assert result.swapped[0].quality.figures.found is (True if looks else None)


async def test_who_is_seen_is_told_by_both():
    told = (await quality(skin=(200, 150, 120), quality={"report": True})).figures
    other = (await quality(skin=(40, 60, 90), color="none", blend="feather")).figures
    assert told.identity_distance < 0.1
    assert told.target_identity_distance < 0.1
    assert other.identity_distance is None


async def test_what_is_found_again_is_held_against_what_was_to_be_shown():
    turned = {"found": lambda faces: [face_of(ANN, SMILES, yaw_deg=10)]}
    told = (await quality(**turned, quality={"report": True})).figures
    assert told.pose_error_deg == pytest.approx(10, abs=1.5)
    assert told.expression_error > 0.02
    same = (await quality(quality={"report": True})).figures
    assert (same.pose_error_deg, same.expression_error) == (0, 0)


async def test_a_face_that_is_lost_has_no_expression():
    told = await quality(found=lambda faces: [], quality={"report": True})
    assert told.figures.found is False
    assert told.figures.expression_error is None
    assert "pose_error_deg" in told.findings


async def test_without_a_swap_there_is_nothing_to_measure():
    result, _, _ = await swapped(
        face_of(ANN), source=face_of(BOB, SMILES), processors=["expression_restorer"]
    )
    assert result.swapped[0].quality is None


def test_errors_of_expression_and_pose():
    face = face_of(ANN)
    assert expression_error(face, face) == pose_error_deg(face, face) == 0
    errors = [expression_error(face_of(ANN, {"jawOpen": x}), face) for x in (0.3, 0.6, 0.9)]
    assert 0 < errors[0] < errors[1] < errors[2]
    assert pose_error_deg(face_of(ANN, yaw_deg=20), face) == pytest.approx(20, abs=1)


def test_who_it_is_is_no_error_of_the_expression():
    face = face_of(ANN)
    coefficients = face.fit.expression.copy()
    coefficients[:, -3:] += 2
    other = replace(face, fit=replace(face.fit, expression=coefficients))
    assert expression_error(other, face) == 0


# What is expected, and what is asked for


def test_every_limit_is_about_a_figure_and_has_a_setting():
    assert set(LIMITS.values()) == set(QualityLimits.model_fields)
    assert {f"quality_{name}" for name in LIMITS.values()} <= set(Settings.model_fields)


@pytest.mark.parametrize(
    ("limits", "known", "short"),
    [
        ({}, {"seam_ratio": 99.0}, {}),
        ({"max_seam_ratio": 2}, {"seam_ratio": 2.0}, {}),
        ({"max_seam_ratio": 2}, {"seam_ratio": 3.0}, {"seam_ratio": 0.5}),
        ({"min_sharpness_ratio": 0.5}, {"sharpness_ratio": 0.25}, {"sharpness_ratio": 0.5}),
        ({"min_sharpness_ratio": 0}, {"sharpness_ratio": 0.0}, {}),
        ({"max_ring_delta_e": 4}, {"ring_delta_e": 6.0}, {"ring_delta_e": 0.5}),
        ({"max_ring_delta_e": 4}, {"ring_delta_e": 6.0, "target_ring_delta_e": 6.0}, {}),
        ({"max_ring_delta_e": 4}, {"ring_delta_e": None}, {}),
        ({"max_pose_error_deg": 4}, {"pose_error_deg": None}, {}),
        (
            {"max_pose_error_deg": 4},
            {"pose_error_deg": None, "found": False},
            {"pose_error_deg": 1},
        ),
    ],
)
def test_shortfalls_are_told_in_shares_of_the_limit(limits, known, short):
    assert shortfalls(figures(**known), QualityLimits(**limits)) == pytest.approx(short)


async def test_beyond_what_is_expected_is_a_finding_and_no_error():
    turned = {"found": lambda faces: [face_of(ANN, yaw_deg=15)]}
    assert (await quality(**turned, quality={"report": True})).findings == ("pose_error_deg",)
    assert (await quality()).findings == ()


async def test_limits_that_cannot_be_met_are_an_error():
    told = []
    with pytest.raises(QualityBelowThreshold) as raised:
        await quality(
            quality={"limits": IMPOSSIBLE}, observe=lambda q, enough: told.append((q, enough))
        )
    assert raised.value.extra["attempts"] == 6
    ((seen, enough),) = told
    assert (seen.attempts, enough) == (6, False)


async def test_without_retry_it_is_tried_once():
    with pytest.raises(QualityBelowThreshold) as raised:
        await quality(quality={"limits": IMPOSSIBLE, "retry": False})
    assert raised.value.extra["attempts"] == 1


PAIR = [face_of(ANN, at=(90, 120), scale_px=35), face_of(BOB, at=(230, 120), scale_px=35)]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"processors": ["face_swapper", "expression_restorer"], "expression": "source"},
    ],
)
async def test_the_kept_attempt_is_as_if_asked_for_at_once(asked):
    # Another skin, just laid over: matching its colour makes the border less visible.
    dark = {"face_selector": {"mode": "many"}, "skin": (90, 60, 45), **asked}
    plain = {**dark, "color": "none", "blend": "feather"}
    bad, good = [
        worst(face.quality for face in (await swapped(*PAIR, **how))[0].swapped)["seam_ratio"]
        for how in (plain, dark)
    ]
    assert good < bad
    limits = {"limits": {"max_seam_ratio": (good + bad) / 2}}
    result, _, _ = await swapped(*PAIR, **plain, quality=limits)
    kept = {(face.quality.color, face.quality.blend) for face in result.swapped}
    assert len(result.swapped) == 2
    assert result.swapped[0].quality.attempts > 1
    ((color, blend),) = kept
    again, _, _ = await swapped(*PAIR, **{**dark, "color": color, "blend": blend})
    assert (result.image == again.image).all()


def test_the_worst_of_several_faces():
    both = [
        _quality(seam_ratio=1.5, sharpness_ratio=0.9, ring_delta_e=None),
        _quality(seam_ratio=1.1, sharpness_ratio=0.4, ring_delta_e=3.0),
    ]
    told = worst([*both, None])
    assert told == {"seam_ratio": 1.5, "sharpness_ratio": 0.4, "ring_delta_e": 3.0}
    assert worst([]) == {}


def _quality(**known):
    return ResultQuality(figures(**known), (), 1, "none", "feather")


# Options


def test_a_report_is_decided_once():
    assert parse_options({}).reporting().quality == QualityOptions(report=True)
    plain = parse_options({"quality": {"report": False}})
    assert plain.reporting() is plain


def test_limits_are_about_swapped_faces():
    alone = {"processors": ["expression_restorer"]}
    with pytest.raises(InvalidOptions, match="out of range"):
        parse_options({**alone, "quality": {"limits": {"max_seam_ratio": 2}}})
    assert parse_options({**alone, "quality": {"report": True}}).measures
