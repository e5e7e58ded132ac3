"""One face: express → swap → mask → fuse → restore → enhance → measure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from gateway.arrays import F32, F64, U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.embedding import FaceEmbedder
from gateway.faces.face import Face
from gateway.faces.occlusion import Visibility
from gateway.imaging.blend.composite import composite
from gateway.imaging.blend.fuse import FrameTransition, fuse_frame
from gateway.imaging.color.light_field import LightField
from gateway.imaging.geometry.warp import Region
from gateway.imaging.video.temporal import TemporalState, is_carried
from gateway.pipeline.face.attempts import Trial, best_of, require_quality, trials
from gateway.pipeline.face.canvas import UndoCanvas
from gateway.pipeline.face.enhance import Enhancement
from gateway.pipeline.face.expression_backend import (
    ExpressionBackend,
    MorphableBackend,
    NetworkBackend,
)
from gateway.pipeline.face.expression_plan import LibraryItem, plan_expression
from gateway.pipeline.face.masking import Masking
from gateway.pipeline.face.quality import Figures, Inspector, ResultQuality, Subject
from gateway.pipeline.face.refining import Refining
from gateway.pipeline.face.trace import Trace, trace_fused, trace_layer
from gateway.pipeline.options.groups import QualityLimits
from gateway.pipeline.options.swap import SwapOptions
from gateway.pipeline.result import Note, SwappedFace
from gateway.pipeline.selection.models import SelectedModels, swap_settings
from gateway.pipeline.timings import Timings
from gateway.processors.base import COVER_EDGE, Layer, Portrait, Swapper, cover
from gateway.processors.expression_restorer import Performance, shown_by
from gateway.processors.face_swapper import MeshSwapper
from gateway.processors.openings import Donor, InpaintingSource, eye_distance, is_open
from gateway.processors.portraits import Choice, choose, shut_eyes
from gateway.processors.reenact import Reenacted
from gateway.processors.textures import Textures


@dataclass(slots=True, eq=False)
class FaceMemory:
    """The state of one face kept from frame to frame, so that nothing of it flickers.

    Attributes:
        moment: The state of the last frame's fusion.
        seen: Where the face was seen.
        choice: Which portraits gave it.
        reference: The library's entry that was matched.
        dt_s: Seconds between the last frame and this one.
        textures: Of the portraits.
    """

    moment: TemporalState | None = None
    seen: Visibility | None = None
    choice: Choice | None = None
    reference: int | None = None
    dt_s: float = 0.0
    textures: Textures = field(default_factory=Textures)

    @property
    def light_is_due(self) -> bool:
        """Whether the next frame's light is measured, not carried on."""
        return self.moment is None or not is_carried(self.moment, self.dt_s)


@dataclass(frozen=True, slots=True, eq=False)
class FaceTask:
    """One picture being worked on, for the sake of one person.

    Attributes:
        canvas: The picture, ours to change.
        target: uint8 (H, W, 3) RGB, as it was sent.
        portraits: Of the person that the face becomes.
        faces: All faces of the target.
        library: Entries to match expressions with.
        options: The requested options.
        deadline: When the result is of no use any more.
        timings: Gets the stages' times.
        chosen: The processors that change faces.
        enhancement: Enhances the faces, if that is requested.
        nearer: float32 (n, 2) each, outlines of faces that lie before the one that is changed.
        seen: Visibility of that face in the input; None if not analysed.
        memory: The state of that face from a video's previous frames; None in a picture.
    """

    canvas: UndoCanvas
    target: U8
    portraits: Sequence[Portrait]
    faces: Sequence[Face]
    library: Sequence[LibraryItem]
    options: SwapOptions
    deadline: Deadline
    timings: Timings
    chosen: SelectedModels
    enhancement: Enhancement
    nearer: Sequence[F32] = ()
    seen: Visibility | None = None
    memory: FaceMemory | None = None


