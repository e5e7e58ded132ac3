"""People followed through a video: where each one's face is, frame by frame.

Once a face is known its landmarks cut the crop in which it is looked for in the next frame, and the
detectors run only now and then, to find new faces. A face that is lost for a moment is
carried on by optical flow; a face that returns within that time is the lost one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from gateway.arrays import F32
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.assignment import assign
from gateway.faces.blazeface import Candidates
from gateway.faces.detect import DetectOptions
from gateway.faces.face import Face, FaceWarning
from gateway.faces.morphable.person import alikeness
from gateway.imaging.video.shots import THUMBNAIL, Shot
from gateway.pipeline.expressions.track import ALIKE, LOST_S, TURNED
from gateway.pipeline.video.face_tracking import FrameCrop, TrackedFace, around, carry_on
from gateway.pipeline.video.frame import EditableFrame

DETECT_S = Fraction(1, 3)
"""Seconds between two detections of new faces."""
OVERVIEW = 960
"""Pixels of a frame's longer side when faces are looked for in all of it."""
UPSIDE_DOWN_DEG = 135.0
"""Tilt of a shot's faces from which it is looked at upside down as well."""
SAME_FACE = 0.5
"""Share of the smaller box inside the other from which two faces are one."""
REMEMBERED, KNOWN = 16, 8
"""Frames over which a person's identity is averaged, and from which on it can be relied on."""


@dataclass(slots=True, eq=False)
class _Track:
    """The state of a person.

    Attributes:
        number: Of the person.
        last: The last sighting.
        seen_s: When a network last saw the face.
        identity: float32 (I,), mean over the last frames.
        frames: How many that are.
    """

    number: int
    last: TrackedFace
    seen_s: Fraction
    identity: F32
    frames: int = 1

    def saw(self, sighting: TrackedFace, time_s: Fraction) -> None:
        """Advance to the next frame."""
        self.last = sighting
        if sighting.interpolated:
            return
        self.seen_s = time_s
        if TURNED.isdisjoint(sighting.face.warnings):
            self.frames = min(self.frames + 1, REMEMBERED)
            own = sighting.face.fit.identity[0]
            self.identity = np.asarray(
                self.identity + (own - self.identity) / self.frames, np.float32
            )


@dataclass(slots=True, eq=False)
class _State:
    """The state of a tracker.

    Attributes:
        tracks: People in the picture.
        lost: People recently in the picture.
        shot: The one that is running.
        looked_s: When faces were last looked for.
        roll: Degrees that the first face of the shot was tilted by whose orientation is certain.
        people: How many there were so far.
    """

    tracks: list[_Track] = field(default_factory=list)
    lost: list[_Track] = field(default_factory=list)
    shot: Shot | None = None
    looked_s: Fraction | None = None
    roll: float | None = None
    people: int = 0


