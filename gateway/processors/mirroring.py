"""The other side of a face for what a portrait does not show: hair, a hand, a cheek turned away.

Faces are nearly symmetric, so the portrait in a mirror shows what is hidden on one side as it is on
the other, under another light.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gateway.arrays import F32
from gateway.faces.face import Face
from gateway.faces.occlusion import Visibility
from gateway.faces.topology import topology
from gateway.processors.base import Portrait


def mirrored(portrait: Portrait) -> Portrait:
    """Return a portrait as a mirror shows it; of its face, only landmarks are to be used."""
    image = portrait.image[:, ::-1]  # a view: of a large picture only the face is ever copied
    seen = portrait.seen and Visibility(np.ascontiguousarray(portrait.seen.visible[:, ::-1]))
    return Portrait(image, _turned(portrait.face, image.shape[1]), seen)


def _turned(face: Face, width_px: int) -> Face:
    landmarks: F32 = face.landmarks[topology().mirror].copy()
    landmarks[:, 0] = width_px - 1 - landmarks[:, 0]
    return replace(face, landmarks=landmarks)


def with_other_side(seen: Visibility) -> Visibility:
    """Return where a face is seen on either of its sides."""
    return Visibility(np.maximum(seen.visible, seen.visible[:, ::-1]))
