"""A face's pixels follow its landmarks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.faces.topology import FACE_OVAL, N_MESH
from gateway.imaging.geometry.apron import RINGS
from gateway.processors.fillings import LID_SHADOW, soft_opening
from gateway.processors.openings import LEFT, MOUTH, RIGHT, Donor, InpaintingSource, eye_distance
from gateway.processors.reenact import BRIGHTNESS, color_gain, reenact
from tests import tolerances
from tests.synthetic_faces import INSIDE, IRIS, LIP, SKIN, WHITE, landmarks_of, painted, somebody
from tests.unit.processors.test_openings import ALL, SHAPE, middle

SHUT = {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}
GAPES = {"jawOpen": 1.0, "mouthFunnel": 0.8}
SMILES = {"mouthSmileLeft": 0.8, "mouthSmileRight": 0.8}
MARK = (255, 255, 0)


def face(does: dict[str, float] | None = None, **where) -> np.ndarray:
    """Return landmarks (478, 3) of somebody with shut lips, 60 pixels between the eyes."""
    where = {"scale_px": 60.0, "at": (160, 120), **where}
    return landmarks_of(somebody(0), does, **where).astype(np.float32)


def shut(landmarks: np.ndarray, *openings) -> np.ndarray:
    """Return landmarks (478, 3) with openings shut half-way between their rims."""
    out = landmarks.copy()
    for which in openings:
        above, below = (list(side) for side in zip(*which.pairs, strict=True))
        out[above] = out[below] = (out[above] + out[below]) / 2
    return out


def written(image: np.ndarray, result) -> np.ndarray:
    """Return a picture with what changed in it."""
    out = image.copy()
    if result is not None:
        result.region.of(out)[...] = result.pixels
    return out


def far(color: np.ndarray, other) -> np.ndarray:
    """Return how far colours (…, 3) are from another one, in levels."""
    return np.abs(color.astype(int) - other).max(-1)


def eye_pixels(picture: np.ndarray) -> int:
    """Return how many pixels look like an eye."""
    return int(((far(picture, WHITE) < 60) | (far(picture, IRIS) < 60)).sum())


# What stays


@pytest.mark.parametrize("does", [{}, GAPES, SHUT])
def test_landmarks_that_stay_change_nothing(does):
    landmarks = face(does)
    lent = Donor(painted(landmarks, SHAPE), landmarks, InpaintingSource.SOURCE)
    assert reenact(painted(landmarks, SHAPE), landmarks, landmarks, [lent]) is None


def test_depth_alone_changes_nothing():
    before = face()
    after = before + np.float32([0, 0, 30])
    assert reenact(painted(before, SHAPE), before, after) is None


def test_a_face_outside_the_picture_changes_nothing():
    before, after = (face(does, at=(-500, 120)) for does in ({}, SMILES))
    assert reenact(painted(before, SHAPE), before, after) is None


@pytest.mark.parametrize("does", [GAPES, SHUT, SMILES])
def test_beyond_the_apron_nothing_moves(does):
    before = face()
    image = painted(before, SHAPE)
    out = written(image, reenact(image, before, face(does)))
    ring = before[list(FACE_OVAL), :2]
    outer = ring.mean(0) + RINGS[-1][0] * (ring - ring.mean(0))
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    beside = (x < outer[:, 0].min() - 1) | (x > outer[:, 0].max() + 1)
    beside |= (y < outer[:, 1].min() - 1) | (y > outer[:, 1].max() + 1)
    assert (out[beside] == image[beside]).all()
    assert (out != image).any()


def test_where_no_landmark_moves_no_pixel_does():
    before = face()
    after = before.copy()
    lower = before[:, 1] > before[4, 1]  # below the tip of the nose
    after[lower, 1] += 4
    image = painted(before, SHAPE)
    result = reenact(image, before, after)
    out = written(image, result)
    top = int(before[[1, 2, 98, 327], 1].min()) - 25
    assert (out[:top] == image[:top]).all()
    assert (result.landmarks[~lower] == before[~lower]).all()


def test_motion_below_a_still_pixel_is_none():
    before = face()
    after = before.copy()
    after[:N_MESH, :2] += 0.05
    assert reenact(painted(before, SHAPE), before, after) is None


def test_arguments_are_not_changed():
    before, after = face(), face(GAPES)
    image = painted(before, SHAPE)
    lent = Donor(painted(after, SHAPE), after, InpaintingSource.SOURCE)
    reenact(image, before, after, [lent])
    assert (image == painted(before, SHAPE)).all()
    assert (before == face()).all()
    assert (after == face(GAPES)).all()
    assert (lent.image == painted(after, SHAPE)).all()


# What moves


@pytest.mark.parametrize("point", [50, 187, 411, 152, 199])
def test_a_mark_goes_with_its_landmark(point):
    before, after = face(), face({**GAPES, **SMILES})
    image = painted(before, SHAPE)
    x, y = np.rint(before[point, :2]).astype(int)
    image[y - 1 : y + 2, x - 1 : x + 2] = MARK
    result = reenact(image, before, after)
    out = written(image, result).astype(int)
    found = np.argwhere(far(out, MARK) < 90)
    shift = (before - result.landmarks)[point, :2] - (before[point, :2] - [x, y])
    assert found[:, ::-1].mean(0) == pytest.approx([x, y] - shift, abs=1)


@pytest.mark.parametrize(("yaw", "shift"), [(-40, -8), (40, 8)])
def test_a_nose_before_the_outline_moves_with_the_face(yaw, shift):
    before = face(yaw=yaw)
    image = painted(before, SHAPE)
    x, y = np.rint(before[5, :2]).astype(int)
    image[y - 1 : y + 2, x - 1 : x + 2] = MARK
    out = written(image, reenact(image, before, before + np.float32([shift, 0, 0])))
    found = np.argwhere(far(out, MARK) < 90)[:, ::-1]
    assert found.mean(0) == pytest.approx([x + shift, y], abs=0.3)


def test_the_landmarks_are_told_where_they_are():
    before, after = face(), face(GAPES)
    image = painted(before, SHAPE)
    result = reenact(image, before, after)
    lips = list(MOUTH.ring)
    assert (result.landmarks[lips] == after[lips]).all()
    assert result.pixels.shape == (*result.region.shape, 3)
    assert result.pixels.dtype == np.uint8


def test_shifting_the_whole_face_shifts_its_pixels():
    before = face()
    shift = np.float32([3, 2, 0])
    image = painted(before, SHAPE)
    out = written(image, reenact(image, before, before + shift)).astype(int)
    x, y = np.rint(before[5, :2]).astype(int)
    here, there = (
        picture[y + dy - 40 : y + dy + 60, x + dx - 30 : x + dx + 30]
        for picture, dx, dy in ((image, 0, 0), (out, 3, 2))
    )
    assert (far(there, here) > 30).mean() < 0.03


def test_there_and_back_returns():
    before, after = face(), face(SMILES)
    image = painted(before, SHAPE)
    there = reenact(image, before, after)
    back = written(written(image, there), reenact(written(image, there), there.landmarks, before))
    assert (far(back, image) > 60).mean() < 0.01


# The mouth


def test_a_mouth_nobody_saw_open_is_a_dark_hollow():
    before, after = face(), face(GAPES)
    image = painted(before, SHAPE)
    result = reenact(image, before, after)
    assert result.inpainting_sources == {"mouth": InpaintingSource.INVENTED}
    inner = soft_opening(MOUTH, after, ALL) > 0.99
    assert inner.any()
    assert written(image, result)[inner].mean() < 0.5 * np.mean(LIP)


@pytest.mark.parametrize(
    "kind", [InpaintingSource.SOURCE, InpaintingSource.LIBRARY, InpaintingSource.TARGET]
)
def test_a_mouth_shows_the_inside_of_a_donor_s(kind):
    before, after = face(), face(GAPES)
    image = painted(before, SHAPE)
    elsewhere = landmarks_of(somebody(1), GAPES, scale_px=90, at=(150, 110))
    lent = Donor(painted(elsewhere, SHAPE, inside=MARK), elsewhere.astype(np.float32), kind)
    result = reenact(image, before, after, [lent])
    assert result.inpainting_sources == {"mouth": kind}
    inner = soft_opening(MOUTH, after, ALL) > 0.99
    assert far(written(image, result)[inner], MARK).mean() < 30


def test_a_mouth_that_was_open_keeps_its_own_inside():
    before, after = face(GAPES), face({"jawOpen": 0.6, "mouthFunnel": 0.5})
    image = painted(before, SHAPE)
    lent = Donor(painted(face(GAPES), SHAPE, inside=MARK), face(GAPES), InpaintingSource.SOURCE)
    result = reenact(image, before, after, [lent])
    assert result.inpainting_sources == {}
    assert far(written(image, result)[middle(MOUTH, after)], INSIDE) < 40


def test_shutting_a_mouth_covers_its_inside():
    before = face(GAPES)
    after, image = shut(before, MOUTH), painted(before, SHAPE)
    out = written(image, reenact(image, before, after))
    seen, left = ((far(picture, INSIDE) < 60).sum() for picture in (image, out))
    assert left < 0.3 * seen


# Eyes


def test_an_eye_nobody_saw_open_stays_shut():
    before, after = shut(face(), RIGHT, LEFT), face(SMILES)
    image = painted(before, SHAPE)
    result = reenact(image, before, after)
    assert dict(result.inpainting_sources) == {
        "right_eye": InpaintingSource.LEFT_SHUT,
        "left_eye": InpaintingSource.LEFT_SHUT,
    }
    out, opened = written(image, result), painted(after, SHAPE)
    assert eye_pixels(out) < 1.1 * eye_pixels(image) < 0.3 * eye_pixels(opened)


def test_a_donor_opens_a_shut_eye():
    before, after = shut(face(), RIGHT, LEFT), face()
    image = painted(before, SHAPE)
    lent = Donor(painted(after, SHAPE), after, InpaintingSource.LIBRARY)
    result = reenact(image, before, after, [lent])
    assert dict(result.inpainting_sources) == {
        "right_eye": InpaintingSource.LIBRARY,
        "left_eye": InpaintingSource.LIBRARY,
    }
    out = written(image, result)
    for iris in (468, 473):
        x, y = np.rint(after[iris, :2]).astype(int)
        shade = out[y, x].max() / max(IRIS)  # the upper lid's
        assert shade >= LID_SHADOW
        assert far(out[y, x], shade * np.array(IRIS)) < 40


def test_shutting_eyes_covers_them():
    before, after = face(), shut(face(), RIGHT, LEFT)
    image = painted(before, SHAPE)
    out = written(image, reenact(image, before, after))
    assert eye_pixels(out) < 0.2 * eye_pixels(image)
    assert far(out[middle(MOUTH, after)], image[middle(MOUTH, before)]) < 40


def test_a_look_to_the_side_moves_the_iris():
    before = face()
    after = face({"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0})
    image = painted(before, SHAPE)
    out = written(image, reenact(image, before, after))
    for iris in (468, 473):
        x, y = before[iris, :2]
        across = np.arange(int(x) - 15, int(x) + 16)
        old, new = (across[far(p[round(y), across], IRIS) < 90].mean() for p in (image, out))
        assert new - old == pytest.approx(after[iris, 0] - x, abs=1.2)
        assert abs(new - old) > 2


# Light


def test_a_donor_in_the_same_light_is_left_as_it_is():
    landmarks = face()
    image = painted(landmarks, SHAPE)
    gain = color_gain(image, landmarks, Donor(image, landmarks, InpaintingSource.SOURCE))
    assert gain == pytest.approx(np.ones(3))


@pytest.mark.parametrize("light", [0.05, 0.5, 1.0])
def test_a_brighter_donor_is_made_darker_within_bounds(light):
    landmarks = face()
    own = painted(landmarks, SHAPE, skin=tuple(int(light * c) for c in SKIN))
    gain = color_gain(
        own, landmarks, Donor(painted(landmarks, SHAPE), landmarks, InpaintingSource.SOURCE)
    )
    expected = np.sqrt(np.clip(light, *BRIGHTNESS))
    assert gain.mean() == pytest.approx(expected, rel=0.1)


def test_white_stays_nearly_white_on_any_skin():
    landmarks = face()
    own = painted(landmarks, SHAPE, skin=(120, 80, 60))
    lent = Donor(
        painted(landmarks, SHAPE, skin=(190, 150, 140)), landmarks, InpaintingSource.SOURCE
    )
    gain = color_gain(own, landmarks, lent)
    assert np.ptp(gain) / gain.mean() < 0.15


# Whatever is asked


@pytest.mark.parametrize(
    "where",
    [
        {"at": (10, 120)},
        {"at": (315, 235)},
        {"scale_px": 2.0},
        {"scale_px": 0.4},
        {"scale_px": 300.0},
        {"yaw": 60},
        {"roll": 90},
        {"roll": 180, "yaw": 30},
    ],
)
def test_faces_cut_tiny_huge_and_turned(where):
    before, after = face(**where), face({**GAPES, **SHUT}, **where)
    image = painted(before, SHAPE)
    result = reenact(image, before, after)
    assert result is None or result.pixels.shape == (*result.region.shape, 3)
    assert written(image, result).shape == image.shape


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 999), st.floats(0, 2))
def test_senseless_landmarks_break_nothing(seed, strength):
    before = face()
    noise = np.random.default_rng(seed).normal(size=before.shape)
    after = (before + strength * eye_distance(before) * noise).astype(np.float32)
    result = reenact(painted(before, SHAPE), before, after)
    if result is not None:
        inside = 0, 0, SHAPE[1], SHAPE[0]
        region = result.region
        assert inside[0] <= region.x0 < region.x1 <= inside[2]
        assert inside[1] <= region.y0 < region.y1 <= inside[3]
        assert np.isfinite(result.landmarks).all()


def test_a_flat_picture_stays_flat():
    before, after = face(), face(SMILES)
    image = np.full((*SHAPE, 3), 90, np.uint8)
    out = written(image, reenact(image, before, after))
    assert np.abs(out.astype(int) - 90).max() <= tolerances.LEVEL


def test_an_eye_that_nobody_shows_open_is_told_even_where_nothing_else_moves():
    before, after = shut(face(), LEFT), face()
    result = reenact(painted(before, SHAPE), before, after)
    assert dict(result.inpainting_sources) == {"left_eye": InpaintingSource.LEFT_SHUT}


def test_an_iris_that_moves_alone_is_moved():
    before = face()
    after = before.copy()
    after[473:, 0] += 3
    out = written(painted(before, SHAPE), reenact(painted(before, SHAPE), before, after))
    x, y = np.rint(after[473, :2]).astype(int)
    assert far(out[y, x + 1], IRIS) < 40
