"""Glasses taken off portraits."""

import cv2
import numpy as np
import pytest

from gateway.faces.atlas import atlas
from gateway.faces.glasses import (
    COLUMNS,
    PLANES,
    ROWS,
    TOP,
    removal_of,
    skin_levels,
    unrolled_band,
)
from gateway.imaging.geometry.warp import Region
from gateway.imaging.masks.soft import sampled
from gateway.processors.base import Portrait
from gateway.processors.deocclude import without_glasses, without_red_eyes
from tests.synthetic_faces import LIP, SKIN, painted
from tests.unit.pipeline.people import face_of
from tests.unit.processors.layers import covered, frame, nothing, place_of

SHAPE = (240, 320)
METAL = (70, 65, 60)


def drawn(scale_px: float = 60.0, hidden=None, shape=SHAPE, yaw_deg: float = 0.0):
    """Return a portrait, the same without anything before the face, and what is, in pixels."""
    middle = shape[1] / 2, shape[0] / 2
    face = face_of(at=middle, scale_px=scale_px, yaw_deg=yaw_deg)
    bare = painted(face.landmarks, shape, inside=LIP)
    hidden = frame() if hidden is None else hidden
    place = place_of(face.landmarks, Region(0, 0, shape[1], shape[0]))
    before = (sampled(hidden, place) > 0.5) & (place[0] >= 0)
    image = np.where(before[..., None], np.uint8(METAL), bare).astype(np.uint8)
    return Portrait(image, face, covered(hidden)), bare, before, place


def removal(portrait, hidden, *, gain=1.0):
    """Return the answer that names what is hidden (HEIGHT, WIDTH), and shows skin there."""
    band = unrolled_band(portrait.image, portrait.face.landmarks)
    x, y = np.meshgrid(np.arange(COLUMNS), np.arange(ROWS))
    at = np.stack([(x + 0.5) / 1.5 - 0.5, (y + 0.5) / 1.3 - 0.5 + TOP]).astype(np.float32)
    answer = np.zeros((ROWS, COLUMNS, PLANES), np.float32)
    answer[..., 0] = 40 * np.clip(sampled(hidden, at) - 0.3, -0.5, 0.5)
    answer[..., 1:4] = np.log(gain)
    return removal_of(answer, skin_levels(band))


def bared(portrait, hidden=None, **more):
    return without_glasses(
        portrait, removal(portrait, frame() if hidden is None else hidden, **more)
    )


def far_from_outline(place, least=0.25):
    return (place[0] >= 0) & (sampled(atlas().outline, place) > least)


@pytest.mark.parametrize("scale_px", [30, 60])
@pytest.mark.parametrize("yaw_deg", [0, 15])
def test_frames_become_skin(scale_px, yaw_deg):
    portrait, _, before, _ = drawn(scale_px, yaw_deg=yaw_deg)
    out = bared(portrait)
    off = np.abs(out.image.astype(int) - SKIN).max(-1)[before]
    assert before.sum() > 100
    assert np.median(off) < 12
    assert (off < 40).mean() > 0.85


def test_a_large_picture_is_painted_at_a_smaller_size():
    portrait, _, before, _ = drawn(250, shape=(960, 1280))
    out = bared(portrait)
    off = np.abs(out.image.astype(int) - SKIN).max(-1)[before]
    assert np.median(off) < 12
    assert out.image.shape == portrait.image.shape


def test_what_is_far_from_them_stays_bit_for_bit():
    portrait, _, _, place = drawn()
    out = bared(portrait)
    height = sampled(atlas().mean[..., 1].copy(), place)
    far = (place[0] < 0) | (height > 0.35) | (height < -1.25)
    # Beside the face what is painted over has a margin.
    rows = np.flatnonzero(((place[0] >= 0) & (height > -1.25) & (height < 0.35)).any(1))
    far[rows[0] : rows[-1] + 1] &= (place[0] >= 0)[rows[0] : rows[-1] + 1]
    assert far.sum() > 0.3 * far.size
    assert (out.image[far] == portrait.image[far]).all()


