import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.imaging.geometry.transforms import (
    euler_degrees,
    fit_similarity_3d,
    invert_affine,
    rotated_square_to_crop,
    transform_points,
)


def rotation(pitch: float, yaw: float, roll: float) -> np.ndarray:
    """Roll · yaw · pitch with the signs `euler_degrees` documents."""
    p, y, r = np.radians([pitch, -yaw, roll])
    about_x = [[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]]
    about_y = [[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]]
    about_z = [[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]]
    return np.array(about_z) @ np.array(about_y) @ np.array(about_x)


def cloud(seed: int = 0, n: int = 40) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 100, (n, 3))


@given(
    angles=st.tuples(*[st.floats(-80, 80)] * 3),
    scale=st.floats(0.01, 100),
    shift=st.tuples(*[st.floats(-1000, 1000)] * 3),
)
def test_similarity_recovers_what_was_applied(angles, scale, shift):
    points = cloud()
    moved = scale * points @ rotation(*angles).T + shift
    fit = fit_similarity_3d(points, moved)
    assert fit.scale == pytest.approx(scale)
    assert np.allclose(fit.apply(points), moved, atol=1e-6 * scale + 1e-6)
    assert euler_degrees(fit.rotation) == pytest.approx(angles, abs=1e-5)


def test_similarity_never_mirrors():
    points = cloud()
    fit = fit_similarity_3d(points, points * [-1, 1, 1])
    assert np.linalg.det(fit.rotation) == pytest.approx(1)


def test_similarity_ignores_points_without_weight():
    points, weights = cloud(), np.ones(40)
    onto = 2 * points + 5
    onto[7], weights[7] = 1e6, 0
    assert np.allclose(fit_similarity_3d(points, onto, weights).apply(points[:7]), onto[:7])


def test_similarity_of_one_point_is_refused():
    with pytest.raises(ValueError, match="degenerate"):
        fit_similarity_3d(np.ones((5, 3)), cloud(n=5))


def test_yaw_is_positive_towards_the_right_of_the_picture():
    nose = np.array([[0.0, 0.0, -1.0]])  # the mean face's nose points at the camera
    assert (nose @ rotation(0, 20, 0).T)[0, 0] > 0
    assert euler_degrees(rotation(0, 20, 0))[1] == pytest.approx(20)


@given(
    angle=st.floats(-np.pi, np.pi),
    side=st.floats(1, 5000),
    centre=st.tuples(st.floats(-500, 5000), st.floats(-500, 5000)),
)
def test_crop_matrix_inverts_and_maps_edges_to_edges(angle, side, centre):
    matrix = rotated_square_to_crop(centre, side, angle, 192)
    back = invert_affine(matrix)
    corner = transform_points(back, np.array([-0.5, -0.5]))
    right = transform_points(back, np.array([191.5, -0.5]))
    assert np.hypot(*(right - corner)) == pytest.approx(side)
    assert transform_points(matrix, np.array(centre)) == pytest.approx([95.5, 95.5], abs=1e-6)
