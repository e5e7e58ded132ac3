import numpy as np
import pytest

from gateway.faces.regions import distance_to_eyes, distance_to_mouth, distance_to_outline
from gateway.faces.topology import (
    FACE_OVAL,
    LEFT_EYE,
    LIPS_INNER,
    N_LANDMARKS,
    N_MESH,
    RIGHT_EYE,
    RINGS,
    neighbour_mean,
    topology,
)


def edges() -> set[frozenset[int]]:
    t = topology().triangles
    pairs = np.concatenate([t[:, [0, 1]], t[:, [1, 2]], t[:, [2, 0]]])
    return {frozenset(map(int, pair)) for pair in pairs}


def test_mean_face_is_symmetric_and_one_inter_ocular_distance_wide():
    face = topology()
    assert face.mean[face.mirror] == pytest.approx(face.mean * [-1, 1, 1], abs=1e-5)
    eyes = face.mean[[33, 133]].mean(0) - face.mean[[263, 362]].mean(0)
    assert np.linalg.norm(eyes) == pytest.approx(1, abs=0.01)


def test_mirror_is_its_own_inverse_and_keeps_skin_with_skin():
    mirror = topology().mirror
    assert (mirror[mirror] == np.arange(N_LANDMARKS)).all()
    assert (mirror[:N_MESH] < N_MESH).all()


def test_triangulation_covers_every_skin_landmark_once_over():
    triangles = topology().triangles
    assert set(triangles.ravel().tolist()) == set(range(N_MESH))
    # Euler's formula for a disc: vertices - edges + faces = 1
    assert N_MESH - len(edges()) + len(triangles) == 1


def test_triangles_face_forward_on_the_mean_face():
    a, b, c = (topology().mean[topology().triangles[:, i], :2] for i in range(3))
    area = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    assert (area > 0).mean() > 0.97


@pytest.mark.parametrize("name", RINGS)
def test_rings_run_along_edges(name):
    ring = RINGS[name]
    assert all(frozenset(p) in edges() for p in zip(ring, (*ring[1:], ring[0]), strict=True))


@pytest.mark.parametrize(
    ("distance", "ring"),
    [
        (distance_to_outline, FACE_OVAL),
        (distance_to_eyes, RIGHT_EYE + LEFT_EYE),
        (distance_to_mouth, LIPS_INNER),
    ],
)
def test_distances_are_zero_on_their_ring_only(distance, ring):
    assert (distance()[list(ring)] == 0).all()
    assert (np.delete(distance(), list(ring)) > 0).all()


def test_packaged_arrays_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        topology().mean[0] = 0


def test_neighbour_mean_is_a_mean_over_edges():
    assert neighbour_mean(np.full(N_MESH, 3, np.float32)) == pytest.approx(np.full(N_MESH, 3))
    one = np.zeros(N_MESH, np.float32)
    one[1] = 1
    touched = np.flatnonzero(neighbour_mean(one))
    assert all(frozenset((1, int(i))) in edges() for i in touched)
    assert len(touched) == sum(1 in edge for edge in edges())
