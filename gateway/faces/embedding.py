"""Face identity: dlib's ResNet descriptor.

(D. King, "High quality face recognition with deep metric learning", 2017: 99.38 % on LFW with
one person's descriptors within 0.6 of one another.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gateway.arrays import F32, U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.face import Face
from gateway.imaging.geometry.transforms import fit_similarity_3d
from gateway.imaging.geometry.warp import crop_affine
from gateway.inference.protocol import Inference

CHIP_SIDE = 150
CHIP_PADDING = 0.25
SAME_PERSON = 0.6
"""Euclidean distance up to which two descriptors count as one person."""

# dlib's chip frame: outer and inner eye corners and the nose's base, as fractions of the face
# before padding, and the mesh landmarks that lie there.
_LANDMARKS = (263, 362, 33, 133, 2)
_TEMPLATE = np.array(
    [[0.8596, 0.2135], [0.6461, 0.2290], [0.1206, 0.2137], [0.3341, 0.2291], [0.4901, 0.6278]]
)


def chip(image: U8, face: Face) -> U8:
    """Cut out a face as the descriptor network expects it: uint8 (150, 150, 3) RGB."""
    onto = np.zeros((5, 3))
    onto[:, :2] = (_TEMPLATE + CHIP_PADDING) / (1 + 2 * CHIP_PADDING) * CHIP_SIDE - 0.5
    points = np.zeros((5, 3))
    points[:, :2] = face.landmarks[list(_LANDMARKS), :2]
    fit = fit_similarity_3d(points, onto)
    matrix = np.column_stack([fit.scale * fit.rotation[:2, :2], fit.translation[:2]])
    return crop_affine(image, matrix, CHIP_SIDE)


def strangers(descriptors: F32) -> list[int]:
    """Return which of several descriptors (N, 128) seem to be of another person than most others.

    Of two that differ both are reported: the intended one cannot be known.
    """
    distances = np.linalg.norm(descriptors[:, None] - descriptors, axis=2)
    # The median, so that one stranger among several does not make all of them strangers.
    return [
        n
        for n, row in enumerate(distances)
        if len(row) > 1 and float(np.median(np.delete(row, n))) > SAME_PERSON
    ]


def nearest(descriptor: F32, others: Sequence[F32]) -> float:
    """Return the distance of a descriptor (128,) to the nearest of others; infinite without any."""
    return min((float(np.linalg.norm(descriptor - other)) for other in others), default=np.inf)


class FaceEmbedder:
    """Computes descriptors with the networks of an `Inference`."""

    def __init__(self, inference: Inference, compute: Compute) -> None:
        """Take what runs the network, and what runs the array work."""
        self._inference = inference
        self._compute = compute

    async def embed(self, image: U8, faces: Sequence[Face], *, deadline: Deadline) -> F32:
        """Return the descriptors (N, 128) of faces of one picture (H, W, 3) RGB."""
        if not faces:
            return np.zeros((0, 128), np.float32)
        chips = await self._compute.run(lambda: np.stack([chip(image, f) for f in faces]))
        out = await self._inference.infer("face_embedding", {"image": chips}, deadline=deadline)
        return np.asarray(out["embedding"], np.float32)
