"""Where a face's landmarks go when it shows another expression."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.faces.morphable.expression import ExpressionRegion, from_names
from gateway.faces.morphable.model import N_NAMED, face_model
from gateway.faces.morphable.performance import (
    LIDS,
    LIPS,
    REST_GAP,
    Openings,
    apart,
    opening,
    openings_of,
    perform,
    true_lips,
)
from gateway.faces.topology import LEFT_EYE, LIPS_INNER, LIPS_OUTER, RIGHT_EYE
from gateway.imaging.geometry.transforms import euler_degrees, fit_similarity_3d
from tests import tolerances
from tests.synthetic_faces import AT, SCALE_PX, fit_of, landmarks_of, somebody, turned

EYES = (*LIDS["right"], *LIDS["left"])
IRISES, MOUTH = list(range(468, 478)), list(LIPS_OUTER + LIPS_INNER)
BROWS, RIMS, CHIN = [55, 107, 285, 336], list(RIGHT_EYE + LEFT_EYE), [152, 175, 199]
BLINK = {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}
OPEN = {"jawOpen": 0.8}
LIVELY = {"browInnerUp": 0.8, "eyeLookUpLeft": 0.8, "eyeLookUpRight": 0.8, "mouthFunnel": 0.8}
LIVELY |= {**OPEN, **BLINK}
SEEDS = st.integers(0, 999)
FEW = settings(max_examples=40, deadline=None)


def lip_gaps(landmarks, fit) -> np.ndarray:
    return openings_of(landmarks, fit).lips


def agape(lips, lids=(1.0, 1.0)) -> Openings:
    return Openings(np.asarray(lips, np.float64), np.asarray(lids, np.float64))


def changed(fit, values: dict[str, float]) -> np.ndarray:
    """Return the expression of a fit, with some controls set."""
    return from_names(values, fit.expression[0])


def high_eyed(height: float, **pose: float) -> np.ndarray:
    """Return landmarks (478, 3) of somebody whose eyes are so many times as high as usual."""
    rotation = turned(**pose)
    head = (landmarks_of(somebody(1), **pose) - [*AT, 0]) @ rotation
    for ring in (list(RIGHT_EYE), list(LEFT_EYE)):
        middle = head[ring, 1].mean()
        head[ring, 1] = middle + height * (head[ring, 1] - middle)
    return head @ rotation.T + [*AT, 0]


def gaps(landmarks: np.ndarray, pairs, rotation=None) -> np.ndarray:
    """Return by how much each pair is apart, upright in the head's frame; < 0 if it crosses."""
    head = landmarks @ (np.eye(3) if rotation is None else rotation) / SCALE_PX
    above, below = (list(side) for side in zip(*pairs, strict=True))
    return (head[below] - head[above])[:, 1]