class FaceTracker:
    """Tracks all people through one video; frames come in their order."""

    def __init__(
        self,
        analyser: FaceAnalyser,
        compute: Compute,
        options: DetectOptions,
        *,
        min_face_px: float,
    ) -> None:
        """Take the parts.

        Args:
            analyser: Finds faces.
            compute: Threads for imaging work.
            options: How hard to look.
            min_face_px: Width below which a face is left alone.
        """
        self._analyser = analyser
        self._compute = compute
        self._options = options
        self._min_face_px = min_face_px
        self._state = _State()

    async def step(
        self, picture: EditableFrame, *, deadline: Deadline
    ) -> tuple[list[TrackedFace], bool]:
        """Take the next frame; return the people in it, and whether a new shot begins with it.

        Raises:
            InferenceError, DeadlineExceeded: from the networks.
        """
        state, now = self._state, picture.time_s
        cut = await self._compute.run(self._cuts, picture)
        if cut:
            state.tracks, state.lost, state.looked_s, state.roll = [], [], None, None
        there = await asyncio.gather(
            *(self._follow(track, picture, deadline) for track in state.tracks)
        )
        gone = [track for track, still in zip(state.tracks, there, strict=True) if not still]
        self._sort_out(gone, now)
        if state.looked_s is None or now - state.looked_s >= DETECT_S:
            state.looked_s = now
            await self._look_around(picture, deadline)
        return [track.last for track in state.tracks], cut

    def _cuts(self, picture: EditableFrame) -> bool:
        thumbnail = picture.small(THUMBNAIL)
        if self._state.shot is None:
            self._state.shot, cut = Shot.begun(thumbnail), True
        else:
            self._state.shot, cut = self._state.shot.next(thumbnail)
        return cut

    async def _follow(self, track: _Track, picture: EditableFrame, deadline: Deadline) -> bool:
        """Find a face again near where it was, or carry it on; return whether it is there."""
        before, now = track.last, picture.time_s
        view = await self._view(before.face, picture)
        if view is None:
            return False
        found = await self._seen(view, before.face, deadline)
        if found is not None and self._is_another(track, found):
            found = None
        if found is None and now - track.seen_s < LOST_S:
            was = before.view
            again = await self._compute.run(picture.rgb, was.region, was.reduction)
            carried_on = await self._compute.run(carry_on, before, again, picture.shape)
            if carried_on is not None:
                track.saw(TrackedFace(track.number, carried_on, view, interpolated=True), now)
            return carried_on is not None
        if found is not None:
            track.saw(TrackedFace(track.number, found, view), now)
        return found is not None

    async def _view(self, face: Face, picture: EditableFrame) -> FrameCrop | None:
        """Return the part of a frame that a face is looked for in; None if it lies outside."""
        region, reduction = around(face, picture.shape)
        if region is None:
            return None
        pixels = await self._compute.run(picture.rgb, region, reduction)
        return FrameCrop(region, reduction, pixels)

    def _is_another(self, track: _Track, found: Face) -> bool:
        """Return whether a face is not the tracked person, where two people have met."""
        if track.frames < KNOWN or not TURNED.isdisjoint(found.warnings):
            return False
        others = [t for t in (*self._state.tracks, *self._state.lost) if t is not track]
        if not any(_touching(found, other.last.face) for other in others):
            return False
        return alikeness(track.identity, found.fit.identity[0]) < ALIKE

    async def _seen(self, view: FrameCrop, face: Face, deadline: Deadline) -> Face | None:
        """Return a face as it is in a part of the frame now, in pixels of the frame."""
        found = await self._analyser.follow(
            view.pixels,
            [view.inside(face)],
            deadline=deadline,
            precise=self._options.precise,
        )
        if not found or FaceWarning.UNRELIABLE in found[0].warnings:
            return None
        return view.outside(found[0])

    def _sort_out(self, gone: list[_Track], now: Fraction) -> None:
        """Drop lost or duplicate tracks, and give each person back their own face."""
        state = self._state
        state.tracks = [t for t in state.tracks if t not in gone]
        for one in list(state.tracks):
            for other in list(state.tracks):
                if one.number < other.number and _shared(one.last.face, other.last.face):
                    less = min(one, other, key=_likeness)
                    if less in state.tracks:
                        state.tracks.remove(less)
                        gone.append(less)
        if gone:
            state.lost += gone
            state.looked_s = None
        state.lost = [t for t in state.lost if now - t.seen_s <= 2 * LOST_S]
        _swap_back(state.tracks)

    async def _look_around(self, picture: EditableFrame, deadline: Deadline) -> None:
        """Detect untracked faces, and begin to track them."""
        small = await self._compute.run(picture.small, OVERVIEW)
        options = self._options_now()
        found = await self._analyser.detect(small, deadline=deadline, options=options)
        scale = picture.shape[1] / small.shape[1], picture.shape[0] / small.shape[0]
        taken = [track.last.face.box_xyxy for track in self._state.tracks]
        new = _not_in(found, [box / np.tile(scale, 2) for box in taken])
        if not len(new.scores):
            return
        faces = await self._analyser.look_at(small, new, deadline=deadline, options=options)
        for face in sorted(faces, key=lambda f: -f.area):
            if self._state.roll is None and FaceWarning.ORIENTATION_UNCERTAIN not in face.warnings:
                self._state.roll = face.pose.roll
            await self._begin(face.moved((0.0, 0.0), scale), picture, deadline)

    def _options_now(self) -> DetectOptions:
        """Return how to look in this shot, which way up it is being decided once."""
        options, roll = self._options, self._state.roll
        if roll is not None and abs(roll) > UPSIDE_DOWN_DEG and 180 not in options.angles:
            options = replace(options, angles=(*options.angles, 180))
        return replace(options, roll=roll)

    async def _begin(self, face: Face, picture: EditableFrame, deadline: Deadline) -> None:
        state, now = self._state, picture.time_s
        if any(_shared(face, t.last.face) for t in state.tracks):
            return
        view = await self._view(face, picture)
        seen = None if view is None else await self._seen(view, face, deadline)
        if view is None or seen is None or seen.quality.width_px < self._min_face_px:
            return
        own = seen.fit.identity[0]
        known = max(state.lost, key=lambda t: alikeness(t.identity, own), default=None)
        if known is not None and alikeness(known.identity, own) >= ALIKE:
            state.lost.remove(known)
            known.saw(TrackedFace(known.number, seen, view), now)
            state.tracks.append(known)
            return
        # reported for the first sighting only
        if FaceWarning.ORIENTATION_UNCERTAIN in face.warnings:
            told = (*seen.warnings, FaceWarning.ORIENTATION_UNCERTAIN)
            seen = replace(seen, warnings=told)
        sighting = TrackedFace(state.people, seen, view)
        state.tracks.append(_Track(state.people, sighting, now, np.array(own, np.float32)))
        state.people += 1


