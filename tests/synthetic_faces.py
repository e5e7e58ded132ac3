"""Landmarks of faces that the morphable model makes up."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from gateway.faces.morphable.expression import from_names
from gateway.faces.morphable.fit import Fit, fit_landmarks
from gateway.faces.morphable.model import N_NAMED, face_model
from gateway.faces.topology import (
    FACE_OVAL,
    LEFT_EYE,
    LEFT_IRIS,
    LIPS_INNER,
    LIPS_OUTER,
    RIGHT_EYE,
    RIGHT_IRIS,
)

PICTURE_PX = 4000.0
SIZE_WH = (640, 480)
SCALE_PX = 80.0
AT = (320.0, 240.0)
"""Of `landmarks_of`: the picture, the distance of the eyes in it, and where the face is."""


def turned(*, pitch: float = 0, yaw: float = 0, roll: float = 0) -> np.ndarray:
    """Return the rotation (3, 3) of a head, in degrees with the signs of `HeadPose`."""
    return Rotation.from_euler("ZYX", [roll, -yaw, pitch], degrees=True).as_matrix()


def somebody(seed: int) -> np.ndarray:
    """Return an identity (I,)."""
    return np.random.default_rng(seed).normal(size=face_model().n_identity)


def landmarks_of(
    who: np.ndarray | None = None,
    does: dict[str, float] | np.ndarray | None = None,
    *,
    scale_px: float = SCALE_PX,
    at=AT,
    **pose: float,
) -> np.ndarray:
    """Return the landmarks (478, 3) of a face with an identity, an expression and a pose."""
    model, rotation = face_model(), turned(**pose)
    who = np.zeros(model.n_identity) if who is None else who
    expression = does if isinstance(does, np.ndarray) else from_names(does or {})
    return scale_px * model.shape(who, expression, rotation) @ rotation.T + [*at, 0]


def fit_of(*faces: np.ndarray, bare: np.ndarray | None = None) -> Fit:
    """Return the fit of landmarks (478, 3) each, in pictures of one size."""
    return fit_landmarks(np.stack(faces), np.array([SIZE_WH] * len(faces)), bare=bare)


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


SKIN, LIP, INSIDE = (200, 150, 120), (170, 80, 80), (40, 200, 60)
WHITE, IRIS = (250, 250, 250), (30, 60, 200)
"""Colours of `painted`."""


def painted(landmarks: np.ndarray, shape: tuple[int, int], **colors) -> np.ndarray:
    """Return a picture (h, w, 3) of a face (478, 3): flat skin on noise, lips, eyes.

    Colours of `skin`, `lips`, `inside` (of the mouth), `white` and `iris` may be given.
    """
    background = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    picture = cv2.GaussianBlur(background, None, 2)
    points = np.asarray(landmarks)[:, :2]
    for ring, color in (
        (FACE_OVAL, colors.get("skin", SKIN)),
        (LIPS_OUTER, colors.get("lips", LIP)),
        (LIPS_INNER, colors.get("inside", INSIDE)),
        (RIGHT_EYE, colors.get("white", WHITE)),
        (LEFT_EYE, colors.get("white", WHITE)),
    ):
        corners = np.rint(points[list(ring)] * 16).astype(np.int32)
        cv2.fillPoly(picture, [corners], color, cv2.LINE_8, 4)
    for eye, iris in ((RIGHT_EYE, RIGHT_IRIS), (LEFT_EYE, LEFT_IRIS)):
        centre, edge = points[iris[0]], points[list(iris[1:])]
        radius = round(float(np.linalg.norm(edge - centre, axis=1).mean()))
        disc, lids = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
        cv2.circle(disc, np.rint(centre).astype(int).tolist(), radius, 1, -1)
        cv2.fillPoly(lids, [np.rint(points[list(eye)] * 16).astype(np.int32)], 1, cv2.LINE_8, 4)
        picture[(disc & lids) > 0] = colors.get("iris", IRIS)
    return picture
