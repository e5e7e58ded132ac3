"""Enrolling a person: portraits are analysed once, and stored with the results."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np

from gateway.arrays import U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.detect import DetectOptions
from gateway.faces.embedding import FaceEmbedder, strangers
from gateway.pipeline.face.crop import cut_out
from gateway.pipeline.selection.people import People
from gateway.pipeline.timings import Timings
from gateway.processors.base import Portrait
from gateway.storage.identities import EnrolledIdentity, KeptPortrait

PORTRAIT_PX = 1280
"""Longest side of a kept portrait: a face of 800 pixels, more than targets usually show."""
PRECISE = DetectOptions(precise=True)
"""How portraits are looked at: any expression may be read from them later."""


class Identifier:
    """Makes identities of portraits."""

    def __init__(self, people: People, embedder: FaceEmbedder, compute: Compute) -> None:
        """Take the parts."""
        self._people = people
        self._embedder = embedder
        self._compute = compute

    async def enrol(
        self, sources: Sequence[U8], *, deadline: Deadline, timings: Timings
    ) -> list[KeptPortrait]:
        """Return the portraits of a person, ready to be kept.

        Args:
            sources: uint8 (H, W, 3) RGB each; of each the largest face counts.
            deadline: When the answer is of no use any more.
            timings: Gets the stages' times.

        Raises:
            NoFaceInSource, FaceTooSmall, FaceNotReliable: by name.
            InferenceError, DeadlineExceeded: from the networks.
        """
        with timings.stage("analyse"):
            found = await self._people.portraits(sources, deadline=deadline, options=PRECISE)
            return list(await asyncio.gather(*(self._kept(p, deadline) for p in found)))

    async def _kept(self, portrait: Portrait, deadline: Deadline) -> KeptPortrait:
        who = await self._embedder.embed(portrait.image, [portrait.face], deadline=deadline)
        crop, face = await self._compute.run(
            cut_out, portrait.image, portrait.face, most_px=PORTRAIT_PX
        )
        return KeptPortrait(crop, face, who[0])


def inconsistent_portraits(identity: EnrolledIdentity) -> list[int]:
    """Return which portraits of an identity seem to show another person than most others do.

    Of two that differ both are reported: the intended one cannot be known.
    """
    return strangers(np.stack([portrait.descriptor for portrait in identity.portraits]))
