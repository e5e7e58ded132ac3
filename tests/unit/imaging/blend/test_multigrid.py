import numpy as np
import pytest

from gateway.imaging.blend.multigrid import fill_harmonic, fill_poisson
from tests import tolerances
from tests.unit.imaging.sparse_solve import solved


def ring(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    r = np.hypot((x - width / 2) / (width / 2 - 2), (y - height / 2) / (height / 2 - 2))
    return (r > 0.97) & (r < 1.03)


@pytest.mark.parametrize(("height", "width"), [(80, 70), (61, 97), (33, 32)])
def test_agrees_with_a_direct_solve(height, width):
    rng = np.random.default_rng(1)
    known = ring(height, width)
    values = rng.normal(0, 20, (height, width, 3)).astype(np.float32)
    difference = fill_harmonic(values, known, cycles=4) - solved(values, known)
    assert np.abs(difference).max() < tolerances.MEMBRANE_LEVELS


def test_more_cycles_come_closer():
    rng = np.random.default_rng(2)
    known = ring(90, 80)
    values = rng.normal(0, 20, (90, 80, 1)).astype(np.float32)
    truth = solved(values, known)
    errors = [np.abs(fill_harmonic(values, known, cycles=c) - truth).max() for c in (1, 2, 4)]
    assert errors[2] < errors[1] < errors[0]


def test_linear_functions_are_harmonic():
    y, x = np.mgrid[:64, :48].astype(np.float32)
    plane = (3 * x - 2 * y + 7)[..., None]
    known = np.zeros((64, 48), bool)
    known[[0, -1]] = known[:, [0, -1]] = True
    assert np.abs(fill_harmonic(plane, known, cycles=8) - plane).max() < 0.05


def test_maximum_principle():
    rng = np.random.default_rng(3)
    known = ring(70, 70)
    values = rng.uniform(-10, 10, (70, 70, 1)).astype(np.float32)
    inside = fill_harmonic(values, known, cycles=4)[30:40, 30:40]
    assert inside.min() > values[known].min()
    assert inside.max() < values[known].max()


def test_one_known_pixel_fills_everything():
    known = np.zeros((40, 30), bool)
    known[5, 5] = True
    inpainting_sources = fill_harmonic(np.full((40, 30, 2), 9, np.float32), known)
    assert inpainting_sources == pytest.approx(np.full((40, 30, 2), 9), abs=1e-3)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (3, 2)])
def test_tiny_arrays(shape):
    values = np.ones((*shape, 3), np.float32)
    assert (fill_harmonic(values, np.ones(shape, bool)) == 1).all()
    assert (fill_harmonic(values, np.zeros(shape, bool)) == 0).all()


# With a source term


def guidance(height: int, width: int, strength: float = 6.0) -> np.ndarray:
    """Return the divergence of a random flow (H, W, 2) that does not leave the array."""
    rng = np.random.default_rng(4)
    out = np.zeros((height, width, 2), np.float32)
    for axis in (0, 1):
        flow = rng.normal(0, strength, (height, width, 2)).astype(np.float32)
        near = (slice(None, -1),) if axis == 0 else (slice(None), slice(None, -1))
        far = (slice(1, None),) if axis == 0 else (slice(None), slice(1, None))
        out[near] += flow[near]
        out[far] -= flow[near]
    return out


@pytest.mark.parametrize(("height", "width"), [(80, 70), (61, 97), (33, 32), (7, 50)])
def test_poisson_agrees_with_a_direct_solve(height, width):
    rng = np.random.default_rng(5)
    known = ring(height, width)
    known[height // 2, width // 2] = True
    values = rng.normal(0, 20, (height, width, 2)).astype(np.float32)
    sources = guidance(height, width)
    difference = fill_poisson(values, known, sources) - solved(values, known, sources)
    assert np.abs(difference).max() < tolerances.MEMBRANE_LEVELS
    assert (fill_poisson(values, known, sources)[known] == values[known]).all()


def test_without_sources_poisson_is_harmonic():
    rng = np.random.default_rng(6)
    known = ring(60, 60)
    values = rng.normal(0, 20, (60, 60, 1)).astype(np.float32)
    nothing = np.zeros_like(values)
    difference = fill_poisson(values, known, nothing) - solved(values, known)
    assert np.abs(difference).max() < tolerances.MEMBRANE_LEVELS


def test_the_laplacian_of_a_picture_gives_it_back():
    picture = np.random.default_rng(7).uniform(0, 255, (50, 64, 1)).astype(np.float32)
    known = np.zeros((50, 64), bool)
    known[[0, -1]] = known[:, [0, -1]] = True
    padded = np.pad(picture, ((1, 1), (1, 1), (0, 0)), mode="edge")
    around = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    inpainting_sources = fill_poisson(picture, known, around - 4 * picture)
    assert np.abs(inpainting_sources - picture).max() < tolerances.MEMBRANE_LEVELS


def test_poisson_without_anything_known_is_nothing():
    sources = guidance(20, 20)
    assert (fill_poisson(np.ones_like(sources), np.zeros((20, 20), bool), sources) == 0).all()
