"""What is made of 68 points, and of crops that are too dark."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.imaging.color.contrast import DARK, lightened
from gateway.networks.landmarks import (
    FACE_PX,
    GRID,
    SIDE_PX,
    crop_of_box,
    in_image,
)


@given(
    st.tuples(st.floats(-50, 200), st.floats(-50, 200)),
    st.tuples(st.floats(5, 300), st.floats(5, 300)),
    st.integers(0, 3),
)
def test_points_come_back_from_where_the_crop_lies(corner, size, turn):
    box = np.array([*corner, *np.add(corner, size)])
    matrix = crop_of_box(box)
    assert matrix[0, 0] == pytest.approx(FACE_PX / max(size))
    middle = (box[:2] + box[2:]) / 2
    np.testing.assert_allclose(matrix[:, :2] @ middle + matrix[:, 2], (SIDE_PX - 1) / 2, atol=1e-6)
    found = in_image(np.full((1, 2), GRID / 2), matrix, turn)
    np.testing.assert_allclose(found[0], middle, atol=1e-6)


def test_only_what_is_dark_gets_more_contrast():
    rng = np.random.default_rng(1)
    light = rng.integers(90, 140, (64, 64, 3), dtype=np.uint8)
    assert lightened(light) is light
    dark = rng.integers(0, int(DARK), (64, 64, 3), dtype=np.uint8)
    before = dark.copy()
    made = lightened(dark)
    assert made.std() > 1.2 * dark.std()
    assert (dark == before).all()
