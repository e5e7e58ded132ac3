"""Portraits brought under even light."""

import numpy as np
import pytest

from gateway.faces.atlas import HEIGHT, WIDTH, atlas
from gateway.imaging.geometry.warp import Region
from gateway.imaging.masks.soft import sampled
from gateway.processors.base import Portrait
from gateway.processors.delight import under_even_light
from tests.synthetic_faces import LIP, painted
from tests.unit.pipeline.people import face_of
from tests.unit.processors.layers import place_of

SHAPE = (240, 320)
FACE = face_of(at=(160, 120), scale_px=60)
BARE = painted(FACE.landmarks, SHAPE, inside=LIP)
PLACE = place_of(FACE.landmarks, Region(0, 0, SHAPE[1], SHAPE[0]))
INSIDE = PLACE[0] >= 0


def shade() -> np.ndarray:
    """Return the logarithm of a light from one side, (HEIGHT, WIDTH, 3)."""
    return np.repeat(-0.6 * np.clip(atlas().mean[..., :1], -1, 1), 3, -1).astype(np.float32)


def test_a_known_shade_comes_off():
    gain = np.where(INSIDE[..., None], np.exp(sampled(shade(), PLACE)), 1)
    shaded = np.clip(np.rint((BARE + 6.0) * gain - 6.0), 0, 255).astype(np.uint8)
    made = under_even_light(Portrait(shaded, FACE), -shade())
    off = np.abs(made.image.astype(int) - BARE)[(shaded < 255).all(-1)]
    assert np.percentile(off, 99) <= 2


def test_no_change_changes_nothing():
    made = under_even_light(Portrait(BARE, FACE), np.zeros((HEIGHT, WIDTH, 3), np.float32))
    assert (made.image == BARE).all()


def test_nothing_beside_the_face_changes_nor_the_picture_that_was_given():
    before = BARE.copy()
    made = under_even_light(Portrait(BARE, FACE), shade())
    assert (made.image[~INSIDE] == BARE[~INSIDE]).all()
    assert (made.image != BARE)[INSIDE].any()
    assert (before == BARE).all()


@pytest.mark.parametrize("at", [(-900, 120), (2, 2)])
def test_a_face_that_is_cut_off_is_no_error(at):
    face = face_of(at=at, scale_px=60)
    made = under_even_light(Portrait(BARE, face), shade())
    assert made.image.shape == BARE.shape
