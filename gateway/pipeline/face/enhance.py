"""The last step on a face: enhancement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gateway.arrays import F32, U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.face import Face
from gateway.imaging.blend.composite import composite
from gateway.imaging.geometry.warp import Region
from gateway.pipeline.face.canvas import UndoCanvas
from gateway.pipeline.face.masking import Masking
from gateway.pipeline.options.swap import SwapOptions
from gateway.pipeline.result import SwappedFace
from gateway.pipeline.timings import Timings
from gateway.processors.base import COVER_EDGE, cover
from gateway.processors.face_enhancer import Enhancer
from gateway.processors.openings import eye_distance


@dataclass(frozen=True, slots=True, eq=False)
class Retouch:
    """The enhancement of one face; it can be repeated on another attempt at the face.

    Attributes:
        enhancer: The enhancer to run.
        face: The face, as it is shown.
        region: The part of the picture that is worked on.
        mask: float32 (h, w), 0–1, how much of the result is to be seen.
    """

    enhancer: Enhancer
    face: Face
    region: Region
    mask: F32


class Enhancement:
    """Enhances faces of one picture, or leaves them if that is not requested."""

    def __init__(
        self,
        enhancer: Enhancer | None,
        masking: Masking,
        compute: Compute,
        options: SwapOptions,
        *,
        deadline: Deadline,
        timings: Timings,
    ) -> None:
        """Take the parts.

        Args:
            enhancer: The enhancer to run; None for no enhancement.
            masking: Determines where a face itself is seen.
            compute: Threads for imaging work.
            options: The requested options.
            deadline: When the result is of no use any more.
            timings: Gets the stage's time.
        """
        self._enhancer = enhancer
        self._masking = masking
        self._compute = compute
        self._options = options
        self._deadline = deadline
        self._timings = timings

    async def planned(self, image: U8, face: Face, nearer: Sequence[F32]) -> Retouch | None:
        """Return the enhancement of a face; None where nothing of it would be visible.

        Args:
            image: uint8 (H, W, 3) RGB, the picture before the face is swapped: occlusions of the
                old face also cover the new one.
            face: As it is in it.
            nearer: float32 (n, 2) each, outlines of faces that lie before it.

        Raises:
            UnknownModel: a masking network is requested that has not been installed.
            InferenceError, DeadlineExceeded: from the networks.
        """
        enhancer, options = self._enhancer, self._options
        if enhancer is None or options.enhancer_blend == 0:
            return None
        with self._timings.stage("enhance"):
            shape = (image.shape[0], image.shape[1])
            found = await self._compute.run(enhancer.reach, face, shape)
            if found is None:
                return None
            region, mask = found
            visible = await self._masking.visible(
                image, face, region, options.masks, deadline=self._deadline
            )
            if visible is not None:
                mask = np.minimum(mask, visible)
            covered = cover(region, nearer, COVER_EDGE * eye_distance(face.landmarks))
            if covered is not None:
                mask = mask * (1 - covered)
            mask = np.asarray(mask * np.float32(options.enhancer_blend), np.float32)
        return Retouch(enhancer, face, region, mask) if mask.any() else None

    async def applied(
        self, canvas: UndoCanvas, retouch: Retouch | None, done: SwappedFace
    ) -> SwappedFace:
        """Paint an enhanced face over the one on the canvas, and return the enhancer's name.

        Outside the mask nothing changes.

        Raises:
            UnknownModel: the network has not been installed.
            InferenceError, DeadlineExceeded: from the network.
        """
        if retouch is None:
            return done
        with self._timings.stage("enhance"):
            made = await retouch.enhancer.process(
                canvas.image, retouch.face, retouch.region, retouch.mask, deadline=self._deadline
            )
            before = np.ascontiguousarray(retouch.region.of(canvas.image), np.uint8)
            pixels = await self._compute.run(composite, before, made, retouch.mask)
            canvas.paint(retouch.region, pixels)
        return replace(done, enhancer=retouch.enhancer.name)
