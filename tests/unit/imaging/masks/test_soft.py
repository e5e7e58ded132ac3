import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.imaging.masks.soft import (
    depth_inside,
    disc,
    from_crop,
    hardened,
    sampled,
    sampled_levels,
    smoothstep,
    soft_box,
    soft_hull,
    soft_outline,
    soft_polygon,
    softened_mask,
    touching,
    wide_polygon,
    widened,
    withdrawn,
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


def test_a_hull_is_the_polygon_around_its_points():
    inner = np.array([[30, 20], [45, 33], [40, 30]], np.float32)
    shuffled = np.concatenate([inner, SQUARE[[2, 0, 3, 1]]])
    assert (soft_hull(shuffled, SHAPE, 2.0) == soft_polygon(SQUARE, SHAPE, 2.0)).all()


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


# Planes at places


def test_planes_are_sampled_between_their_pixels_and_repeat_at_the_border():
    y, x = np.mgrid[:20, :30].astype(np.float32)
    planes = np.stack([x, 100 + y], -1)
    place = np.array([[[3.25, -5, 40]], [[7.5, 2, 25]]], np.float32)
    assert sampled(planes, place)[0] == pytest.approx(
        np.array([[3.25, 107.5], [0, 102], [29, 119]]), abs=0.02
    )
    levels = sampled_levels((planes * 2).astype(np.uint8), place)
    assert levels.dtype == np.uint8
    assert np.abs(levels[0].astype(float) - [[6.5, 215], [0, 204], [58, 238]]).max() <= 0.6
    assert sampled(planes[..., 0].copy(), place).shape == (1, 3)


# Regions made larger, smaller, softer


@pytest.mark.parametrize("radius", [0, 1, 3, 10])
def test_a_disc_is_as_wide_as_asked_and_round(radius):
    made = disc(radius)
    assert made.shape == (2 * radius + 1, 2 * radius + 1)
    assert made[radius].all()
    assert made[:, radius].all()
    assert (made == made[::-1]).all()
    assert (made == made[:, ::-1]).all()
    y, x = np.mgrid[: 2 * radius + 1, : 2 * radius + 1] - radius
    assert not made[np.hypot(x, y) > radius + 1].any()


INSIDE = np.zeros(SHAPE, bool)
INSIDE[20:40, 25:60] = True


def away(where):
    """Return the distance of every pixel to a region."""
    return cv2.distanceTransform((~where).astype(np.uint8), cv2.DIST_L2, 5)


@pytest.mark.parametrize("by", [0, 2, 5])
def test_a_region_is_widened_by_as_much_as_asked(by):
    wide = widened(INSIDE, by)
    assert wide.dtype == np.bool_
    assert wide[away(INSIDE) <= by - 1].all()
    assert not wide[away(INSIDE) > by + 0.5].any()


def test_a_region_withdrawn_leaves_its_border():
    mask = withdrawn(INSIDE, 3, 1.0)
    assert mask[~INSIDE].max() < 0.01
    assert mask[away(~INSIDE) > 7].min() == pytest.approx(1, abs=1e-3)
    assert mask[INSIDE & (away(~INSIDE) < 2.5)].max() < 0.35


def test_the_array_s_edge_is_no_border():
    everywhere = np.ones(SHAPE, bool)
    assert withdrawn(everywhere, 4, 2.0) == pytest.approx(1)
    assert softened_mask(everywhere.astype(np.float32), 2.0) == pytest.approx(1)


def test_a_softened_mask_keeps_its_sum_a_hardened_one_stays_inside():
    member = INSIDE.astype(np.float32)
    assert softened_mask(member, 2.0).sum() == pytest.approx(member.sum(), rel=1e-3)
    hard = hardened(member, 2.0)
    assert hard[~INSIDE].max() < 0.05
    assert hard[away(~INSIDE) > 8].min() > 0.99
    assert (hard >= 0).all()
    assert (hard <= 1).all()


# Crops


def test_a_crop_s_mask_lies_where_the_crop_is():
    crop = np.zeros((16, 16), np.float32)
    crop[4:12, 2:8] = 1
    shift = np.array([[1, 0, -30], [0, 1, -20]], np.float64)  # crop = region - (30, 20)
    out = from_crop(crop, shift, SHAPE)
    assert out.shape == SHAPE
    assert (out[20:36, 30:46] == crop).all()
    assert out.sum() == crop.sum()


def test_a_crop_may_be_turned_and_of_another_scale():
    crop = np.zeros((16, 16), np.float32)
    crop[:8] = 1  # its upper half
    quarter = np.array([[0, 0.5, 0], [-0.5, 0, 15]], np.float64)
    out = from_crop(crop, quarter, (32, 32))
    # Crop y = 15 - x / 2: its upper half is the region's right.
    assert out[4:28, 18:28].min() == 1
    assert out[4:28, 4:12].max() == 0


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


def test_only_parts_that_touch_the_rim_enough_are_kept():
    mask, rim = np.zeros((20, 30), bool), np.zeros((20, 30), bool)
    rim[:, 0] = True
    mask[2:6, 0:5] = True  # four pixels of it on the rim
    mask[10:12, 0:9] = True  # two
    mask[15:18, 10:20] = True  # none
    kept = touching(mask, rim, 3)
    assert kept[2:6, 0:5].all()
    assert kept.sum() == 20
    assert touching(mask, rim, 1).sum() == 38
    assert not touching(~mask & False, rim, 1).any()
