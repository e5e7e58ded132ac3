"""Learn the mean face and its triangulation in the Face Mesh landmark order.

The landmark *positions* of thousands of faces are all that goes in: a symmetric mean shape by
generalised Procrustes analysis, landmark pairs by reflecting it, and a triangulation by
Delaunay on the unrolled mean (the face is star-shaped seen from inside the head, so a
stereographic view from there has no folds, not even under the nose).

    python tools/learn_topology.py FACE_MESHES.npz gateway/faces/data/topology.npz
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial import Delaunay

from gateway.faces.topology import (
    FACE_OVAL,
    LEFT_EYE,
    LIPS_INNER,
    LIPS_OUTER,
    N_MESH,
    RIGHT_EYE,
    RINGS,
)
from gateway.imaging.geometry.transforms import fit_similarity_3d

F64 = NDArray[np.float64]


def mean_per_person(shapes: F64, identity: NDArray[np.int16], rounds: int = 6) -> F64:
    """Generalised Procrustes mean, every person weighing the same, people's medians inside."""
    mean = shapes[0] - shapes[0].mean(0)
    mean /= np.sqrt((mean**2).sum(1).mean())
    for _ in range(rounds):
        aligned = np.empty_like(shapes)
        for i, shape in enumerate(shapes):
            aligned[i] = fit_similarity_3d(shape, mean).apply(shape)
        people = [np.median(aligned[identity == p], axis=0) for p in np.unique(identity)]
        mean = np.mean(people, axis=0)
        mean -= mean[:N_MESH].mean(0)
        mean /= np.sqrt((mean**2).sum(1).mean())
    return np.asarray(mean)


def known_pairs() -> list[tuple[int, int]]:
    """Landmark pairs that follow from the order of the named rings."""
    pairs = list(zip(RIGHT_EYE, LEFT_EYE, strict=True))
    pairs += [(FACE_OVAL[i], FACE_OVAL[-i]) for i in range(len(FACE_OVAL))]
    for ring in (LIPS_OUTER, LIPS_INNER):
        pairs += [(ring[i], ring[(10 - i) % 20]) for i in range(20)]
    return [*pairs, *((b, a) for a, b in pairs)]


def symmetrise(mean: F64) -> tuple[F64, NDArray[np.int64]]:
    """Return the mean made symmetric in x, and each landmark's partner."""
    own, other = np.array(known_pairs()).T
    flipped = mean * [-1, 1, 1]
    flipped = fit_similarity_3d(flipped[own], mean[other]).apply(flipped)
    distance = np.linalg.norm(flipped[:, None] - mean[None], axis=-1)
    distance[:N_MESH, N_MESH:] = distance[N_MESH:, :N_MESH] = 1e3  # skin pairs with skin
    distance[own, other] = -1e3
    mirror = linear_sum_assignment(distance + distance.T)[1]
    if not np.array_equal(mirror[mirror], np.arange(len(mean))):
        raise SystemExit("the landmark pairing is not an involution")
    flipped = (mean * [-1, 1, 1])[mirror]
    mean = (mean + fit_similarity_3d(flipped, mean).apply(flipped)) / 2
    # Turn the plane of symmetry into x = 0.
    axis = (mean - mean[mirror])[np.abs(mean[:, 0]) > 0.3]
    axis *= np.sign(axis[:, :1])
    x = axis.mean(0) / np.linalg.norm(axis.mean(0))
    y = np.array([0.0, 1.0, 0.0]) - x * x[1]
    y /= np.linalg.norm(y)
    mean = mean @ np.stack([x, y, np.cross(x, y)]).T
    mean = (mean + mean[mirror] * [-1, 1, 1]) / 2
    return mean, mirror