class FaceChanger:
    """Changes faces with the networks behind an analyser."""

    def __init__(
        self,
        analyser: FaceAnalyser,
        embedder: FaceEmbedder,
        masking: Masking,
        compute: Compute,
        *,
        expected: QualityLimits | None = None,
        observe: Callable[[ResultQuality, bool], None] | None = None,
        trace: Trace | None = None,
    ) -> None:
        """Take the parts; see `ImageFuser`."""
        self._trace = trace
        self._inspector = Inspector(analyser, embedder, compute)
        self._expected = expected or QualityLimits()
        self._observe = observe
        self._masking = masking
        self._morphable = MorphableBackend(analyser, compute)
        self._refining = Refining(masking.networks)
        self._compute = compute

    async def change(self, work: FaceTask, face: Face) -> SwappedFace | None:
        """Change one face: its expression first, so that the swapper meets it showing it already.

        Returns None where nothing was to be changed, or nothing of it is to be seen.
        """
        options, portraits, mark = work.options, work.portraits, work.canvas.mark()
        memory = work.memory or FaceMemory()
        wanted = plan_expression(
            work.target, face, portraits, work.library, options, memory.reference
        )
        memory.reference = wanted.reference
        done = SwappedFace(face, None, reference=wanted.reference)
        shown = face
        if wanted.performance is not None:
            shown, done = await self._express(work, face, wanted.performance, done)
        if "face_swapper" not in options.processors:
            retouch = await work.enhancement.planned(work.canvas.image, shown, work.nearer)
            done = await work.enhancement.applied(work.canvas, retouch, done)
            return done if done.expression is not None or done.enhancer is not None else None
        with work.timings.stage("swap"):
            choice = await self._compute.offload(
                len(portraits), choose, work.canvas.image, shown, portraits, memory.choice
            )
            memory.choice = choice
            portrait = portraits[choice.base]
            swapper = self._swapper(work, memory.textures)
            layer = await swapper.process(
                work.canvas.image,
                shown,
                portrait,
                patches={part: portraits[n] for part, n in choice.patches.items()},
                others=[p for n, p in enumerate(portraits) if n != choice.base],
                deadline=work.deadline,
            )
            if layer is not None and work.nearer:
                edge_px = COVER_EDGE * eye_distance(face.landmarks)
                layer = await self._compute.run(layer.without, work.nearer, edge_px)
        if layer is None:
            return None
        done = replace(done, source=choice.base, swapper=swapper.name)
        if work.chosen.swapper is None:
            notes = (*done.notes, *_healed(shown, portrait.face))
            done = replace(done, patches=choice.patches, notes=notes)
        else:  # it draws a face with the target's expression, without occlusions
            portrait = replace(portrait, seen=None)
        with work.timings.stage("mask"):
            matte = await self._masking.matte(
                work.canvas.image,
                shown,
                layer,
                portrait,
                options.masks,
                seen=work.seen if shown is face else None,
                deadline=work.deadline,
            )
        light = await self._light(work, shown, layer, portrait, memory)
        subject = Subject(face, shown, portrait, layer, matte, mark, light)
        if self._trace is not None:
            trace_layer(self._trace, work.target, work.canvas.image, subject)
        before = self._backend(work).pattern(work.target, work.canvas.image, subject)
        return await self._finish(work, subject, before, done)

    async def _light(
        self, work: FaceTask, shown: Face, layer: Layer, portrait: Portrait, memory: FaceMemory
    ) -> LightField | None:
        """Return the light for a layer, where options ask for it and it is to be measured."""
        options, tried = work.options, work.options.quality.limits != QualityLimits()
        used = options.color == "adaptive" or (tried and work.memory is None)
        if not options.refiner or not used or not memory.light_is_due:
            return None
        with work.timings.stage("fuse"):
            return await self._refining.light(
                work.canvas.image, shown, layer, portrait, work.seen, deadline=work.deadline
            )

    async def _finish(
        self, work: FaceTask, subject: Subject, before: Donor, done: SwappedFace
    ) -> SwappedFace:
        """Fuse, restore, enhance and measure, if need be again; raise if it is not good enough."""
        options, wanted = work.options, work.options.quality
        asked = Trial(options.color, options.blend)
        if work.memory is not None:
            return await self._finish_frame(work, subject, before, done, asked)
        retouch = await work.enhancement.planned(work.canvas.image, subject.shown, work.nearer)
        known = None
        if options.measures:
            with work.timings.stage("quality"):
                known = await self._inspector.known(subject, work.target, work.deadline)

        async def make(trial: Trial) -> tuple[SwappedFace, Figures]:
            with work.timings.stage("fuse"):
                await self._compute.run(_fuse_onto, work.canvas, subject, trial, options)
            if self._trace is not None:
                trace_fused(self._trace, work.canvas.image, subject)
            made = done
            if options.restores:
                made = await self._restore(work, subject, before, done)
            made = await work.enhancement.applied(work.canvas, retouch, made)
            with work.timings.stage("quality"):
                figures = await self._inspector.measure(
                    subject, work.canvas, known, deadline=work.deadline
                )
            return made, figures

        settings = trials(asked, retry=wanted.retry)
        best = await best_of(work.canvas, settings, wanted.limits, make)
        quality = best.quality(self._expected)
        if self._observe is not None:
            self._observe(quality, not best.short)
        require_quality(
            best, wanted.limits, [face is subject.face for face in work.faces].index(True)
        )
        return replace(best.made, quality=quality)

    async def _finish_frame(
        self, work: FaceTask, subject: Subject, before: Donor, done: SwappedFace, asked: Trial
    ) -> SwappedFace:
        """Fuse, restore and enhance one of many frames; its figures are not awaited."""
        retouch = await work.enhancement.planned(work.canvas.image, subject.shown, work.nearer)
        with work.timings.stage("fuse"):
            await self._compute.run(
                _fuse_onto, work.canvas, subject, asked, work.options, work.memory
            )
        if work.options.restores:
            done = await self._restore(work, subject, before, done)
        return await work.enhancement.applied(work.canvas, retouch, done)

    async def _express(
        self, work: FaceTask, face: Face, performance: Performance, done: SwappedFace
    ) -> tuple[Face, SwappedFace]:
        """Give a face an expression; return it as it is then."""
        backend = self._backend(work)
        performer = backend if backend.suits(performance) else self._morphable
        with work.timings.stage("express"):
            result = await performer.perform(
                work.canvas.image, face, performance, deadline=work.deadline
            )
        done = replace(done, restorer=performer.name)
        if result is None:
            return face, done
        after = shown_by(face, result, performance)
        return after, self._written(work, result, after.expression, done)

    async def _restore(
        self, work: FaceTask, subject: Subject, before: Donor, done: SwappedFace
    ) -> SwappedFace:
        """Analyse the swapped face again and restore the expression that the swapper lost.

        `before` shows the face as it was.
        """
        backend = self._backend(work)
        with work.timings.stage("express"):
            result = await backend.restore(
                work.canvas.image,
                subject,
                before,
                regions=work.options.expression_regions,
                deadline=work.deadline,
            )
        done = replace(done, restorer=backend.name)
        expression = subject.shown.expression
        return done if result is None else self._written(work, result, expression, done)

    def _backend(self, work: FaceTask) -> ExpressionBackend:
        """Return what gives faces their expressions."""
        if work.chosen.restorer is None:
            return self._morphable
        return NetworkBackend(work.chosen.restorer, self._compute)

    @staticmethod
    def _written(
        work: FaceTask, result: Reenacted, expression: F32, done: SwappedFace
    ) -> SwappedFace:
        """Write the changes into the picture, and record them."""
        pixels = result.pixels
        covered = cover(result.region, work.nearer, COVER_EDGE * eye_distance(result.landmarks))
        if covered is not None:
            kept = np.asarray(result.region.of(work.canvas.image), np.float32)
            pixels = np.rint(pixels + covered[..., None] * (kept - pixels)).astype(np.uint8)
        work.canvas.paint(result.region, pixels)
        notes = dict.fromkeys(done.notes)
        if InpaintingSource.INVENTED in result.inpainting_sources.values():
            notes[Note.MOUTH_INVENTED] = None
        if InpaintingSource.LEFT_SHUT in result.inpainting_sources.values():
            notes[Note.EYE_LEFT_SHUT] = None
        inpainting_sources = {**done.inpainting_sources, **result.inpainting_sources}
        return replace(
            done, expression=expression, inpainting_sources=inpainting_sources, notes=tuple(notes)
        )

    def _swapper(self, work: FaceTask, textures: Textures) -> Swapper:
        """Return the swapper of a face."""
        if work.chosen.swapper is not None:
            return work.chosen.swapper.of(work.portraits)
        return MeshSwapper(swap_settings(work.options), self._compute, textures)


