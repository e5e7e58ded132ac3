"""One frame after the other: whose faces are changed, and into whose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from gateway.arrays import F32, U8
from gateway.compute import Compute
from gateway.errors import FaceProtected
from gateway.faces.embedding import FaceEmbedder, nearest
from gateway.faces.face import Face, FaceWarning
from gateway.faces.glasses import GlassesRemoval
from gateway.faces.overlap import covering, nearness
from gateway.imaging.geometry.warp import Region, bounding_region
from gateway.pipeline.expressions.track import TURNED
from gateway.pipeline.face.canvas import UndoCanvas
from gateway.pipeline.face.change import FaceChanger, FaceMemory, FaceTask
from gateway.pipeline.face.enhance import Enhancement
from gateway.pipeline.face.expression_plan import reads_expressions
from gateway.pipeline.face.masking import Masking, looks_for_covers
from gateway.pipeline.timings import Timings
from gateway.pipeline.video.cast import CastRole
from gateway.pipeline.video.context import FrameReport, VideoFusionContext
from gateway.pipeline.video.face_tracking import TrackedFace, around
from gateway.pipeline.video.frame import EditableFrame
from gateway.processors.base import Portrait

LOOK_S, CLEAR_LOOK_S = Fraction(1, 12), Fraction(1, 5)
"""Seconds between two checks for occlusions of a face: where there are some, and where there is
nothing."""
GLASSES_S = Fraction(1, 2)
"""Seconds between two looks at whether a face wears glasses."""
CLEAR = 0.9
"""Share of a face that is seen where there is nothing before it."""
SEEN_S = 0.2
"""Seconds after which about a third is left of an earlier occlusion."""
MARGIN = 0.1
"""Of the face's width, kept around it when it is swapped."""
UNDECIDED_S = Fraction(1, 2)
"""Seconds for which a person first seen from the side is not finally identified by that view."""


@dataclass(slots=True, eq=False)
class _Person:
    """The state of a track.

    Attributes:
        since_s: When it began.
        memory: Of the face.
        part: The role of the face; None if it is left alone.
        rest: float32 (K + C,), the expression at rest, if it is known.
        decided: Whether the identity is certain.
        looked_s: When occlusions of the face were last checked.
        pause_s: Until the next check.
        last_s: When the face was last changed.
        glasses: What they wear, if anything; None: not looked at yet.
        glasses_s: When they were last looked at.
    """

    since_s: Fraction
    memory: FaceMemory = field(default_factory=FaceMemory)
    part: CastRole | None = None
    rest: F32 | None = None
    decided: bool = False
    looked_s: Fraction | None = None
    pause_s: Fraction = LOOK_S
    last_s: Fraction | None = None
    glasses: GlassesRemoval | None = None
    glasses_s: Fraction = Fraction(0)


