"""Which way up a face is."""

import math

import numpy as np
import pytest

from gateway.faces.landmarks import MESH_SIDE, Square, crop_square
from gateway.faces.uprightness import is_uncertain, other_is_nearer, turned


def test_a_crop_turned_over_is_the_same_pixels_the_other_way_up():
    image = np.random.default_rng(1).integers(0, 255, (192, 192, 3), dtype=np.uint8)
    crop = crop_square(image, Square(95.5, 95.5, 192, 0.0), MESH_SIDE)
    over = turned(image, crop)
    assert np.array_equal(over.pixels, crop.pixels[::-1, ::-1])
    assert over.square.side == crop.square.side


@pytest.mark.parametrize(
    ("presence", "upside_down", "uncertain"),
    [
        (0.9999, 0.5, False),
        (0.5, 0.9999, False),
        (0.97, 0.96, True),
        (1.0, 1.0, True),
        (0.01, 0.02, False),  # no face at all
    ],
)
def test_it_is_uncertain_where_a_face_is_seen_both_ways(presence, upside_down, uncertain):
    assert is_uncertain(presence, upside_down) == uncertain
    assert is_uncertain(upside_down, presence) == uncertain


@pytest.mark.parametrize("known_deg", [-180.0, -90.0, 0.0, 45.0, 180.0])
def test_other_faces_of_a_shot_tell_which_way_is_up(known_deg):
    angle = math.radians(known_deg)
    assert not other_is_nearer(angle, known_deg)
    assert other_is_nearer(angle + math.pi, known_deg)
