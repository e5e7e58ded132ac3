import numpy as np
import pytest

from gateway.faces.alignment import TEMPLATES
from gateway.networks.crops import aligned_crops
from tests import tolerances
from tests.standins.pictures import faces
from tests.standins.templates import POINTS, crop_of, points_in

ALL = pytest.mark.parametrize("template", TEMPLATES)


@ALL
def test_templates_are_the_field_s(template):
    assert set(POINTS) == set(TEMPLATES)
    np.testing.assert_allclose(TEMPLATES[template] * 64 - 0.5, points_in(template, 64), atol=1e-9)


@ALL
@pytest.mark.parametrize("side", [64, 100])
def test_crops_are_cut_where_the_template_says(template, side):
    image, points = faces(side // 2)  # so that even the widest template shrinks no face by half
    found, matrices = aligned_crops(image, points, template, side)
    assert (found.dtype, found.shape, matrices.shape) == (np.uint8, (3, side, side, 3), (3, 2, 3))
    for crop, face in zip(found, points, strict=True):
        assert np.abs(crop - crop_of(image, face, template, side)).max() <= tolerances.LEVEL


def test_no_faces_are_no_crops():
    found, matrices = aligned_crops(
        np.zeros((9, 9, 3), np.uint8), np.zeros((0, 5, 2)), "ffhq_512", 8
    )
    assert (found.shape, matrices.shape) == ((0, 8, 8, 3), (0, 2, 3))


def test_points_that_coincide_are_an_error():
    with pytest.raises(ValueError, match="degenerate"):
        aligned_crops(np.zeros((9, 9, 3), np.uint8), np.ones((1, 5, 2)), "ffhq_512", 8)
