import numpy as np
import pytest

from gateway.faces.alignment import TEMPLATES, crop_from_image
from gateway.imaging.geometry.transforms import transform_points
from tests.tolerances import AFFINE

ALL = pytest.mark.parametrize("template", TEMPLATES)


def points(template, size_px=128):
    return TEMPLATES[template] * size_px - 0.5


def moved(xy, degrees=0.0, scale=1.0, by=(0, 0)):
    turn = np.radians(degrees)
    linear = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return xy @ linear.T + by


@ALL
def test_a_template_s_points_lie_where_they_are(template):
    matrix = crop_from_image(points(template), template, 128)
    assert np.abs(matrix - np.eye(2, 3)).max() < AFFINE


@ALL
@pytest.mark.parametrize("degrees", [-170, -35, 90, 180])
@pytest.mark.parametrize("scale", [0.1, 7.0])
def test_wherever_a_face_lies_it_is_laid_onto_the_template(template, degrees, scale):
    there = moved(points(template), degrees, scale, (300, -40))
    matrix = crop_from_image(there, template, 128)
    assert np.abs(transform_points(matrix, there) - points(template)).max() < AFFINE


@ALL
def test_the_crop_s_size_is_only_a_unit(template):
    """Edges, not centres of pixels, lie on each other."""
    there = moved(points(template), 20, 3, (50, 60))
    small, large = (crop_from_image(there, template, size) for size in (112, 448))
    corner = transform_points(small, np.array([[70.0, 90.0]]))
    finer = transform_points(large, np.array([[70.0, 90.0]]))
    assert (corner + 0.5) * 4 - 0.5 == pytest.approx(finer)


def similarity(matrix):
    """Return the scale of a proper similarity; fails for anything else."""
    (a, b), (c, d) = matrix[:, :2]
    assert (a, b) == pytest.approx((d, -c), abs=1e-12)
    return np.hypot(a, c)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_a_proper_similarity_and_the_best_one(seed):
    rng = np.random.default_rng(seed)
    there = moved(points("arcface_128"), 40, 2, (9, 9)) + rng.normal(0, 8, (5, 2))
    matrix = crop_from_image(there, "arcface_128", 128)
    assert similarity(matrix) > 0

    def error(change):
        off = transform_points(matrix + change, there) - points("arcface_128")
        return float((off**2).sum())

    turn, shift = np.zeros((2, 3)), np.zeros((2, 3))
    turn[:, :2], shift[0, 2] = [[0, -1e-4], [1e-4, 0]], 1e-2
    grow = np.column_stack([1e-4 * np.eye(2), [0, 0]])
    assert error(0) < min(error(sign * one) for one in (turn, shift, grow) for sign in (-1, 1))


def test_no_face_is_mirrored_in_profile_either():
    there = points("arcface_128").copy()
    there[:, 0] = 60 - 0.3 * (there[:, 0] - 60)  # the eyes have changed sides
    assert similarity(crop_from_image(there, "arcface_128", 128)) > 0


@ALL
def test_points_that_coincide_are_an_error(template):
    with pytest.raises(ValueError, match="degenerate"):
        crop_from_image(np.full((5, 2), 33.0), template, 128)
