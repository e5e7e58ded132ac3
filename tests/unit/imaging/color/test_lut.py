import numpy as np
import pytest

from gateway.imaging.color.lut import CUBE, apply_cube, level_cube

EVERY = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)


def test_the_identity_changes_nothing():
    assert (apply_cube(EVERY, level_cube(lambda levels: levels)) == EVERY).all()


def test_what_is_linear_is_followed_exactly():
    def change(levels):
        return 0.6 * levels[..., ::-1] + [20, 0, 40]

    assert np.abs(apply_cube(EVERY, level_cube(change)) - change(EVERY)).max() <= 0.5 + 1e-3


@pytest.mark.parametrize("shift", [-400, 400])
def test_what_leaves_the_scale_is_clipped(shift):
    out = apply_cube(EVERY, level_cube(lambda levels: levels + shift))
    assert (out == (255 if shift > 0 else 0)).all()


def test_at_its_nodes_a_cube_is_the_map_itself():
    nodes = np.rint(np.linspace(0, 255, CUBE))
    exact = np.linspace(0, 255, CUBE) == nodes
    levels = np.stack(np.meshgrid(*[nodes[exact]] * 3, indexing="ij"), -1)
    squared = level_cube(lambda v: v**2 / 255)
    assert len(levels) >= 2
    got = apply_cube(levels.astype(np.uint8).reshape(-1, 1, 3), squared).reshape(levels.shape)
    assert np.abs(got - levels**2 / 255).max() <= 0.5 + 1e-3
