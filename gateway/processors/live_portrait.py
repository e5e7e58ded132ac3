"""`expression_restorer` with LivePortrait: a network moves the face, we say where it counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gateway.arrays import F32, U8, AnyFloat
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.morphable.expression import ExpressionRegion as FaceRegion
from gateway.faces.topology import five_points
from gateway.imaging.blend.composite import composite
from gateway.imaging.geometry.warp import uncrop
from gateway.networks.crops import aligned_crops, reach_of_crop, seen_from
from gateway.networks.live_portrait import SIDE_PX, TEMPLATE, LivePortrait
from gateway.processors.openings import Donor
from gateway.processors.reenact import Reenacted

NAME = "live_portrait"
STRENGTH = 0.8
"""The network's input for a factor of 1, as is usual; it slightly exaggerates its input
by itself."""
BOX_EDGE = 0.09
"""Width of the soft edge of the crop, as a share of its side."""
_UPPER = frozenset((FaceRegion.UPPER_FACE, FaceRegion.EYES, FaceRegion.GAZE))
_LOWER = frozenset((FaceRegion.MOUTH, FaceRegion.LOWER_FACE))


class LiveRestorer:
    """Gives faces the expression that another picture shows."""

    name = NAME

    def __init__(self, network: LivePortrait, compute: Compute) -> None:
        """Take the network, and the threads to compute in."""
        self._network = network
        self._compute = compute

    async def process(
        self,
        image: U8,
        landmarks: F32,
        actor: Donor,
        after: F32,
        *,
        factor: float,
        regions: Sequence[FaceRegion],
        deadline: Deadline,
    ) -> Reenacted | None:
        """Return what of a picture changes; None if nothing does.

        Args:
            image: uint8 (H, W, 3) RGB.
            landmarks: float32 (478, 3), of the face in it.
            actor: The picture that shows the expression, and the landmarks of its face.
            after: float32 (478, 3), where the face's landmarks will be about then.
            factor: How strongly: 0 leaves the face as it is, 1 shows the actor's expression.
            regions: The regions of the expression that count.
            deadline: When the answer is of no use any more.

        Raises:
            UnknownModel: the networks have not been installed.
            InferenceError, DeadlineExceeded: from the networks.
        """
        chosen = frozenset(regions)
        upper, lower = not chosen.isdisjoint(_UPPER), not chosen.isdisjoint(_LOWER)
        if factor == 0 or not (upper or lower):
            return None

        def crops() -> tuple[U8, U8, AnyFloat]:
            shown, (matrix,) = _crop(image, landmarks)
            wanted, _ = _crop(actor.image, actor.landmarks)
            return shown, wanted, matrix

        shown, wanted, matrix = await self._compute.run(crops)
        made = await self._network.express(
            shown, wanted, factor=STRENGTH * factor, upper=upper, lower=lower, deadline=deadline
        )
        return await self._compute.run(_pasted, image, made[0], matrix, after)


def _crop(image: U8, landmarks: F32) -> tuple[U8, AnyFloat]:
    return aligned_crops(image, five_points(landmarks)[None], TEMPLATE, SIDE_PX)


def _pasted(image: U8, crop: U8, crop_from_image: AnyFloat, after: F32) -> Reenacted | None:
    """Return a picture's part (h, w, 3) with a crop (n, n, 3) in it; None outside the picture."""
    reach = reach_of_crop(crop_from_image, len(crop), BOX_EDGE, (image.shape[0], image.shape[1]))
    if reach is None:
        return None
    region, mask = reach
    before = np.ascontiguousarray(region.of(image), np.uint8)
    made = uncrop(crop, seen_from(crop_from_image, region), region.shape)
    return Reenacted(region, composite(before, made, mask), after)
