"""A face's motion through a video, freed of the landmark network's noise, without lag.

What jitters is taken apart first: where the head is (rotation, translation, scale), and, in the
head's own frame, its landmarks and expression; so a moving head does not hide how quiet the face
is. Each channel of each group is then the value at the middle of a line fitted to a few frames
before *and after* (local linear regression, W. Cleveland, J. Am. Stat. Assoc. 74(368), 1979): what
moves evenly comes out as it went in. Where a frame departs from its line by more than noise
would, as in a blink, it is taken as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from gateway.arrays import F32, F64, AnyFloat
from gateway.faces.face import Face, HeadPose
from gateway.faces.morphable.model import N_NAMED
from gateway.faces.topology import N_MESH, five_points
from gateway.imaging.geometry.transforms import euler_degrees
from gateway.imaging.masks.soft import smoothstep

REACH_S = Fraction(7, 30)
"""Seconds before and after a frame that have a say in it."""
WIDTH_S = 0.1
"""Standard deviation of their weights, in seconds."""
POSE_NOISE = np.array([0.003] * 3 + [0.004] * 3 + [0.0015])
"""Deviations of the network's noise: rotation in radians, translation in inter-ocular distances,
logarithm of scale; measured on videos with little grain."""
LANDMARK_NOISE = 0.0025
"""Of a landmark's coordinate in the head's frame, inter-ocular distances."""
CONTROL_NOISE, RESIDUAL_NOISE = 0.02, 0.1
"""Of the expression's named controls, and of its residual coefficients."""
NOISIEST = 1.5
"""How many times as large a channel's noise may be: where an outline lies before hair, it is."""
BELIEVED = (2.0, 4.0)
"""Departures from the line, in deviations of the noise, from which on they begin to be accepted,
and fully are."""


@dataclass(frozen=True, slots=True, eq=False)
class Moving:
    """A face taken apart.

    Attributes:
        face: The face.
        rotation: float64 (3, 3), from the head's frame to the picture.
        translation: float64 (3,), picture pixels.
        scale: Picture pixels per inter-ocular distance.
        landmarks: float32 (478 · 3,), in the head's frame.
    """

    face: Face
    rotation: F64
    translation: F64
    scale: float
    landmarks: F32

    @classmethod
    def of(cls, face: Face) -> Moving:
        """Take a face apart."""
        rotation = face.fit.rotation[0].astype(np.float64)
        translation = face.fit.translation[0].astype(np.float64)
        scale = float(face.fit.scale[0, 0])
        head = ((face.landmarks - translation) @ rotation) / scale
        return cls(face, rotation, translation, scale, head.ravel().astype(np.float32))


def steadied(
    faces: Sequence[Moving], times_s: Sequence[float], at: int, *, live: bool = False
) -> Face:
    """Return one of a person's faces as the frames around it say it is.

    Args:
        faces: Of neighbouring frames, one each.
        times_s: Of these frames, rising.
        at: Index of the one that is wanted.
        live: Whether the frames before it suffice: no later ones are known.
    """
    one = faces[at]
    weights = curve_weights([t - times_s[at] for t in times_s], live=live)
    if weights is None:
        return one.face
    pose = _settled(_poses(faces, at), weights, at, POSE_NOISE)
    landmarks = np.stack([f.landmarks for f in faces])
    head = _settled(landmarks, weights, at, LANDMARK_NOISE).reshape(-1, 3)
    expressions = np.stack([f.face.expression for f in faces]).astype(np.float64)
    noise = np.full(expressions.shape[1], RESIDUAL_NOISE)
    noise[:N_NAMED] = CONTROL_NOISE
    return _together(one, pose, head, _settled(expressions, weights, at, noise))


