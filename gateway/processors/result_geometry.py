"""Where a new face lies: the source's shape, in the target's pose and with its expression."""

from __future__ import annotations

import numpy as np

from gateway.arrays import F32, AnyFloat
from gateway.faces.face import Face
from gateway.faces.morphable.expression import displacement, retarget
from gateway.faces.morphable.performance import openings_of, perform
from gateway.faces.regions import distance_to_outline
from gateway.faces.topology import N_MESH, neighbour_mean, topology
from gateway.imaging.geometry.transforms import fit_similarity_3d
from gateway.imaging.masks.soft import smoothstep
from gateway.processors.base import Portrait
from gateway.processors.openings import LEFT, RIGHT, eye_distance, held_eye, met_lips

SHAPE_TAPER = 0.45
"""Distance from the outline, in inter-ocular distances of the mean face, over which the source's
shape comes in."""
NOISE = 0.02
"""Inter-ocular distances by which landmarks of one person differ from picture to picture."""
NOISE_OF_MOTION = 0.4
"""How much of an expression's motion is not as the model has it."""


def swapped_geometry(source: F32, target: F32, shape: float, moved: AnyFloat | float = 0.0) -> F32:
    """Mix the source's shape, in the target's pose, into the target's landmarks.

    Args:
        source: (478, 3) landmarks of the source, with the expression that the result shows.
        target: (478, 3) landmarks of the target, any other picture.
        shape: 0–1, how much of the source's shape.
        moved: (478,), how far each landmark has moved from the source's own expression, in
            inter-ocular distances: the farther, the less is known of the shape there.

    Returns:
        float32 (478, 3); equal to `target` along the outline.
    """
    if shape == 0:
        return target.astype(np.float32)
    turned = fit_similarity_3d(source[:N_MESH], target[:N_MESH], topology().rigidity[:N_MESH])
    weight = np.empty((len(target), 1), np.float32)
    weight[:N_MESH, 0] = smoothstep(distance_to_outline() / SHAPE_TAPER)
    for which in (RIGHT, LEFT):  # an iris goes where its lids go
        weight[list(which.iris)] = weight[which.lids].mean()
    off = turned.apply(source) - target
    # A person's own shape differs from picture to picture by what is found wrong in each.
    apart = np.linalg.norm(off, axis=1)
    apart[:N_MESH] = neighbour_mean(apart[:N_MESH].astype(np.float32))
    noise = (NOISE + NOISE_OF_MOTION * moved) * eye_distance(target)
    certain = apart**2 / (apart**2 + noise**2)
    return np.asarray(target + shape * certain[:, None] * weight * off, np.float32)


def shown_by(face: Face, portrait: Portrait) -> F32:
    """Return the expression (K + C,) with which a portrait's person does what `face` does."""
    return retarget(face.expression, face.rest, portrait.face.rest)


def result_geometry(face: Face, portrait: Portrait, shape: float) -> F32:
    """Return where the landmarks (478, 3) lie when a portrait's person does what `face` does."""
    shown, own = shown_by(face, portrait), portrait.face
    performing = perform(
        own.landmarks,
        own.fit,
        shown,
        rest=own.rest,
        openings=openings_of(face.landmarks, face.fit),
    )
    for which in (RIGHT, LEFT):
        performing = held_eye(which, own.landmarks, performing)
    moved = np.linalg.norm(displacement(shown, own.expression), axis=1)
    return met_lips(swapped_geometry(performing, face.landmarks, shape, moved))
