"""The band around the eyes that the glasses remover sees, and what its answer means."""

import numpy as np
import pytest

from gateway.faces.glasses import (
    COLUMNS,
    PLANES,
    ROWS,
    band_places,
    known_places,
    on_band,
    removal_of,
    skin_levels,
    unrolled_band,
)
from gateway.faces.skin_levels import SKIN_LEVEL, network_levels
from gateway.faces.topology import LEFT_EYE, RIGHT_EYE
from tests.synthetic_faces import SKIN, painted
from tests.unit.pipeline.people import face_of

ON_FACE = known_places()[5] > 0.99


def band(*, scale_px=60.0, factor=1.0, yaw_deg=0.0):
    face = face_of(at=(160, 120), scale_px=scale_px, yaw_deg=yaw_deg)
    image = np.clip(painted(face.landmarks, (240, 320)) * factor, 0, 255).astype(np.uint8)
    return unrolled_band(image, face.landmarks)


def test_both_eyes_are_well_inside():
    eyes = band_places()[[*RIGHT_EYE, *LEFT_EYE]]
    assert eyes.min(0)[0] > 0.15 * COLUMNS
    assert eyes.max(0)[0] < 0.85 * COLUMNS
    assert eyes.min(0)[1] > 0.25 * ROWS
    assert eyes.max(0)[1] < 0.65 * ROWS


def test_values_of_landmarks_lie_where_the_landmarks_do():
    at = on_band(band_places())
    y, x = np.mgrid[:ROWS, :COLUMNS]
    inside = at[0] >= 0
    assert inside.mean() > 0.6
    assert np.abs(at[0] - x)[inside].max() < 0.05
    assert np.abs(at[1] - y)[inside].max() < 0.05


@pytest.mark.parametrize("scale_px", [20, 60, 100])
@pytest.mark.parametrize("yaw_deg", [0, 20])
def test_faces_of_all_sizes_give_one_band(scale_px, yaw_deg):
    given = band(scale_px=scale_px, yaw_deg=yaw_deg)
    assert given.shape == (ROWS, COLUMNS, 3)
    assert np.abs(skin_levels(given) - SKIN).max() < 6


def test_a_face_beside_the_picture_gives_a_band_all_the_same():
    face = face_of(at=(-900, 120), scale_px=60)
    band = unrolled_band(np.full((240, 320, 3), 99, np.uint8), face.landmarks)
    assert set(np.unique(band)) == {0, 99}


def test_no_complexion_is_seen():
    light, dark = (band(factor=f) for f in (1.0, 0.5))
    levels = [network_levels(one, skin_levels(one)).astype(int) for one in (light, dark)]
    assert np.abs(levels[0] - levels[1])[ON_FACE].mean() < 4
    for one in levels:
        assert np.abs(skin_levels(one.astype(np.uint8)) - SKIN_LEVEL).max() <= 2


def test_an_answer_of_zeros_half_hides_and_fills_with_skin():
    skin = np.array([200, 150, 120], np.float32)
    removal = removal_of(np.zeros((ROWS, COLUMNS, PLANES), np.float32), skin)
    assert (removal.hidden == 0.5).all()
    assert (removal.gain == 1).all()
    assert np.abs(removal.fill - skin).max() < 1e-3


def test_a_fill_is_never_beyond_the_levels():
    answer = np.full((ROWS, COLUMNS, PLANES), 5, np.float32)
    assert removal_of(answer, np.full(3, 200, np.float32)).fill.max() == 255
    assert removal_of(-answer, np.full(3, 200, np.float32)).fill.min() == 0


@pytest.mark.parametrize(
    ("across", "worn"), [(slice(None), True), (slice(0, 96), False), (slice(0, 0), False)]
)
def test_glasses_are_worn_where_something_crosses_the_bridge(across, worn):
    answer = np.full((ROWS, COLUMNS, PLANES), -9, np.float32)
    answer[40:44, across, 0] = 9
    assert removal_of(answer, np.full(3, 150, np.float32)).worn is worn
