"""A picture: analyse → select → change each face (`change_face`) → enhance all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from gateway.arrays import U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import (
    FaceError,
    FaceNotReliable,
    FaceTooSmall,
    NoFaceInTarget,
    NoMatchingFace,
)
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.detect import DetectOptions
from gateway.faces.embedding import FaceEmbedder
from gateway.faces.overlap import covering
from gateway.imaging.drawing import with_boxes
from gateway.imaging.monochrome import hue_line
from gateway.pipeline.enhance_frame import FrameEnhancement
from gateway.pipeline.face.canvas import UndoCanvas
from gateway.pipeline.face.change import FaceChanger, FaceTask
from gateway.pipeline.face.enhance import Enhancement
from gateway.pipeline.face.expression_plan import LibraryItem
from gateway.pipeline.face.masking import Masking
from gateway.pipeline.face.quality import ResultQuality
from gateway.pipeline.face.trace import Trace
from gateway.pipeline.options.groups import QualityLimits
from gateway.pipeline.options.swap import SwapOptions
from gateway.pipeline.result import FusedImage, Note
from gateway.pipeline.selection.assignments import Assignments, SourceIdentities
from gateway.pipeline.selection.people import People
from gateway.pipeline.selection.stored import NO_CONSENTS, UsedConsents
from gateway.pipeline.timings import Timings
from gateway.processors.network_swapper import NetworkSwap
from gateway.storage.identities import EnrolledIdentity

_SUSPECTED = 0.25
"""Score of a detector, 0–1, from which candidates are shown where no face was found."""


class ImageFuser:
    """Fuses faces into pictures with the networks behind an analyser."""

    def __init__(
        self,
        analyser: FaceAnalyser,
        embedder: FaceEmbedder,
        masking: Masking,
        compute: Compute,
        *,
        min_face_px: float = 20.0,
        expected: QualityLimits | None = None,
        observe: Callable[[ResultQuality, bool], None] | None = None,
        trace: Trace | None = None,
    ) -> None:
        """Take the parts.

        Args:
            analyser: Finds faces.
            embedder: Distinguishes people.
            masking: Determines where a new face may be visible.
            compute: Threads for imaging work.
            min_face_px: Width below which a face is refused.
            expected: Expected quality of results; deviations are reported.
            observe: Callback with the quality of every swapped face, and whether it is sufficient.
            trace: Takes pictures of every stage of every face, for finding faults.
        """
        self._changer = FaceChanger(
            analyser, embedder, masking, compute, expected=expected, observe=observe, trace=trace
        )
        self._masking = masking
        self._networks = masking.networks
        self._people = People(
            analyser,
            embedder,
            min_face_px=min_face_px,
            classifier=self._networks.classifier(),
        )
        self._compute = compute
        self._analyser, self._trace = analyser, trace

    async def swap(
        self,
        sources: Sequence[U8],
        target: U8,
        options: SwapOptions,
        *,
        deadline: Deadline,
        timings: Timings,
        references: Sequence[U8] = (),
        library: Sequence[LibraryItem] = (),
        identities: Mapping[str, EnrolledIdentity] = MappingProxyType({}),
        source_id: str | None = None,
        consents: UsedConsents = NO_CONSENTS,
    ) -> FusedImage:
        """Put the faces of the sources into the target; or change its own, if no swap is requested.

        Last, all of the picture is enhanced, if that is requested. Where nothing is to be done
        to faces none are detected.

        Args:
            sources: Portraits, uint8 (H, W, 3) RGB each; of each the largest face counts. Of one
                person, or of those that `mapping` names. For every target face, and for its eyes
                and mouth, the portrait is used that is nearest in pose, expression and light.
            target: uint8 (H, W, 3) RGB.
            options: The requested options.
            deadline: When the result is of no use any more.
            timings: Gets the stages' times.
            references: uint8 (H, W, 3) RGB each: the person meant, for `face_selector.mode =
                reference`, or those that `mapping` names.
            library: Entries of the library that `expression` names; else none.
            identities: Enrolled people that `mapping` and `source_id` name, by their ids.
            source_id: The one whose kept portraits take the sources' place.
            consents: What covers the use of faces.

        Raises:
            NoFaceInSource, NoFaceInTarget, FaceTooSmall, FaceNotReliable, NoMatchingFace,
                QualityBelowThreshold, SourceMismatch, FaceProtected: by name.
            InferenceError, DeadlineExceeded: from the networks.
        """
        options = self._networks.resolve(options)
        enhancement = FrameEnhancement(
            self._networks.frame_enhancer(options), self._compute, options, timings
        )
        result = FusedImage(target, (), (), ())
        if options.face_steps:
            try:
                result = await self._changed(
                    sources,
                    target,
                    options,
                    deadline=deadline,
                    timings=timings,
                    references=references,
                    library=library,
                    known=SourceIdentities((), identities, source_id),
                    consents=consents,
                )
            except (NoFaceInTarget, FaceTooSmall, FaceNotReliable, NoMatchingFace):
                if not options.faceless:
                    raise
        image, name = await enhancement.picture(result.image, deadline)
        if name is not None and (hue := hue_line(target)) is not None:
            image = await self._compute.run(hue.restored, image, target)
        return replace(result, image=image, frame_enhancer=name)

    async def _changed(
        self,
        sources: Sequence[U8],
        target: U8,
        options: SwapOptions,
        *,
        deadline: Deadline,
        timings: Timings,
        references: Sequence[U8],
        library: Sequence[LibraryItem],
        known: SourceIdentities,
        consents: UsedConsents,
    ) -> FusedImage:
        """Return the target with its faces changed; `known` are those enrolled. See `swap`."""
        with timings.stage("analyse"):
            try:
                of_sources, faces = await self._people.find(sources, target, options, deadline)
            except FaceError:
                await self._trace_refusal([*sources, target], deadline)
                raise
        players = SourceIdentities.of(of_sources, known.identities, known.source_id)
        with timings.stage("select"):
            cast = await self._people.cast(target, faces, players, references, options, deadline)
            if options.uses_faces:
                replaced = [role.face for role in cast.roles]
                await self._people.require_claimed(of_sources, consents, deadline=deadline)
                await self._people.require_unprotected(
                    target, replaced, consents, deadline=deadline
                )
        sent = players.sent(options.mapping) if "face_swapper" in options.processors else {}
        with timings.stage("mask"):
            cast, mixed = await asyncio.gather(
                self._prepared(cast, target, options, deadline),
                self._people.mixed(sent, deadline=deadline),
            )
        canvas, chosen = UndoCanvas(target), self._networks.build(options)
        enhancement = Enhancement(
            chosen.enhancer,
            self._masking,
            self._compute,
            options,
            deadline=deadline,
            timings=timings,
        )
        work = FaceTask(
            canvas,
            target,
            players.portraits,
            faces,
            library,
            options,
            deadline,
            timings,
            chosen,
            enhancement,
        )
        as_it_is = options.expression == "target" and options.expression_factor == 1
        if chosen.swapper is not None and as_it_is and len(cast.roles) > 1:
            with timings.stage("swap"):
                orders = [NetworkSwap(r.face, r.portraits, r.portraits[0]) for r in cast.roles]
                await chosen.swapper.ahead(target, orders, deadline=deadline)
        changed = []
        for role in cast.roles:
            nearer = covering(role.face, faces)
            done = await self._changer.change(
                replace(work, portraits=role.portraits, nearer=nearer, seen=role.seen), role.face
            )
            if done is not None and done.source is not None and (role.entry or 0) in mixed:
                done = replace(done, notes=(*done.notes, Note.PORTRAITS_DIFFER))
            if done is not None:
                changed.append(role.told(done))
        return FusedImage(
            canvas.image, tuple(changed), tuple(faces), tuple(players.portraits), cast.unmatched
        )

    async def _trace_refusal(self, pictures: Sequence[U8], deadline: Deadline) -> None:
        """Show where faces may be in pictures in which none was usable, sources first."""
        if self._trace is None:
            return
        anything = DetectOptions(thorough=True, min_score=_SUSPECTED, angles=(90, 180, 270))
        for picture in pictures:
            found = await self._analyser.detect(picture, deadline=deadline, options=anything)
            shown = await self._compute.run(with_boxes, picture, found.boxes, found.scores)
            await self._compute.run(self._trace.picture, "detections", shown)

    async def _prepared(
        self, cast: Assignments, target: U8, options: SwapOptions, deadline: Deadline
    ) -> Assignments:
        """Return the cast with every portrait prepared, each once, and its faces looked at."""
        if "face_swapper" not in options.processors:
            return cast
        every = {id(p): p for role in cast.roles for p in role.portraits}
        known, seen = await asyncio.gather(
            self._masking.known(list(every.values()), options, deadline=deadline),
            self._masking.look(
                target, [role.face for role in cast.roles], options, deadline=deadline
            ),
        )
        made = dict(zip(every, known, strict=True))
        roles = (
            replace(role, portraits=[made[id(p)] for p in role.portraits], seen=own)
            for role, own in zip(cast.roles, seen, strict=True)
        )
        return replace(cast, roles=tuple(roles))
