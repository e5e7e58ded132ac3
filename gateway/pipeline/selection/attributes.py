"""What the faces of a picture look like, if somebody is there who can tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gateway.arrays import U8
from gateway.deadline import Deadline
from gateway.errors import UnknownModel
from gateway.faces.attributes import FaceAttributes
from gateway.faces.face import Face
from gateway.networks.fairface import FAIRFACE, FairFace


async def attributes_of(
    classifier: FairFace | None, image: U8, faces: Sequence[Face], *, deadline: Deadline
) -> list[FaceAttributes]:
    """Return what each face of a picture (H, W, 3) RGB looks like.

    Raises:
        UnknownModel: there is no classifier.
        InferenceError, DeadlineExceeded: from the network.
    """
    if classifier is None:
        raise UnknownModel(f"{FAIRFACE} has not been pulled: `semblant models pull {FAIRFACE}`.")
    if not faces:
        return []
    points = np.stack([face.landmarks_5 for face in faces])
    return await classifier.look_at(image, points, deadline=deadline)