def _healed(shown: Face, portrait: Face) -> list[Note]:
    """Return what of a portrait does not suit the face that is shown."""
    notes = []
    if shut_eyes(portrait) and not shut_eyes(shown):
        notes.append(Note.SOURCE_EYES_SHUT)
    if is_open(portrait.landmarks) and not is_open(shown.landmarks):
        notes.append(Note.LIPS_CLOSED_OVER)
    return notes


def _fuse_onto(
    canvas: UndoCanvas,
    subject: Subject,
    trial: Trial,
    options: SwapOptions,
    memory: FaceMemory | None = None,
) -> None:
    """Fuse a layer into a picture that is ours to change."""
    layer, memory = subject.layer, memory or FaceMemory()
    placed = face_from_region(subject.shown, layer.region)
    target = np.ascontiguousarray(layer.region.of(canvas.image), np.uint8)
    below = target
    if layer.kept is not None:  # what covers it stays where it is
        below = composite(target, layer.kept.pixels, layer.kept.share * subject.matte.clear)
    fused, memory.moment = fuse_frame(
        target,
        layer.pixels,
        subject.matte,
        FrameTransition(placed, memory.moment, memory.dt_s),
        unit_px=eye_distance(subject.shown.landmarks),
        color=trial.color,
        blend=trial.blend,
        texture=options.match_texture,
        below=below,
        light=subject.light,
    )
    canvas.paint(layer.region, fused)


def face_from_region(face: Face, region: Region) -> F64:
    """Return the similarity (2, 3) from a region's pixels to where they lie on an upright face."""
    fit = face.fit
    roll = np.radians(face.pose.roll)
    turn = np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
    linear = turn / float(fit.scale[0, 0])
    middle = fit.translation[0, :2].astype(np.float64) - region.origin_xy
    return np.column_stack([linear, -linear @ middle])
