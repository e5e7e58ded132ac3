"""Expression backends: the morphable model, or a network driven by other pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.arrays import U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.face import Face
from gateway.faces.morphable.expression import ExpressionRegion
from gateway.pipeline.face.quality import Subject
from gateway.pipeline.options.choices import MORPHABLE
from gateway.processors.expression_restorer import (
    ExpressionRestorer,
    Performance,
    performed,
    settle,
)
from gateway.processors.live_portrait import LiveRestorer
from gateway.processors.openings import Donor, InpaintingSource
from gateway.processors.reenact import Reenacted


class ExpressionBackend(Protocol):
    """Gives a face an expression, and restores the expression that a swap lost.

    Attributes:
        name: Its name in reports.
    """

    name: str

    def suits(self, performance: Performance) -> bool:
        """Return whether it can give a face such an expression."""
        ...

    async def perform(
        self, image: U8, face: Face, performance: Performance, *, deadline: Deadline
    ) -> Reenacted | None:
        """Return what of an image changes when a face shows an expression; None if nothing does.

        Args:
            image: uint8 (H, W, 3) RGB.
            face: In it.
            performance: The expression to show.
            deadline: When the answer is of no use any more.

        Raises:
            InferenceError, DeadlineExceeded: from the networks.
        """
        ...

    def pattern(self, target: U8, image: U8, subject: Subject) -> Donor:
        """Return the picture that shows a face as it is to be restored.

        Args:
            target: uint8 (H, W, 3) RGB, as it was sent.
            image: uint8 (H, W, 3) RGB, the same before the swap, but with the expression requested.
            subject: The face.
        """
        ...

    async def restore(
        self,
        image: U8,
        subject: Subject,
        pattern: Donor,
        *,
        regions: Sequence[ExpressionRegion],
        deadline: Deadline,
    ) -> Reenacted | None:
        """Return what of an image changes when a swapped face is mended; None if nothing does.

        Args:
            image: uint8 (H, W, 3) RGB.
            subject: The face.
            pattern: Shows it before the swap; see `pattern`.
            regions: The regions of the expression that count.
            deadline: When the answer is of no use any more.

        Raises:
            InferenceError, DeadlineExceeded: from the networks.
        """
        ...


class MorphableBackend:
    """Moves pixels as the morphable model says."""

    name: str = MORPHABLE

    def __init__(self, analyser: FaceAnalyser, compute: Compute) -> None:
        """Take what finds faces again, and the threads to compute in."""
        self._analyser = analyser
        self._compute = compute
        self._restorer = ExpressionRestorer(compute)

    def suits(self, performance: Performance) -> bool:
        """See `ExpressionBackend`: any."""
        return True

    async def perform(
        self, image: U8, face: Face, performance: Performance, *, deadline: Deadline
    ) -> Reenacted | None:
        """See `ExpressionBackend`."""
        return await self._restorer.process(image, face, performance, deadline=deadline)

    def pattern(self, target: U8, image: U8, subject: Subject) -> Donor:
        """See `ExpressionBackend`: pixels may come from the target; where they go is known."""
        return Donor(target, subject.face.landmarks, InpaintingSource.TARGET)

    async def restore(
        self,
        image: U8,
        subject: Subject,
        pattern: Donor,
        *,
        regions: Sequence[ExpressionRegion],
        deadline: Deadline,
    ) -> Reenacted | None:
        """See `ExpressionBackend`: landmarks are found again, and moved to where they belong."""
        shown = subject.shown
        found = await self._analyser.follow(image, [shown], deadline=deadline, precise=True)
        if not found:
            return None
        expected = subject.layer.landmarks
        return await self._compute.run(settle, image, found[0].landmarks, expected, [pattern])


class NetworkBackend:
    """Lets a network look at a picture that shows the expression."""

    def __init__(self, network: LiveRestorer, compute: Compute) -> None:
        """Take the network, and the threads to compute in."""
        self._network = network
        self._compute = compute
        self.name = network.name

    def suits(self, performance: Performance) -> bool:
        """See `ExpressionBackend`: a picture has to show it."""
        return performance.actor is not None

    async def perform(
        self, image: U8, face: Face, performance: Performance, *, deadline: Deadline
    ) -> Reenacted | None:
        """See `ExpressionBackend`."""
        assert performance.actor is not None
        return await self._network.process(
            image,
            face.landmarks,
            performance.actor,
            await self._compute.run(performed, face, performance),
            factor=performance.factor,
            regions=performance.regions,
            deadline=deadline,
        )

    def pattern(self, target: U8, image: U8, subject: Subject) -> Donor:
        """See `ExpressionBackend`: it is looked at, so it has to show the expression already."""
        if subject.shown is subject.face:
            return Donor(target, subject.face.landmarks, InpaintingSource.TARGET)
        return Donor(image.copy(), subject.shown.landmarks, InpaintingSource.TARGET)

    async def restore(
        self,
        image: U8,
        subject: Subject,
        pattern: Donor,
        *,
        regions: Sequence[ExpressionRegion],
        deadline: Deadline,
    ) -> Reenacted | None:
        """See `ExpressionBackend`."""
        landmarks = subject.shown.landmarks
        return await self._network.process(
            image, landmarks, pattern, landmarks, factor=1.0, regions=regions, deadline=deadline
        )