def unroll(mean: F64) -> F64:
    """Stereographic view (K, 2) of the mean from a point inside the head, between the eyes."""
    eyes = mean[[33, 133, 362, 263]].mean(0)
    width = np.ptp(mean[:N_MESH, 0])
    inside = eyes + np.array([0, 0, 0.55 * width])
    rays = mean - inside
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    return np.asarray(rays[:, :2] / (1 - rays[:, 2:]))


def triangulate(mean: F64, mirror: NDArray[np.int64]) -> NDArray[np.int32]:
    """Symmetric triangulation (T, 3) of the mesh landmarks, rings kept as edges.

    Counter-clockwise seen from the front with y down means a positive signed area
    of `(b - a) x (c - a)` in image coordinates.
    """
    uv = unroll(mean)[:N_MESH]
    triangles = Delaunay(uv).simplices
    oval = uv[list(FACE_OVAL)]
    centre = uv[triangles].mean(1)
    triangles = triangles[[_inside(c, oval) for c in centre]]
    # Keep the triangles of the left half and mirror them; those across the midline stay.
    side = np.where(np.abs(mean[:N_MESH, 0]) < 1e-6, 0, np.sign(mean[:N_MESH, 0]))
    s = side[triangles]
    left = triangles[(s <= 0).all(1) & (s < 0).any(1)]
    across = triangles[((s < 0).any(1) & (s > 0).any(1)) | (s == 0).all(1)]
    both = np.concatenate([left, mirror[left][:, ::-1], across])
    a, b, c = (uv[both[:, i]] for i in range(3))
    area = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    both[area < 0] = both[area < 0][:, ::-1]
    return both[np.lexsort(np.sort(both, 1).T[::-1])].astype(np.int32)


def _inside(point: F64, polygon: F64) -> bool:
    a, b = polygon, np.roll(polygon, -1, axis=0)
    crosses = (a[:, 1] > point[1]) != (b[:, 1] > point[1])
    at = a[:, 0] + (point[1] - a[:, 1]) / np.where(crosses, b[:, 1] - a[:, 1], 1) * (b - a)[:, 0]
    return bool((crosses & (point[0] < at)).sum() % 2)


def main(source: Path, destination: Path) -> None:
    data = np.load(source)
    shapes = data["landmarks_16"].astype(np.float64) / 16
    mean = mean_per_person(shapes, data["identity"])
    mean, mirror = symmetrise(mean)
    gap = np.linalg.norm(shapes[:, 13] - shapes[:, 14], axis=1) / np.ptp(shapes[:, :, 1], axis=1)
    wide = gap > np.quantile(gap, 0.98)  # lips that touch would not triangulate well
    opened, _ = symmetrise(mean_per_person(shapes[wide], data["identity"][wide]))
    iod = np.linalg.norm(mean[[33, 133]].mean(0) - mean[[263, 362]].mean(0))
    mean /= iod
    triangles = triangulate(opened, mirror)
    edges = {frozenset(e) for t in triangles for e in ((t[0], t[1]), (t[1], t[2]), (t[2], t[0]))}
    for name, ring in RINGS.items():
        missing = [
            (a, b)
            for a, b in zip(ring, (*ring[1:], ring[0]), strict=True)
            if frozenset((a, b)) not in edges
        ]
        print(f"{name}: {len(ring)} edges, {len(missing)} missing {missing}")
    spread = np.mean(
        [((fit_similarity_3d(s, mean).apply(s) - mean) ** 2).sum(1) for s in shapes], axis=0
    )
    rigidity = spread[:N_MESH].min() / spread
    rigidity[N_MESH:] = 0  # the irises look about
    rigidity = (rigidity + rigidity[mirror]) / 2
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    np.savez_compressed(
        destination,
        mean=mean.astype(np.float32),
        mirror=mirror.astype(np.int16),
        triangles=triangles.astype(np.int16),
        rigidity=rigidity.astype(np.float32),
        source_sha256=np.array(digest),
    )
    print(f"{len(triangles)} triangles, {destination.stat().st_size} bytes, from {digest[:12]}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
