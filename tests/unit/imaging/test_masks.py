import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.imaging.masks import (
    depth_inside,
    smoothstep,
    soft_box,
    soft_outline,
    soft_polygon,
    wide_polygon,
)
from tests import tolerances

SHAPE = (60, 80)
SQUARE = np.array([[20, 10], [60, 10], [60, 50], [20, 50]], np.float32)


# Ramps


@given(st.lists(st.floats(-3, 3, width=32), min_size=2, max_size=50))
def test_a_ramp_rises_from_0_to_1(values):
    ramp = smoothstep(np.sort(np.array(values, np.float32)))
    assert (np.diff(ramp) >= -1e-6).all()
    assert (ramp[np.sort(values) <= 0] == 0).all()
    assert (ramp[np.sort(values) >= 1] == 1).all()


def test_a_ramp_is_level_at_its_ends_and_even_about_its_middle():
    x = np.linspace(0, 1, 101, dtype=np.float32)
    ramp = smoothstep(x)
    assert ramp[50] == 0.5
    assert ramp + ramp[::-1] == pytest.approx(1, abs=1e-6)
    assert max(ramp[1], 1 - ramp[-2]) < 0.001


def test_a_ramp_does_not_change_its_argument():
    x = np.array([-1, 0.5, 2], np.float32)
    smoothstep(x)
    assert x.tolist() == [-1, 0.5, 2]


# Polygons


def test_a_polygon_is_one_inside_and_zero_outside():
    mask = soft_polygon(SQUARE, SHAPE, 1.0)
    assert mask.shape == SHAPE
    assert mask.dtype == np.float32
    assert (mask[15:46, 25:56] == 1).all()
    assert mask[:5].max() == mask[:, :15].max() == mask[:, 66:].max() == mask[56:].max() == 0


@pytest.mark.parametrize("softness", [0.7, 2.0, 5.0])
def test_its_edge_is_where_it_is_and_as_soft_as_asked(softness):
    slope = np.diff(soft_polygon(SQUARE, SHAPE, softness)[30, :40].astype(float))
    at = np.arange(39) + 0.5
    centre = (slope * at).sum()
    spread = np.sqrt((slope * (at - centre) ** 2).sum())
    assert 0 <= 20 - centre < tolerances.POLYGON_PX
    assert spread == pytest.approx(softness, rel=0.3)


@pytest.mark.parametrize("radius", [5, 10, 25])
def test_its_area_is_its_own(radius):
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    circle = radius * np.column_stack([np.cos(angle), np.sin(angle)]) + [40, 30]
    found = np.sqrt(soft_polygon(circle, SHAPE, 0.7).sum() / np.pi)
    assert 0 <= found - radius < tolerances.POLYGON_PX


def test_a_part_of_a_pixel_counts():
    shifts = (0.0, 0.25, 0.5, 0.75, 1.0)
    moved = [SQUARE + np.array([shift, 0]) for shift in shifts]
    left = [soft_polygon(corners, SHAPE, 0.7)[:, :40].sum() for corners in moved]
    assert (np.diff(left) < 0).all()


def test_whichever_way_around_it_is_the_same():
    assert (soft_polygon(SQUARE, SHAPE, 2.0) == soft_polygon(SQUARE[::-1], SHAPE, 2.0)).all()


@pytest.mark.parametrize("shift", [-500, 500])
def test_a_polygon_outside_is_nothing(shift):
    assert (soft_polygon(SQUARE + shift, SHAPE, 2.0) == 0).all()
    assert (soft_outline(SQUARE + shift, SHAPE, 2.0) == 0).all()


@pytest.mark.parametrize("shape", [(1, 1), (2, 9)])
def test_tiny_masks(shape):
    around = np.array([[-9, -9], [20, -9], [20, 20], [-9, 20]], np.float32)
    assert soft_polygon(around, shape, 1.0) == pytest.approx(np.ones(shape))
    assert soft_outline(around, shape, 1.0).shape == shape


def test_a_polygon_of_a_point_or_a_line_is_thin():
    point, line = np.full((4, 2), 30.0), np.array([[10.0, 30], [70, 30], [10, 30]])
    assert soft_polygon(point, SHAPE, 1.0).sum() < 2
    assert soft_polygon(line, SHAPE, 1.0)[:25].max() == 0


# Outlines


@pytest.mark.parametrize("softness", [0.7, 1.5, 4.0])
def test_an_outline_is_one_on_its_line_and_falls_to_both_sides(softness):
    mask = soft_outline(SQUARE, SHAPE, softness)
    assert mask.min() == 0
    assert mask.max() <= 1
    assert mask[30, 20] == pytest.approx(1, abs=0.1)
    far = int(4 * softness) + 2
    assert mask[30, 40] == 0 or far > 19
    for step in (-1, 1):
        away = mask[30, 20 + step * np.arange(min(far, 20))]
        assert (np.diff(away) <= 0).all()


# Depth


@given(st.floats(21, 59), st.floats(11, 49))
def test_depth_is_the_distance_to_the_border(x, y):
    expected = min(x - 20, 60 - x, y - 10, 50 - y)
    assert depth_inside(SQUARE, x, y) == pytest.approx(expected, abs=1e-3)
    assert depth_inside(SQUARE[::-1], x, y) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("x", "y", "depth"), [(20, 30, 0), (10, 30, -10), (63, 54, -5), (40, 30, 20)]
)
def test_depth_is_negative_outside(x, y, depth):
    assert depth_inside(SQUARE, x, y) == pytest.approx(depth, abs=1e-3)


@pytest.mark.parametrize("softness_px", [0.5, 3, 9, 27])
def test_a_wide_edge_is_nearly_the_same_by_way_of_a_smaller_picture(softness_px):
    corners = np.array([[90.0, 70.0], [310.0, 95.0], [260.0, 330.0], [120.0, 300.0]])
    exact = soft_polygon(corners, (401, 397), softness_px)
    assert wide_polygon(corners, (401, 397), softness_px) == pytest.approx(exact, abs=0.1)


def test_a_box_is_whole_in_its_middle_and_nothing_at_its_border():
    box = soft_box(64, 10)
    assert (box[10:-10, 10:-10] == 1).all()
    assert max(box[0].max(), box[-1].max(), box[:, 0].max(), box[:, -1].max()) == 0
    assert (box == box[::-1]).all()
    assert (box == box.T).all()
