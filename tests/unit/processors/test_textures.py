"""Textures: the right size, each made once, with landmarks where they belong."""

import numpy as np
import pytest

from gateway.processors.base import Portrait
from gateway.processors.textures import Textures
from tests.synthetic_faces import painted
from tests.unit.pipeline.people import face_of

SHAPE = (240, 320)


def portrait(scale_px=50.0) -> Portrait:
    face = face_of(scale_px=scale_px)
    return Portrait(painted(face.landmarks, SHAPE), face)


@pytest.mark.parametrize("scale_px", [9, 20, 33, 50, 70, 130])
def test_a_texture_is_about_as_large_as_what_it_is_for(scale_px):
    texture = Textures().of(portrait(), face_of(scale_px=scale_px).landmarks)
    factor = float(texture.scale_xy.mean()) * 50 / scale_px
    assert 0.97 < factor < 1.45


def test_no_portrait_is_enlarged_without_limit():
    texture = Textures().of(portrait(20), face_of(scale_px=900).landmarks)
    assert float(texture.scale_xy.max()) == pytest.approx(4, rel=0.02)


def test_frames_share_textures_and_portraits_do_not():
    textures, one, other = Textures(), portrait(), portrait()
    first = textures.of(one, face_of(scale_px=50).landmarks)
    assert textures.of(one, face_of(scale_px=48).landmarks) is first
    assert textures.of(other, face_of(scale_px=48).landmarks) is not first
    assert textures.of(one, face_of(scale_px=25).landmarks) is not first


@pytest.mark.parametrize("scale_px", [20, 50, 110])
def test_places_are_those_of_the_portrait(scale_px):
    one = portrait()
    # A dot where the nose is must be where the texture has the nose.
    x, y = np.rint(one.face.landmarks[1, :2]).astype(int)
    one.image[y - 4 : y + 5, x - 4 : x + 5] = (255, 0, 255)
    texture = Textures().of(one, face_of(scale_px=scale_px).landmarks)
    place = texture.places(np.array([[x, y, 0]]))[0, :2]
    red, green, blue = np.moveaxis(texture.pixels.astype(int), -1, 0)
    dot = np.minimum(red, blue) - green > 128
    assert np.allclose(place, np.argwhere(dot).mean(0)[::-1], atol=0.6)
