import numpy as np
import pytest
from scipy import sparse
from scipy.sparse import linalg

from gateway.imaging.multigrid import fill_harmonic
from tests import tolerances


def exact(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Direct sparse solve of the same five-point equations."""
    index = np.arange(known.size).reshape(known.shape)
    rows, columns = [], []
    for a, b in ((index[:, :-1], index[:, 1:]), (index[:-1], index[1:])):
        rows += [a.ravel(), b.ravel()]
        columns += [b.ravel(), a.ravel()]
    r, c = np.concatenate(rows), np.concatenate(columns)
    adjacency = sparse.csr_matrix((np.ones(len(r)), (r, c)))
    laplacian = sparse.diags(np.asarray(adjacency.sum(1)).ravel()) - adjacency
    free, fixed = np.flatnonzero(~known), np.flatnonzero(known)
    flat = values.reshape(known.size, -1).astype(float)
    out = flat.copy()
    out[free] = linalg.spsolve(
        laplacian[free][:, free].tocsc(), -laplacian[free][:, fixed] @ flat[fixed]
    ).reshape(len(free), -1)
    return out.reshape(values.shape)


def ring(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    r = np.hypot((x - width / 2) / (width / 2 - 2), (y - height / 2) / (height / 2 - 2))
    return (r > 0.97) & (r < 1.03)


@pytest.mark.parametrize(("height", "width"), [(80, 70), (61, 97), (33, 32)])
def test_agrees_with_a_direct_solve(height, width):
    rng = np.random.default_rng(1)
    known = ring(height, width)
    values = rng.normal(0, 20, (height, width, 3)).astype(np.float32)
    difference = fill_harmonic(values, known, cycles=4) - exact(values, known)
    assert np.abs(difference).max() < tolerances.MEMBRANE_LEVELS


def test_more_cycles_come_closer():
    rng = np.random.default_rng(2)
    known = ring(90, 80)
    values = rng.normal(0, 20, (90, 80, 1)).astype(np.float32)
    truth = exact(values, known)
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
    filled = fill_harmonic(np.full((40, 30, 2), 9, np.float32), known)
    assert filled == pytest.approx(np.full((40, 30, 2), 9), abs=1e-3)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (3, 2)])
def test_tiny_arrays(shape):
    values = np.ones((*shape, 3), np.float32)
    assert (fill_harmonic(values, np.ones(shape, bool)) == 1).all()
    assert (fill_harmonic(values, np.zeros(shape, bool)) == 0).all()