def curve_weights(offsets_s: Sequence[float], *, live: bool = False) -> F64 | None:
    """Return weights (n,) whose sum of products with values is their fitted parabola's at 0.

    Where there are too few frames on either side it is a line's; None where there is none. Of a
    `live` stream a line through earlier frames will do: what moves evenly does not lag behind it.
    """
    t = np.asarray(offsets_s) / WIDTH_S
    if not (t < 0).any() or not ((t > 0).any() or (live and (t < 0).sum() > 1)):
        return None
    w = np.exp(-0.5 * t**2)
    powers = np.stack([t**n for n in range(3 if min((t < 0).sum(), (t > 0).sum()) > 1 else 2)])
    moments = (powers * w) @ powers.T
    return np.asarray(np.linalg.solve(moments, powers * w)[0])


def _settled(values: AnyFloat, weights: F64, at: int, noise: F64 | float) -> F64:
    """Return channels (d,) of values (n, d) on their curves, or as they are where they depart."""
    curve = weights.astype(values.dtype) @ values
    off = values[at] - curve
    low, high = BELIEVED
    loud = np.minimum(np.maximum(_noise(values, noise), noise), NOISIEST * noise)
    believed = smoothstep((np.abs(off) / loud - low) / (high - low))
    return np.asarray(curve + believed * off, np.float64)


def _noise(values: AnyFloat, usual: F64 | float) -> AnyFloat:
    """Return the deviations (d,) of noise in values (n, d), by their second differences.

    What changes suddenly counts no more than much noise would.
    """
    if len(values) < 3:
        return np.zeros(values.shape[1], values.dtype)
    steps = values[1:] - values[:-1]
    bends = np.abs(steps[1:] - steps[:-1])
    most = np.asarray(6 * usual, values.dtype)
    return np.asarray(np.minimum(bends, most).mean(0) * (np.sqrt(np.pi / 2) / np.sqrt(6)))


def _poses(faces: Sequence[Moving], at: int) -> F64:
    """Return poses (n, 7) relative to that of one of them.

    Rotation vector, translation in inter-ocular distances, logarithm of scale.
    """
    one = faces[at]
    turned = np.stack([f.rotation for f in faces]) @ one.rotation.T
    moved = (np.stack([f.translation for f in faces]) - one.translation) / one.scale
    grown = np.log(np.array([f.scale for f in faces]) / one.scale)
    return np.column_stack([_rotation_vectors(turned), moved, grown])


def _together(one: Moving, pose: F64, head: F64, expression: F64) -> Face:
    """Return a face with another pose (7,), landmarks (478, 3) in the head's frame, expression."""
    face = one.face
    rotation = _rotation(pose[:3]) @ one.rotation
    translation = one.translation + pose[3:6] * one.scale
    scale = one.scale * float(np.exp(pose[6]))
    landmarks = (scale * head @ rotation.T + translation).astype(np.float32)
    skin = landmarks[:N_MESH, :2]
    return replace(
        face,
        box_xyxy=np.concatenate([skin.min(0), skin.max(0)]).astype(np.float32),
        landmarks_5=five_points(landmarks),
        landmarks=landmarks,
        pose=HeadPose(*euler_degrees(rotation)),
        fit=replace(
            face.fit,
            expression=expression[None].astype(np.float32),
            rotation=rotation[None].astype(np.float32),
            translation=translation[None].astype(np.float32),
            scale=np.array([[scale]], np.float32),
        ),
    )


def _rotation_vectors(rotations: F64) -> F64:
    """Return the axes (n, 3) times the angles in radians of rotations (n, 3, 3)."""
    r = rotations
    axis = np.stack(
        [r[:, 2, 1] - r[:, 1, 2], r[:, 0, 2] - r[:, 2, 0], r[:, 1, 0] - r[:, 0, 1]], axis=1
    )
    sine = np.linalg.norm(axis, axis=1) / 2
    cosine = (np.trace(r, axis1=1, axis2=2) - 1) / 2
    angle = np.arctan2(sine, cosine)
    factor = np.where(sine > 1e-6, angle / np.maximum(2 * sine, 1e-12), 0.5)
    return np.asarray(axis * factor[:, None])


def _rotation(vector: F64) -> F64:
    """Return the rotation (3, 3) of a vector (3,) (O. Rodrigues, 1840)."""
    angle = float(np.linalg.norm(vector))
    if angle < 1e-9:
        return np.eye(3)
    x, y, z = vector / angle
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * (k @ k))