def moved(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return how far each landmark (478,) has gone, in inter-ocular distances."""
    return np.linalg.norm(after - before, axis=1) / SCALE_PX


def anything(seed: int) -> np.ndarray:
    """Return controls (K + C,) at random, many of them at their ends."""
    rng, out = np.random.default_rng(seed), np.array(face_model().rest)
    out[:N_NAMED] = np.clip(rng.uniform(-1, 2, N_NAMED), 0, 1)
    return out


# What stays


@pytest.mark.parametrize("does", [{}, OPEN, {"mouthSmileLeft": 0.7, "browInnerUp": 0.5}])
@pytest.mark.parametrize("pose", [{}, {"yaw": 25}, {"pitch": -15, "roll": 100}])
def test_the_same_expression_moves_nothing(does, pose):
    landmarks = landmarks_of(somebody(1), does, **pose)
    fit = fit_of(landmarks)
    again = perform(landmarks, fit, fit.expression[0])
    assert np.abs(again - landmarks).max() < tolerances.FLOAT32_PIXELS


@FEW
@given(SEEDS)
def test_the_head_stays_where_it_is(seed):
    landmarks = landmarks_of(somebody(1), OPEN, yaw=20)
    shown = perform(landmarks, fit_of(landmarks), anything(seed))
    head = fit_similarity_3d(landmarks - [*AT, 0], shown - [*AT, 0], face_model().rigidity)
    assert moved(landmarks, shown).max() > 0.1
    assert euler_degrees(head.rotation) == pytest.approx((0, 0, 0), abs=0.3)
    assert head.scale == pytest.approx(1, abs=0.01)
    assert head.translation == pytest.approx(np.zeros(3), abs=0.003 * SCALE_PX)


@pytest.mark.parametrize(
    ("region", "free", "still"),
    [
        (ExpressionRegion.UPPER_FACE, BROWS, MOUTH + CHIN + IRISES),
        (ExpressionRegion.EYES, RIMS, MOUTH + CHIN + BROWS),
        (ExpressionRegion.GAZE, IRISES, MOUTH + CHIN + BROWS),
        (ExpressionRegion.MOUTH, MOUTH, BROWS + RIMS + IRISES),
        (ExpressionRegion.LOWER_FACE, CHIN, BROWS + RIMS + IRISES),
    ],
)
def test_only_the_regions_asked_for_move(region, free, still):
    landmarks = landmarks_of(somebody(1))
    wanted = from_names(LIVELY)
    length = moved(landmarks, perform(landmarks, fit_of(landmarks), wanted, [region]))
    assert length[still].mean() < 0.25 * length[free].max()
    assert length[free].max() > 0.02


def test_no_region_moves_nothing():
    landmarks = landmarks_of(somebody(1))
    shown = perform(
        landmarks,
        fit_of(landmarks),
        anything(1),
        (),
        openings=agape(np.full(len(LIPS), 0.2), (0, 0)),
    )
    assert np.abs(shown - landmarks).max() < tolerances.FLOAT32_PIXELS


@FEW
@given(st.floats(-180, 180), st.floats(0.2, 5))
def test_it_is_the_same_in_a_turned_and_enlarged_picture(roll, scale):
    landmarks, turn = landmarks_of(somebody(1), yaw=15), turned(roll=roll)
    other = scale * landmarks @ turn.T
    wanted = from_names({"jawOpen": 0.6, "eyeBlinkLeft": 0.5})
    here, there = (perform(points, fit_of(points), wanted) for points in (landmarks, other))
    assert np.abs(there - scale * here @ turn.T).max() / scale < 0.02


def test_arguments_are_not_changed():
    landmarks = landmarks_of(somebody(1)).astype(np.float32)
    before = landmarks.copy()
    perform(landmarks, fit_of(landmarks), anything(1))
    assert (landmarks == before).all()


# Eyes


@pytest.mark.parametrize("height", [0.8, 1.0, 1.4])
@pytest.mark.parametrize("pose", [{}, {"yaw": 30}, {"yaw": -30, "roll": 90}])
def test_a_blink_shuts_eyes_of_any_height(height, pose):
    landmarks = high_eyed(height, **pose)
    fit = fit_of(landmarks)
    shut = perform(landmarks, fit, changed(fit, BLINK))
    for pairs in LIDS.values():
        before, after = (gaps(points, pairs, turned(**pose)) for points in (landmarks, shut))
        assert before.mean() > 0.05
        assert after.mean() < 0.01
        assert after.max() < 0.03


def test_half_a_blink_shuts_them_half():
    landmarks = landmarks_of(somebody(1))
    fit = fit_of(landmarks)
    heights = [
        gaps(perform(landmarks, fit, changed(fit, {"eyeBlinkLeft": b})), LIDS["left"]).mean()
        for b in (0, 0.25, 0.5, 0.75, 1)
    ]
    assert (np.diff(heights) < 0).all()
    assert heights[-1] < 0.3 * heights[2] < 0.3 * heights[0]


def test_one_eye_blinks_without_the_other():
    landmarks = landmarks_of(somebody(1))
    fit = fit_of(landmarks)
    winks = perform(landmarks, fit, changed(fit, {"eyeBlinkLeft": 1.0}))
    assert gaps(winks, LIDS["left"]).mean() < 0.01
    before = gaps(landmarks, LIDS["right"])
    assert gaps(winks, LIDS["right"]) == pytest.approx(before, abs=0.02)


@pytest.mark.parametrize("height", [0.8, 1.4])
def test_irises_do_not_follow_the_lids(height):
    landmarks = high_eyed(height)
    fit = fit_of(landmarks)
    length = moved(landmarks, perform(landmarks, fit, changed(fit, BLINK)))
    assert length[IRISES].max() < 0.1 * length[RIMS].max()


def test_shut_eyes_open_as_far_as_they_were_open():
    opened, shut = landmarks_of(somebody(1)), landmarks_of(somebody(1), BLINK)
    fit = fit_of(shut)
    again = perform(shut, fit, changed(fit, {"eyeBlinkLeft": 0.0, "eyeBlinkRight": 0.0}))
    heights = [gaps(points, LIDS["left"]).mean() for points in (shut, again, opened)]
    assert heights[0] < heights[1] < 1.2 * heights[2]


# Lips


@FEW
@given(SEEDS, st.floats(-40, 40))
def test_neither_lids_nor_lips_ever_cross(seed, yaw):
    landmarks = landmarks_of(somebody(seed), OPEN, yaw=yaw)
    fit = fit_of(landmarks)
    shown = perform(landmarks, fit, anything(seed))
    for pairs in (EYES, LIPS):
        before, after = (gaps(points, pairs, fit.rotation[0]) for points in (landmarks, shown))
        assert (after > np.minimum(before, 0) - tolerances.FLOAT32_PIXELS).all()


def test_an_open_mouth_shuts_at_rest():
    landmarks = landmarks_of(somebody(1), OPEN)
    fit = fit_of(landmarks)
    shut = perform(landmarks, fit, face_model().rest, rest=face_model().rest)
    assert gaps(landmarks, LIPS).mean() > 0.1
    assert gaps(shut, LIPS).mean() < 2 * REST_GAP


@pytest.mark.parametrize("scale_px", [20.0, 200.0])
def test_lips_are_as_far_apart_as_another_face_shows(scale_px):
    other = landmarks_of(somebody(2), {"jawOpen": 0.5}, scale_px=scale_px, yaw=10)
    wanted = lip_gaps(other, fit_of(other))
    landmarks = landmarks_of(somebody(1))
    fit = fit_of(landmarks)
    shown = perform(landmarks, fit, changed(fit, {"jawOpen": 0.5}), openings=agape(wanted))
    assert lip_gaps(shown, fit) == pytest.approx(wanted, abs=0.1 * wanted.max())


def test_lips_stay_where_the_mouth_is_not_asked_for():
    landmarks = landmarks_of(somebody(1), OPEN)
    fit = fit_of(landmarks)
    shown = perform(
        landmarks, fit, anything(1), [ExpressionRegion.GAZE], openings=agape(np.zeros(len(LIPS)))
    )
    assert lip_gaps(shown, fit) == pytest.approx(lip_gaps(landmarks, fit), abs=0.01)


@pytest.mark.parametrize("name", ["jawOpen", "mouthFunnel", "mouthLowerDownLeft"])
def test_controls_that_open_a_mouth_open_it(name):
    landmarks = landmarks_of(somebody(0))  # lips shut
    fit = fit_of(landmarks)
    assert lip_gaps(landmarks, fit).max() < 0.01
    opened = perform(landmarks, fit, changed(fit, {name: 1.0}))
    assert lip_gaps(opened, fit).max() > 0.03


# The pieces


def test_what_crosses_meets_half_way_and_the_rest_stays():
    landmarks = landmarks_of(somebody(1)).astype(np.float32)
    crossed = landmarks.copy()
    crossed[[13, 14]] = crossed[[14, 13]]
    mended = apart(crossed, landmarks, np.eye(3))
    half_way = landmarks[[13, 14], 1].mean()
    assert mended[[13, 14], 1] == pytest.approx([half_way] * 2, abs=tolerances.FLOAT32_PIXELS)
    assert (mended[[13, 14]][:, [0, 2]] == crossed[[13, 14]][:, [0, 2]]).all()
    others = np.delete(np.arange(len(landmarks)), [13, 14])
    assert (mended[others] == landmarks[others]).all()
    assert apart(mended, landmarks, np.eye(3)) == pytest.approx(mended)


def test_what_lay_crossed_before_may_stay_so():
    landmarks = landmarks_of(somebody(1)).astype(np.float32)
    landmarks[[13, 14]] = landmarks[[14, 13]]
    assert (apart(landmarks, landmarks, np.eye(3)) == landmarks).all()


def test_lips_that_are_parted_at_rest_open_further():
    landmarks = landmarks_of(somebody(2))
    fit = fit_of(landmarks)
    shown = perform(landmarks, fit, changed(fit, {"jawOpen": 1.0}))
    assert lip_gaps(shown, fit).mean() > lip_gaps(landmarks, fit).mean()


@pytest.mark.parametrize(("lids", "least", "most"), [(0.0, -0.02, 0.02), (1.0, 0.04, 0.25)])
def test_lids_are_as_far_apart_as_another_face_shows(lids, least, most):
    for shown in ({}, BLINK):
        landmarks = landmarks_of(somebody(1), shown)
        fit = fit_of(landmarks)
        openings = agape(lip_gaps(landmarks, fit), (lids, lids))
        made = perform(landmarks, fit, fit.expression[0], openings=openings)
        for pairs in LIDS.values():
            assert least <= gaps(made, pairs).mean() <= most


def test_an_opening_is_measured_in_pixels_wherever_it_lies():
    landmarks = landmarks_of(somebody(1), OPEN)
    turn = turned(roll=77)
    assert opening(2 * landmarks @ turn.T + 9, LIPS) == pytest.approx(2 * opening(landmarks, LIPS))
    assert opening(landmarks[:, :2], LIPS) == opening(landmarks, LIPS)


def test_lip_gaps_are_the_same_at_every_size_and_pose():
    found = []
    for scale_px, pose in ((20.0, {}), (300.0, {"yaw": 20, "roll": 50})):
        landmarks = landmarks_of(somebody(1), OPEN, scale_px=scale_px, **pose)
        found.append(lip_gaps(landmarks, fit_of(landmarks)))
    assert found[0] == pytest.approx(found[1], abs=0.02)
    assert (found[0] >= 0).all()


def gaping(lips: float) -> np.ndarray:
    """Return landmarks of somebody whose lips are so far apart, in inter-ocular distances."""
    face = landmarks_of(somebody(1))
    fit = fit_of(face)
    wanted = agape(np.full(len(LIPS), lips))
    return perform(face, fit, fit.expression[0], openings=wanted)


def test_lips_of_a_gaping_mouth_lie_beyond_their_landmarks():
    wide = gaping(0.4)
    out = true_lips(wide)
    assert opening(out, LIPS) > 1.15 * opening(wide, LIPS)
    assert out[RIMS] == pytest.approx(wide[RIMS], abs=0.02 * SCALE_PX)


@pytest.mark.parametrize("lips", [0.0, 0.05, 0.1])
def test_lips_of_any_other_mouth_are_where_they_are(lips):
    face = gaping(lips)
    assert true_lips(face) is face
