"""Faces that the morphable model makes up, as an analyser would tell them."""

import numpy as np
from scipy.spatial.transform import Rotation

from gateway.compute import Compute
from gateway.faces.assess import assess
from gateway.faces.attributes import FaceAttributes
from gateway.faces.face import Face
from gateway.faces.morphable.expression import from_names
from gateway.faces.morphable.fit import fit_landmarks
from gateway.faces.morphable.model import face_model
from gateway.pipeline.face.masking import Masking
from gateway.pipeline.selection.models import ModelSelector
from gateway.testing_faces import fake_face_inference

SHAPE = (240, 320)


def person(seed: int, strength: float = 1.0) -> np.ndarray:
    """Return the identity of somebody."""
    return strength * np.random.default_rng(seed).normal(size=face_model().n_identity)


def face_of(
    who: np.ndarray | None = None,
    does: dict[str, float] | None = None,
    *,
    at=(160, 120),
    scale_px: float = 50,
    yaw_deg: float = 0.0,
    noise: float = 0.0,
    seed: int = 0,
) -> Face:
    """Return somebody's face; `scale_px` is the distance of the eyes, `noise` a share of it."""
    model = face_model()
    who = np.zeros(model.n_identity) if who is None else who
    rotation = Rotation.from_euler("y", yaw_deg, degrees=True).as_matrix()
    shape = model.shape(who, from_names(does or {}), rotation)
    shape = shape + noise * np.random.default_rng(seed).normal(size=shape.shape)
    landmarks = scale_px * shape @ rotation.T + [*at, 0]
    fit = fit_landmarks(landmarks[None], np.array([[SHAPE[1], SHAPE[0]]]))
    crop = np.random.default_rng(0).integers(0, 256, (192, 192, 3), dtype=np.uint8)
    return assess(landmarks, fit, score=0.9, presence=1.0, crop=crop, shape=SHAPE)


def nothing_hidden() -> Masking:
    """Return what masks faces before which there is nothing."""
    return Masking(ModelSelector(fake_face_inference(), Compute(inline=True)))


class Analyser:
    """Finds what it is told to, picture by picture."""

    def __init__(self, *finds: list[Face]) -> None:
        self.finds = list(finds)
        self.asked = []

    async def analyse(self, image, *, deadline, options=None):
        self.asked.append(options)
        return self.finds.pop(0)


class Sides:
    """Takes whoever is right of a column for a man of forty, and others for a girl."""

    def __init__(self, column) -> None:
        self.column = column

    async def look_at(self, image, landmarks_5, *, deadline):
        man, girl = FaceAttributes("male", "white", 40, 49), FaceAttributes("female", "asian", 3, 9)
        return [man if five[:, 0].mean() > self.column else girl for five in landmarks_5]
