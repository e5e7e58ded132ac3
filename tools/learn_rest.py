"""Learns `gateway/faces/morphable/data/rest.npz`: a face at rest, from one picture of it.

    python tools/learn_rest.py FACE_MESHES.npz gateway/faces/morphable/data/rest.npz

What goes in are the Face Mesh results that the model is learned from (`learn_face_3dmm.py`),
without the people held out. A person's face at rest is the mean of the frames in which the mouth
does least. What single frames leave of the expression, once the controls are at rest, differs from
that mostly in a few ways; in these the face at rest is estimated linearly, by the variance of one
person over time and that of people at rest.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gateway.faces.morphable.controls import INDEX
from gateway.faces.morphable.expression import rest_of
from gateway.faces.morphable.fit import fit_landmarks
from gateway.faces.morphable.model import face_model

F64 = NDArray[np.float64]

LEAST_FRAMES, RESTING = 12, 8
"""Frames a person needs; one in so many, the calmest, shows them at rest."""
EVERY = 2
"""Of the frames every so manieth: neighbours are alike."""
WAYS = 6
"""Ways to differ from rest. With more, faces become more like the average one."""
DOUBT = 2.0
"""How many times more people are taken to differ at rest than these few do."""
MOUTH = [
    INDEX[name]
    for name in (
        *("jawOpen", "mouthSmileLeft", "mouthSmileRight", "mouthFunnel", "mouthPucker"),
        *("mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthLowerDownLeft"),
    )
]


def learned(identity: F64, expression: F64, person: NDArray[np.int64]) -> dict[str, F64]:
    """Return the arrays of `RestEstimator` for fits of (N,) people."""
    model = face_model()
    basis = model.basis.astype(np.float64)
    resting, left_over, weight = [], [], []
    for one in np.unique(person):
        frames = np.flatnonzero(person == one)
        if len(frames) < LEAST_FRAMES:
            continue
        moved = expression[frames][:, MOUTH].sum(1)
        calm = frames[np.argsort(moved)[: max(3, len(frames) // RESTING)]]
        rest = np.concatenate([identity[calm].mean(0), expression[calm].mean(0)]) @ basis
        some = frames[::EVERY]
        controls = np.stack([rest_of(expression[n : n + 1]) for n in some])
        shapes = np.concatenate([identity[some], controls], 1) @ basis
        resting.append(rest)
        left_over.append(shapes - rest)
        weight.append(np.full(len(some), 1 / len(some)))
    off, share = np.concatenate(left_over), np.concatenate(weight) / len(weight)
    usual, mean = share @ off, np.mean(resting, axis=0)
    spread = (off - usual) * np.sqrt(share)[:, None]
    ways = np.linalg.svd(spread, full_matrices=False)[2][:WAYS]
    passing = ways @ spread.T @ spread @ ways.T
    lasting = np.cov(((resting - mean) @ ways.T).T)
    gain = passing @ np.linalg.inv(DOUBT * lasting + passing)
    in_residual = np.linalg.pinv(model.residual.astype(np.float64))
    return {
        "readout": basis @ ways.T,
        "offset": -(mean + usual) @ ways.T,
        "correction": -gain.T @ ways @ in_residual,
        "bias": -usual @ in_residual,
    }


def main(source: Path, out: Path) -> None:
    with np.load(source) as data:
        landmarks = data["landmarks_16"].astype(np.float64) / 16
        sizes, person = data["size"].astype(np.float64), data["identity"].astype(np.int64)
    seen = ~np.isin(person, face_model().held_out)
    fit = fit_landmarks(landmarks[seen], sizes[seen])
    arrays = learned(
        fit.identity.astype(np.float64), fit.expression.astype(np.float64), person[seen]
    )
    halves = {name: array.astype(np.float32) for name, array in arrays.items()}
    np.savez_compressed(out, allow_pickle=False, **halves)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
