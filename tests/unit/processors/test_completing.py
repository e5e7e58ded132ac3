"""What a portrait lacks comes from others, and only that."""

import numpy as np

from gateway.faces.atlas import atlas
from gateway.faces.occlusion import Visibility
from gateway.processors.base import Portrait
from gateway.processors.face_swapper import SwapSettings, swap_layer
from tests.unit.faces.test_landmarks import assessed, face_landmarks
from tests.unit.processors.test_face_swapper import photograph

SHAPE = (400, 500)
FACE = assessed(face_landmarks(), SHAPE)
HIDDEN = np.ones(atlas().face.shape, np.float32)
HIDDEN[70:100, 25:55] = 0


def plain(level: int, seen: np.ndarray | None = None, **pose) -> Portrait:
    """Return a portrait of one grey, with grain to measure colours on."""
    grain = np.random.default_rng(level).integers(-6, 7, (*SHAPE, 1))
    picture = np.clip(level + np.repeat(grain, 3, 2), 0, 255).astype(np.uint8)
    visibility = None if seen is None else Visibility(seen)
    return Portrait(picture, assessed(face_landmarks(**pose), SHAPE), visibility)


def pixels(portrait: Portrait, *others: Portrait) -> np.ndarray:
    layer = swap_layer(photograph(), FACE, portrait, SwapSettings(shape=0), others=others)
    return layer.pixels.astype(int)


def test_a_whole_portrait_needs_no_other():
    assert (pixels(plain(120)) == pixels(plain(120), plain(200))).all()


def test_what_is_hidden_is_the_others_in_its_own_colours():
    covered, whole = plain(120, HIDDEN), plain(120)
    covered.image[:] = np.where(np.indices(SHAPE)[1][..., None] < 250, 20, covered.image)
    filled = pixels(covered, plain(200))
    changed = np.abs(filled - pixels(covered)).max(-1) > 8
    assert changed.any()
    assert abs(np.median(filled[changed]) - np.median(pixels(whole))) < 40


def test_the_first_that_shows_it_is_taken():
    covered, other = plain(120, HIDDEN), plain(120)
    other.image[:, :, 0] = 240
    first, second = pixels(covered, plain(120), other), pixels(covered, plain(120))
    assert (first == second).all()


def test_a_place_that_nobody_shows_is_left():
    covered = plain(120, np.minimum(HIDDEN, HIDDEN[:, ::-1]))
    assert (pixels(covered) == pixels(plain(120))).all()
