import numpy as np
import pytest

from gateway.imaging.geometry.apron import RINGS, apron, apron_triangles
from tests import tolerances


def outline(n: int = 36, radius: float = 50.0, centre=(100.0, 80.0)) -> np.ndarray:
    angle = np.arange(n) * 2 * np.pi / n
    return radius * np.column_stack([np.cos(angle), np.sin(angle)]) + centre


def motion(n: int = 36, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 5, (n, 2))


def rings(points: np.ndarray) -> np.ndarray:
    return points.reshape(len(RINGS), -1, 2)


def signed_areas(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    a, b, c = (points[triangles[:, i]] for i in range(3))
    return np.cross(np.pad(b - a, ((0, 0), (0, 1))), np.pad(c - a, ((0, 0), (0, 1))))[:, 2]


def test_an_outline_that_stays_leaves_everything():
    before, after = apron(outline(), outline())
    assert (before == after).all()


def test_each_ring_moves_its_share_and_the_last_one_not_at_all():
    before, after = apron(outline(), outline() + motion())
    for (_, share), earlier, later in zip(RINGS, rings(before), rings(after), strict=True):
        assert later - earlier == pytest.approx(share * motion(), abs=tolerances.AFFINE)
    assert (rings(before)[-1] == rings(after)[-1]).all()


def test_rings_lie_around_one_another_and_move_ever_less():
    farther, less = np.diff([(1, 1), *RINGS], axis=0).T
    assert (farther > 0).all()
    assert (less < 0).all()
    middle = outline().mean(0)
    away = np.linalg.norm(rings(apron(outline(), outline())[0]) - middle, axis=2)
    assert away == pytest.approx(50 * np.array(RINGS)[:, :1] * np.ones(36))


def test_it_goes_along_when_the_picture_is_moved_and_enlarged():
    after = outline() + motion()
    here, there = apron(outline(), after), apron(3 * outline() + 7, 3 * after + 7)
    for points, other in zip(here, there, strict=True):
        assert 3 * points + 7 == pytest.approx(other)


def test_arguments_are_not_changed():
    before, after = outline(), outline() + motion()
    apron(before, after)
    assert (before == outline()).all()
    assert (after == outline() + motion()).all()


@pytest.mark.parametrize("n", [3, 36])
def test_triangles_fill_the_band_once(n):
    triangles = apron_triangles(n)
    assert len(triangles) == 2 * n * len(RINGS)
    assert set(triangles.ravel().tolist()) == set(range(n * (1 + len(RINGS))))
    points = np.concatenate([outline(n), apron(outline(n), outline(n))[0]])
    areas = signed_areas(points, triangles)
    assert (areas > 0).all() or (areas < 0).all()
    inner, outer = (abs(polygon(points[k : k + n])) for k in (0, n * len(RINGS)))
    assert np.abs(areas).sum() / 2 == pytest.approx(outer - inner)


def polygon(points: np.ndarray) -> float:
    """Return the signed area of a closed outline."""
    x, y = points.T
    return float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2)


def test_triangles_are_made_once_and_cannot_be_changed():
    assert apron_triangles(36) is apron_triangles(36)
    with pytest.raises(ValueError, match="read-only"):
        apron_triangles(36)[0] = 0
