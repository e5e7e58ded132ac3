import numpy as np
import pytest

from gateway.imaging.geometry import raster
from gateway.imaging.geometry.raster import vertex_facing, vertex_visibility


def rasterise(vertices, triangles, attributes, shape):
    """Return the planes, and the pixels that were drawn."""
    marked = np.column_stack([attributes, np.ones(len(attributes))])
    planes = raster.rasterise(vertices, triangles, marked, shape)
    return planes[:-1], planes[-1] != 0


SQUARE = np.array([[0, 0, 0], [9, 0, 0], [9, 9, 0], [0, 9, 0]], np.float32)
TWO = np.array([[0, 1, 2], [0, 2, 3]], np.int32)


def test_coordinates_interpolate_to_themselves():
    drawn, covered = rasterise(SQUARE, TWO, SQUARE[:, :2], (10, 10))
    grid = np.stack(np.meshgrid(np.arange(10), np.arange(10)), -1)
    assert covered.all()
    assert np.allclose(np.moveaxis(drawn, 0, -1), grid, atol=1e-5)


def test_neighbours_leave_no_gap_and_nothing_is_drawn_outside():
    rng = np.random.default_rng(0)
    for _ in range(20):
        corner = rng.uniform(2, 28, (3, 2))
        middle = corner.mean(0, keepdims=True)
        vertices = np.column_stack([np.vstack([corner, middle]), np.zeros(4)]).astype(np.float32)
        fan = np.array([[0, 1, 3], [1, 2, 3], [2, 0, 3]], np.int32)
        whole = rasterise(vertices, np.array([[0, 1, 2]], np.int32), vertices, (30, 30))[1]
        parts = rasterise(vertices, fan, vertices, (30, 30))[1]
        assert (whole & ~parts).sum() == 0


def test_slivers_interpolate_within_their_corners():
    rng = np.random.default_rng(0)
    for _ in range(300):
        start, along = rng.uniform(0, 60, 2), rng.uniform(-40, 40, 2)
        across = np.array([-along[1], along[0]]) * rng.uniform(-1, 1) * 1e-4
        corners = np.stack([start, start + along, start + 0.4 * along + across])
        vertices = np.column_stack([corners, np.zeros(3)]).astype(np.float32)
        values = rng.uniform(100, 900, (3, 1)).astype(np.float32)
        drawn, covered = rasterise(vertices, np.array([[0, 1, 2]], np.int32), values, (60, 60))
        assert (drawn[0][covered] > values.min() - 0.1).all()
        assert (drawn[0][covered] < values.max() + 0.1).all()


def test_the_nearer_surface_wins_whatever_the_order():
    near = SQUARE - np.array([0, 0, 5])
    vertices = np.vstack([SQUARE, near]).astype(np.float32)
    value = np.repeat([[1.0], [2.0]], 4, axis=0).astype(np.float32)
    for triangles in (np.vstack([TWO, TWO + 4]), np.vstack([TWO + 4, TWO])):
        drawn, _ = rasterise(vertices, triangles.astype(np.int32), value, (10, 10))
        assert (drawn == 2).all()


def test_winding_does_not_matter():
    forward = rasterise(SQUARE, TWO, SQUARE, (10, 10))
    backward = rasterise(SQUARE, TWO[:, ::-1].copy(), SQUARE, (10, 10))
    assert np.allclose(forward[0], backward[0], atol=1e-5)


@pytest.mark.parametrize("shift", [-1000, 1000])
def test_a_mesh_outside_the_picture_draws_nothing(shift):
    assert not rasterise(SQUARE + np.float32(shift), TWO, SQUARE, (10, 10))[1].any()


@pytest.mark.parametrize("shape", [(1, 1), (0, 5), (3, 1)])
def test_tiny_pictures(shape):
    drawn, covered = rasterise(SQUARE, TWO, SQUARE, shape)
    assert drawn.shape == (3, *shape)
    assert covered.all()


def test_degenerate_triangles_draw_nothing():
    flat = np.array([[0, 0, 0], [5, 5, 0], [9, 9, 0]], np.float32)
    assert not rasterise(flat, np.array([[0, 1, 2]], np.int32), flat, (10, 10))[1].any()


def test_not_a_number_draws_nothing():
    broken = SQUARE.copy()
    broken[0] = np.nan
    assert not rasterise(broken, TWO[:1], SQUARE, (10, 10))[1].any()


def test_misfitting_arrays_are_refused():
    with pytest.raises(ValueError, match="attributes"):
        raster.rasterise(SQUARE, TWO, SQUARE[:2], (10, 10))
    with pytest.raises(ValueError, match="vertices"):
        raster.rasterise(SQUARE[:, :2], TWO, SQUARE, (10, 10))


def test_facing_is_the_cosine_to_the_viewer():
    tilt = np.radians(60)
    turned = SQUARE.copy()
    turned[:, 0], turned[:, 2] = SQUARE[:, 0] * np.cos(tilt), SQUARE[:, 0] * np.sin(tilt)
    assert vertex_facing(SQUARE, TWO) == pytest.approx(np.ones(4))
    assert vertex_facing(turned, TWO) == pytest.approx(np.full(4, 0.5), abs=1e-6)
    assert vertex_facing(SQUARE, TWO[:, ::-1]) == pytest.approx(-np.ones(4))


def test_a_vertex_behind_a_surface_is_hidden():
    behind = np.array([[5, 5, 4]], np.float32)
    seen = vertex_visibility(np.vstack([SQUARE, behind]), TWO)
    assert seen.tolist() == [True, True, True, True, False]
