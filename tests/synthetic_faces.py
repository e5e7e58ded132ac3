"""Landmarks of faces that the morphable model makes up."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from gateway.faces.morphable.model import N_NAMED, face_model

PICTURE_PX = 4000.0


def synthetic_faces(count: int, seed: int = 0, scale_px=None, noise: float = 0.02):
    """Return `landmarks` (N, 478, 3) and `size` (N, 2), float32, as the network takes them.

    People, expressions and places are drawn at random; yaw is within ±50°, roll is any; `noise` is
    the model's error in inter-ocular distances, `scale_px` that distance, 20–900 if not given.
    """
    rng, model = np.random.default_rng(seed), face_model()
    angles = rng.uniform(-1, 1, (count, 3)) * [180, 50, 30]
    rotation = Rotation.from_euler("ZYX", angles, degrees=True).as_matrix()
    named = rng.random((count, N_NAMED)) * (rng.random((count, N_NAMED)) < 0.3)
    residual = rng.normal(size=(count, model.n_residual))
    people = rng.normal(size=(count, model.n_identity))
    shape = model.shape(people, np.concatenate([named, residual], axis=1), rotation)
    shape += noise * rng.normal(size=shape.shape)
    scales = (
        np.exp(rng.uniform(*np.log([20, 900]), (count, 1, 1))) if scale_px is None else scale_px
    )
    places = rng.uniform(-0.1, 1.1, (count, 1, 3)) * [PICTURE_PX, PICTURE_PX, 0]
    landmarks = scales * shape @ rotation.transpose(0, 2, 1) + places
    return {
        "landmarks": landmarks.astype(np.float32),
        "size": np.full((count, 2), PICTURE_PX, np.float32),
    }
