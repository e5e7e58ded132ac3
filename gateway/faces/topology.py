"""The Face Mesh landmark order: what each of the 478 points is, and how they join up.

"Left" and "right" in names are the subject's own, as in the literature: in an upright
portrait the subject's right eye is on the left of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F32, AnyFloat

N_MESH = 468
"""Points of the skin mesh; 468–472 are the right iris (centre first), 473–477 the left one."""
N_LANDMARKS = 478

# fmt: off
FACE_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)
LIPS_OUTER = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185,
)
LIPS_INNER = (
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191,
)
RIGHT_EYE = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
LEFT_EYE = (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)
RIGHT_IRIS = (468, 469, 470, 471, 472)
LEFT_IRIS = (473, 474, 475, 476, 477)
# fmt: on

RINGS = {
    "face_oval": FACE_OVAL,
    "lips_outer": LIPS_OUTER,
    "lips_inner": LIPS_INNER,
    "right_eye": RIGHT_EYE,
    "left_eye": LEFT_EYE,
}

NOSE_TIP = 1
RIGHT_MOUTH_CORNER, LEFT_MOUTH_CORNER = 61, 291


@dataclass(frozen=True, slots=True)
class Topology:
    """The learned mean face and its triangulation.

    Attributes:
        mean: float32 (478, 3), symmetric, centred, inter-ocular distance 1; x right in the
            picture, y down, z towards the back.
        mirror: int (478,), each landmark's partner on the other side; its own inverse.
        triangles: int32 (T, 3), winding such that a front-facing triangle has positive signed
            area in image coordinates (x right, y down).
        rigidity: float32 (478,), inverse variance of each landmark over people and expressions,
            at most 1: the weight it deserves when a head's pose is measured.
    """

    mean: NDArray[np.float32]
    mirror: NDArray[np.int64]
    triangles: NDArray[np.int32]
    rigidity: NDArray[np.float32]


@cache
def topology() -> Topology:
    """Return the packaged topology (read once; the arrays are read-only)."""
    with files("gateway.faces").joinpath("data/topology.npz").open("rb") as stream:
        data = np.load(stream)
        arrays = (
            data["mean"].astype(np.float32),
            data["mirror"].astype(np.int64),
            data["triangles"].astype(np.int32),
            data["rigidity"].astype(np.float32),
        )
    for array in arrays:
        array.setflags(write=False)
    return Topology(*arrays)


@cache
def _edges() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return every edge of the triangulation in both directions: start (E,) and end (E,)."""
    t = topology().triangles
    pairs = np.concatenate([t[:, [0, 1]], t[:, [1, 2]], t[:, [2, 0]]])
    both = np.unique(np.concatenate([pairs, pairs[:, ::-1]]), axis=0).astype(np.int64)
    return both[:, 0], both[:, 1]


def neighbour_mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return for each skin landmark (468,) the mean of its neighbours' values (468,)."""
    start, end = _edges()
    total = np.bincount(start, weights=values[end], minlength=N_MESH)
    return (total / np.bincount(start, minlength=N_MESH)).astype(np.float32)


def five_points(landmarks: AnyFloat) -> F32:
    """Return eyes, nose tip and mouth corners (5, 2) of landmarks (≥ 468, ≥ 2); see `Face`."""
    skin = landmarks[:N_MESH, :2]
    five = [
        skin[list(RIGHT_EYE)].mean(0),
        skin[list(LEFT_EYE)].mean(0),
        skin[NOSE_TIP],
        skin[RIGHT_MOUTH_CORNER],
        skin[LEFT_MOUTH_CORNER],
    ]
    return np.stack(five).astype(np.float32)
