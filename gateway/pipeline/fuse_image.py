"""A picture: analyse → select → express → swap → fuse → restore."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from gateway.arrays import F32, U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.embedding import FaceEmbedder
from gateway.faces.face import Face
from gateway.faces.overlap import covering
from gateway.faces.topology import N_MESH
from gateway.imaging.fuse import fuse
from gateway.pipeline.cast import Players, portraits_of
from gateway.pipeline.options import SwapOptions
from gateway.pipeline.people import People
from gateway.pipeline.result import Note, SwappedFace, SwapResult
from gateway.pipeline.timings import Timings
from gateway.pipeline.wish import Reference, wish
from gateway.processors.base import COVER_EDGE, Layer, Portrait, Swapper, cover
from gateway.processors.expression_restorer import (
    ExpressionRestorer,
    Performance,
    settle,
    shown_by,
)
from gateway.processors.face_swapper import MeshSwapper, SwapSettings, result_geometry
from gateway.processors.openings import Donor, Filled, eye_distance, is_open
from gateway.processors.portraits import choose, shut_eyes
from gateway.processors.reenact import Reenacted
from gateway.storage.identities import Identity


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """One picture being worked on.

    Attributes:
        image: uint8 (H, W, 3) RGB, ours to change.
        target: uint8 (H, W, 3) RGB, as it was sent.
        portraits: Of the person that the face becomes.
        library: Entries to match expressions with.
        options: What is asked for.
        deadline: When the result is of no use any more.
        timings: Gets the stages' times.
        nearer: float32 (n, 2) each, outlines of faces that lie before the one that is changed.
    """

    image: U8
    target: U8
    portraits: Sequence[Portrait]
    library: Sequence[Reference]
    options: SwapOptions
    deadline: Deadline
    timings: Timings
    nearer: Sequence[F32] = ()


class ImageFuser:
    """Fuses faces into pictures with the networks behind an analyser."""

    def __init__(
        self,
        analyser: FaceAnalyser,
        embedder: FaceEmbedder,
        compute: Compute,
        *,
        min_face_px: float = 20.0,
    ) -> None:
        """Take the parts; `min_face_px` is the width below which a face is refused."""
        self._restorer = ExpressionRestorer(compute)
        self._analyser = analyser
        self._people = People(analyser, embedder, min_face_px=min_face_px)
        self._compute = compute

    async def swap(
        self,
        sources: Sequence[U8],
        target: U8,
        options: SwapOptions,
        *,
        deadline: Deadline,
        timings: Timings,
        references: Sequence[U8] = (),
        library: Sequence[Reference] = (),
        identities: Mapping[str, Identity] = MappingProxyType({}),
        source_id: str | None = None,
    ) -> SwapResult:
        """Put the faces of the sources into the target.

        Args:
            sources: Portraits, uint8 (H, W, 3) RGB each; of each the largest face counts. Of one
                person, or of those that `mapping` names. For every target face, and for its eyes
                and mouth, the portrait is used that is nearest in pose, expression and light.
            target: uint8 (H, W, 3) RGB.
            options: What is wanted.
            deadline: When the result is of no use any more.
            timings: Gets the stages' times.
            references: uint8 (H, W, 3) RGB each: the person meant, for `face_selector.mode =
                reference`, or those that `mapping` names.
            library: Entries of the library that `expression` names; else none.
            identities: Enrolled people that `mapping` and `source_id` name, by their ids.
            source_id: The one whose kept portraits take the sources' place.

        Raises:
            NoFaceInSource, NoFaceInTarget, FaceTooSmall, FaceNotReliable, FaceNotSelected: by
                name.
            InferenceError, DeadlineExceeded: from the networks.
        """
        with timings.stage("analyse"):
            portraits, faces = await self._people.find(sources, target, options, deadline)
        if source_id is not None:
            portraits = portraits_of(identities[source_id])
        with timings.stage("select"):
            players = Players(portraits, identities, source_id)
            cast = await self._people.cast(target, faces, players, references, options, deadline)
        work = _Work(target.copy(), target, portraits, library, options, deadline, timings)
        changed = []
        for role in cast.roles:
            nearer = covering(role.face, faces)
            done = await self._change(
                replace(work, portraits=role.portraits, nearer=nearer), role.face
            )
            if done is not None:
                changed.append(role.told(done))
        return SwapResult(
            work.image, tuple(changed), tuple(faces), tuple(portraits), cast.unmatched
        )

    async def _change(self, work: _Work, face: Face) -> SwappedFace | None:
        """Change one face: its expression first, so that the swapper meets it showing it already.

        Returns None where nothing was to be changed, or nothing of it is to be seen.
        """
        options, portraits = work.options, work.portraits
        wanted = wish(work.target, face, portraits, work.library, options)
        done = SwappedFace(face, None, reference=wanted.reference)
        shown = face
        if wanted.performance is not None:
            shown, done = await self._express(work, face, wanted.performance, done)
        if "face_swapper" not in options.processors:
            return done if done.expression is not None else None
        with work.timings.stage("swap"):
            choice = await self._compute.run(choose, work.image, shown, portraits)
            layer = await self._swapper(options).process(
                work.image,
                shown,
                portraits[choice.base],
                patches={part: portraits[n] for part, n in choice.patches.items()},
                deadline=work.deadline,
            )
            edge_px = COVER_EDGE * eye_distance(face.landmarks)
            layer = layer and await self._compute.run(layer.without, work.nearer, edge_px)
        if layer is None:
            return None
        with work.timings.stage("fuse"):
            await self._compute.run(_fuse_into, work.image, layer, options)
        notes = (*done.notes, *_healed(shown, portraits[choice.base].face))
        done = replace(done, source=choice.base, patches=choice.patches, notes=notes)
        if options.processors[-1] == "expression_restorer":
            done = await self._restore(work, shown, portraits[choice.base], done)
        return done

    async def _express(
        self, work: _Work, face: Face, performance: Performance, done: SwappedFace
    ) -> tuple[Face, SwappedFace]:
        """Give a face an expression; return it as it is then."""
        with work.timings.stage("express"):
            result = await self._restorer.process(
                work.image, face, performance, deadline=work.deadline
            )
        if result is None:
            return face, done
        after = shown_by(face, result, performance)
        return after, self._written(work, result, after.expression, done)

    async def _restore(
        self, work: _Work, shown: Face, portrait: Portrait, done: SwappedFace
    ) -> SwappedFace:
        """Look at the swapped face again and mend what the swapper lost of the expression."""
        with work.timings.stage("express"):
            found = await self._analyser.follow(
                work.image, [shown], deadline=work.deadline, precise=True
            )
            if not found:
                return done
            expected = shown.landmarks.copy()
            expected[:N_MESH] = result_geometry(shown, portrait, work.options.shape)
            before = Donor(work.target, done.face.landmarks, Filled.TARGET)
            result = await self._compute.run(
                settle, work.image, found[0].landmarks, expected, [before]
            )
        return done if result is None else self._written(work, result, shown.expression, done)

    @staticmethod
    def _written(work: _Work, result: Reenacted, expression: F32, done: SwappedFace) -> SwappedFace:
        """Write what changed into the picture, and down what was done."""
        view = result.region.of(work.image)
        pixels = result.pixels
        covered = cover(result.region, work.nearer, COVER_EDGE * eye_distance(result.landmarks))
        if covered is not None:
            kept = np.asarray(view, np.float32)
            pixels = np.rint(pixels + covered[..., None] * (kept - pixels)).astype(np.uint8)
        view[...] = pixels
        notes = dict.fromkeys(done.notes)
        if Filled.INVENTED in result.filled.values():
            notes[Note.MOUTH_INVENTED] = None
        if Filled.LEFT_SHUT in result.filled.values():
            notes[Note.EYE_LEFT_SHUT] = None
        filled = {**done.filled, **result.filled}
        return replace(done, expression=expression, filled=filled, notes=tuple(notes))

    def _swapper(self, options: SwapOptions) -> Swapper:
        settings = SwapSettings(
            shape=options.shape,
            edge=options.masks.blur,
            inset=options.masks.padding,
            wrinkles=options.wrinkles,
        )
        return MeshSwapper(settings, self._compute)


def _healed(shown: Face, portrait: Face) -> list[Note]:
    """Return what of a portrait does not suit the face that is shown."""
    notes = []
    if shut_eyes(portrait) and not shut_eyes(shown):
        notes.append(Note.SOURCE_EYES_SHUT)
    if is_open(portrait.landmarks) and not is_open(shown.landmarks):
        notes.append(Note.LIPS_CLOSED_OVER)
    return notes


def _fuse_into(image: U8, layer: Layer, options: SwapOptions) -> None:
    """Fuse a layer into a picture that is ours to change."""
    view = layer.region.of(image)
    view[...] = fuse(
        np.ascontiguousarray(view, np.uint8),
        layer.pixels,
        layer.mask,
        layer.support,
        layer.skin,
        colour=options.color,
        blend=options.blend,
    )