class FrameMaker:
    """Changes the faces of a video's frames, which come in their order."""

    def __init__(
        self,
        embedder: FaceEmbedder,
        masking: Masking,
        changer: FaceChanger,
        compute: Compute,
        production: VideoFusionContext,
    ) -> None:
        """Take the parts, and the inputs of the video."""
        self._embedder = embedder
        self._masking = masking
        self._changer = changer
        self._compute = compute
        self._production = production
        self._people: dict[int, _Person] = {}
        self._known: dict[int | None, Sequence[Portrait]] = {}
        self._chosen = masking.networks.build(production.options)
        self._ready = False

    async def change(
        self,
        picture: EditableFrame,
        sightings: Sequence[TrackedFace],
        faces: Mapping[int, Face],
        *,
        timings: Timings | None = None,
    ) -> FrameReport:
        """Change a frame's faces and write them back; a frame that leads in stays as it is.

        Args:
            picture: The frame.
            sightings: The people in it.
            faces: The faces by their tracks, as the frames around it say they are.
            timings: Gets the stages' times; the video's own, if None.

        Raises:
            FaceProtected: somebody whose face is to be changed is protected.
            InferenceError, DeadlineExceeded: from the networks.
        """
        await self._prepare()
        options = self._production.options
        swapping = "face_swapper" in options.processors
        told = {s.track: s for s in sightings}
        changed = interpolated = 0
        for track in sorted(faces, key=lambda t: nearness(faces[t])):
            sighting, face = told[track], faces[track]
            person = await self._person(picture, sighting)
            if person.part is None:
                continue
            region = self._reach(face, picture.shape)
            if region is None:
                continue
            rgb = await self._compute.run(picture.rgb, region)
            local = _local(face, region, person.rest)
            nearer = [
                outline - region.origin_xy for outline in covering(face, list(faces.values()))
            ]
            if swapping:
                await self._look(person, picture.time_s, rgb, local)
            timings = timings or self._production.timings
            if await self._change(person, picture, region, rgb, local, nearer, timings=timings):
                changed += 1
                interpolated += sighting.interpolated
        doubted = [s for s in sightings if FaceWarning.ORIENTATION_UNCERTAIN in s.face.warnings]
        return FrameReport(len(sightings), changed, interpolated, uncertain=len(doubted))

    async def _change(
        self,
        person: _Person,
        picture: EditableFrame,
        region: Region,
        rgb: U8,
        face: Face,
        nearer: Sequence[F32],
        *,
        timings: Timings,
    ) -> bool:
        """Change one face, in pixels of its region (h, w, 3); return whether anything was."""
        production, memory = self._production, person.memory
        since = None if person.last_s is None else picture.time_s - person.last_s
        memory.dt_s = 0.0 if since is None else float(since)
        person.last_s = picture.time_s
        deadline = production.deadline()
        canvas = UndoCanvas(rgb)
        work = FaceTask(
            canvas,
            rgb,
            self._portraits(person),
            [face],
            production.library,
            production.options,
            deadline,
            timings,
            self._chosen,
            Enhancement(
                self._chosen.enhancer,
                self._masking,
                self._compute,
                production.options,
                deadline=deadline,
                timings=timings,
            ),
            nearer,
            memory.seen,
            memory,
        )
        done = await self._changer.change(work, face)
        if done is None:
            return False
        if not picture.lead_in:
            for stroke in _touched(canvas):
                before, after = (
                    np.ascontiguousarray(stroke.of(p), np.uint8) for p in (rgb, canvas.image)
                )
                where = Region(
                    stroke.x0 + region.x0,
                    stroke.y0 + region.y0,
                    stroke.x1 + region.x0,
                    stroke.y1 + region.y0,
                )
                await self._compute.run(picture.write, where, before, after)
        return True

    async def _prepare(self) -> None:
        """Look at the portraits, once."""
        if self._ready:
            return
        production, deadline = self._production, self._production.deadline()
        options = production.options
        for part in production.cast.parts:
            entry = part.entry
            named = None if entry is None else options.mapping[entry]
            portraits = production.players.chosen(named)
            if "face_swapper" in options.processors:
                portraits = await self._masking.known(portraits, options, deadline=deadline)
            # A face's rest state is computed once.
            self._known[entry] = [
                replace(one, face=replace(one.face, known_rest=one.face.rest)) for one in portraits
            ]
        self._ready = True

    def _portraits(self, person: _Person) -> Sequence[Portrait]:
        assert person.part is not None
        return self._known[person.part.entry]

    def _reach(self, face: Face, shape: tuple[int, int]) -> Region | None:
        """Return the part of a frame of `shape` (height, width) that changing a face may need."""
        options = self._production.options
        if options.face_steps != ("face_swapper",) or reads_expressions(options):
            return around(face, shape)[0]
        return bounding_region(face.landmarks[:, :2], shape, MARGIN * face.quality.width_px)

    async def _person(self, picture: EditableFrame, sighting: TrackedFace) -> _Person:
        """Return the state of a track, after identifying the person."""
        person = self._people.setdefault(sighting.track, _Person(picture.time_s))
        if person.decided:
            return person
        cast, now = self._production.cast, picture.time_s
        face, view = sighting.face, sighting.view
        turned = not TURNED.isdisjoint(face.warnings)
        if turned and person.last_s is not None and now - person.since_s < UNDECIDED_S:
            return person
        (descriptor,) = await self._embedder.embed(
            view.pixels, [view.inside(face)], deadline=self._production.deadline()
        )
        person.part, person.rest = cast.part_of(descriptor), cast.rest_of(descriptor)
        consents = self._production.consents
        if person.part is not None and nearest(descriptor, consents.protected) <= consents.farthest:
            raise FaceProtected()
        person.decided = not turned or now - person.since_s >= UNDECIDED_S
        return person

    async def _look(self, person: _Person, now: Fraction, rgb: U8, face: Face) -> None:
        """Check for occlusions of a face, now and then."""
        options, deadline = self._production.options, self._production.deadline()
        early = person.looked_s is not None and now < person.looked_s + person.pause_s
        if early or not looks_for_covers(options):
            return
        glasses = await self._glasses(person, now, rgb, face)
        (seen,) = await self._masking.look(
            rgb, [face], options, glasses=[glasses], deadline=deadline
        )
        before, memory = person.looked_s, person.memory
        if seen is not None and memory.seen is not None and before is not None:
            seen = seen.steadied(memory.seen, float(np.exp(-float(now - before) / SEEN_S)))
        memory.seen, person.looked_s = seen, now
        clear = seen is None or float(seen.visible.mean()) > CLEAR
        person.pause_s = CLEAR_LOOK_S if clear else LOOK_S

    async def _glasses(self, person: _Person, now: Fraction, rgb: U8, face: Face) -> GlassesRemoval:
        """Return a person's glasses, which stay on or off for longer than a hand stays away."""
        if person.glasses is None or now >= person.glasses_s + GLASSES_S:
            deadline = self._production.deadline()
            (person.glasses,) = await self._masking.glasses(rgb, [face], deadline=deadline)
            person.glasses_s = now
        return person.glasses


def _local(face: Face, region: Region, rest: F32 | None) -> Face:
    """Return a face in pixels of a region."""
    moved = face.moved((float(region.x0), float(region.y0)), (1.0, 1.0))
    return replace(moved, known_rest=rest)


def _touched(canvas: UndoCanvas) -> list[Region]:
    """Return the painted regions, without overlap."""
    regions: list[Region] = []
    for stroke in canvas.since(0):
        one = stroke.region
        for other in [r for r in regions if r.shared_with(one)]:
            regions.remove(other)
            one = one.joined(other)
        regions.append(one)
    return regions