def test_the_eyes_stay_as_they_are():
    portrait, bare, before, place = drawn()
    out = bared(portrait)
    inside = (sampled(atlas().eyes.astype(np.float32), place) > 0.99) & (place[0] >= 0)
    inside = cv2.erode(inside.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    inside &= ~(cv2.dilate(before.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0)
    assert inside.sum() > 50
    assert np.abs(out.image[inside].astype(int) - bare[inside]).max() <= 3


def test_nothing_is_before_what_was_painted():
    portrait, *_ = drawn()
    out = bared(portrait)
    assert (out.seen.visible[frame() > 0.5] == 1).all()
    assert out.face is portrait.face


def test_hair_besides_stays_hair():
    fringe = (atlas().mean[..., 1] < -1.1).astype(np.float32)
    portrait, *_ = drawn(hidden=np.maximum(frame(), fringe))
    out = bared(portrait)
    hair = (fringe > 0) & atlas().face
    assert (out.seen.visible[hair] == portrait.seen.visible[hair]).all()


def test_the_portrait_given_is_not_changed():
    portrait, *_ = drawn()
    before = portrait.image.copy(), portrait.seen.visible.copy()
    bared(portrait)
    assert (portrait.image == before[0]).all()
    assert (portrait.seen.visible == before[1]).all()


def test_light_on_lenses_is_undone_and_detail_behind_them_kept():
    portrait, bare, _, place = drawn()
    shining = Portrait((bare * 0.8).astype(np.uint8), portrait.face, portrait.seen)
    out = bared(shining, nothing(), gain=1.25).image
    lenses = sampled(frame(rims=False, bridge=False, lens=1.0), place) > 0.99
    left, was = (np.abs(p[lenses].astype(int) - bare[lenses]).mean() for p in (out, shining.image))
    assert left < 3 < 10 < was


def test_eyes_behind_dark_lenses_are_not_to_be_used():
    portrait, *_ = drawn()
    portrait.image[eyes_of(portrait)] = 200
    lenses = frame(lens=1.0)
    assert not bared(portrait).eyes_unknown
    assert bared(portrait, lenses).eyes_unknown


@pytest.mark.parametrize(("level", "unknown"), [(40, True), (200, False)])
def test_eyes_that_are_too_dim_are_not_to_be_used(level, unknown):
    portrait, *_ = drawn()
    around = cv2.dilate(eyes_of(portrait).astype(np.uint8), np.ones((13, 13), np.uint8)) > 0
    portrait.image[around] = level
    assert bared(portrait, nothing()).eyes_unknown is unknown


def test_the_change_fades_towards_the_edges_of_the_band():
    portrait, *_ = drawn(hidden=nothing())
    out = bared(portrait, nothing(), gain=1.3)
    change = out.image.astype(int) - portrait.image
    steps = np.abs(np.diff(change[:, 160, 0]))
    assert change.max() > 20
    assert steps.max() < 14


@pytest.mark.parametrize("at", [(-20, 120), (160, 235), (-400, 120)])
def test_a_face_that_leaves_the_picture(at):
    face = face_of(at=at, scale_px=60)
    image = painted(face.landmarks, SHAPE)
    out = bared(Portrait(image, face, covered(frame())))
    assert out.image.shape == image.shape


# Red eyes


def eyes_of(portrait):
    place = place_of(portrait.face.landmarks, Region(0, 0, SHAPE[1], SHAPE[0]))
    return (sampled(atlas().eyes.astype(np.float32), place) > 0.99) & (place[0] >= 0)


def colored(red: float) -> Portrait:
    """Return a portrait with grey eyes, times so much red."""
    portrait, bare, *_ = drawn(hidden=nothing())
    image = bare.copy()
    image[eyes_of(portrait)] = np.clip(np.array([90 * red, 90, 90]), 0, 255)
    return Portrait(image, portrait.face, portrait.seen)


def test_red_eyes_lose_their_red_and_the_rest_stays():
    red = colored(2.5)
    out = without_red_eyes(red)
    eyes = cv2.erode(eyes_of(red).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    before, after = (np.median(p.image[eyes].astype(float), axis=0) for p in (red, out))
    assert after[0] / after[1] < 0.75 * before[0] / before[1]
    assert after[1:] == pytest.approx(before[1:], abs=2)
    place = place_of(red.face.landmarks, Region(0, 0, SHAPE[1], SHAPE[0]))
    mouth = (sampled(atlas().lips.astype(np.float32), place) > 0) & (place[0] >= 0)
    assert (out.image[mouth] == red.image[mouth]).all()


@pytest.mark.parametrize("red", [0.6, 1.0, 1.2])
def test_other_eyes_stay_bit_for_bit(red):
    portrait = colored(red)
    assert without_red_eyes(portrait) is portrait