def _swap_back(tracks: list[_Track]) -> None:
    """Where people have passed each other, give each the face that is most like them."""
    near = [
        t for t in tracks if any(t is not o and _touching(t.last.face, o.last.face) for o in tracks)
    ]
    near = [t for t in near if not t.last.interpolated and t.frames >= KNOWN]
    if len(near) < 2:
        return
    faces = [t.last for t in near]
    likeness = np.array(
        [[alikeness(t.identity, s.face.fit.identity[0]) for s in faces] for t in near]
    )
    # Only where it is clear: staying is worth what noise could be.
    chosen = assign(1 - likeness - ALIKE * np.eye(len(near)))
    for track, column in zip(near, chosen, strict=True):
        track.last = replace(faces[column], track=track.number)


def _likeness(track: _Track) -> float:
    return alikeness(track.identity, track.last.face.fit.identity[0])


def _touching(one: Face, other: Face) -> bool:
    """Return whether two faces' boxes are within half a face of each other."""
    margin = 0.25 * max(
        float(one.box_xyxy[2] - one.box_xyxy[0]), float(other.box_xyxy[2] - other.box_xyxy[0])
    )
    low = np.maximum(one.box_xyxy[:2], other.box_xyxy[:2])
    high = np.minimum(one.box_xyxy[2:], other.box_xyxy[2:])
    return bool((high + 2 * margin > low).all())


def _shared(one: Face, other: Face) -> bool:
    """Return whether two faces are one."""
    low = np.maximum(one.box_xyxy[:2], other.box_xyxy[:2])
    high = np.minimum(one.box_xyxy[2:], other.box_xyxy[2:])
    common = float(np.prod(np.maximum(high - low, 0)))
    return common > SAME_FACE * min(one.area, other.area)


def _not_in(found: Candidates, boxes: Sequence[F32]) -> Candidates:
    """Return the candidates whose middles lie in none of the boxes (4,)."""
    middles = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
    free = np.ones(len(middles), bool)
    for box in boxes:
        free &= ~((middles > box[:2]) & (middles < box[2:])).all(1)
    return Candidates(found.scores[free], found.boxes[free], found.sides[free], found.points[free])
