"""A first pass over a video: the people in it, their rest state, and the selected faces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from gateway.arrays import F32, U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import NoFaceInTarget
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.attributes import FaceAttributes
from gateway.faces.embedding import FaceEmbedder
from gateway.faces.face import Face, FaceWarning
from gateway.faces.morphable.fit import Fit
from gateway.faces.morphable.person import Person
from gateway.networks.fairface import FairFace
from gateway.pipeline.expressions.track import TURNED
from gateway.pipeline.options.swap import SwapOptions
from gateway.pipeline.selection import detection
from gateway.pipeline.selection.decision import Evidence, Meant, View, asks_for_looks, decide
from gateway.pipeline.selection.people import People
from gateway.pipeline.video.cast import CastRole, KnownPerson, VideoCast
from gateway.pipeline.video.frame import EditableFrame
from gateway.pipeline.video.tracks import OVERVIEW
from gateway.storage.identities import EnrolledIdentity

SURELY = 0.5
"""Distance of descriptors up to which two faces of one video are taken for one person."""
DESCRIBED = 64
"""Faces whose descriptors are computed at the most: that takes longer than all the rest."""


@dataclass(slots=True, eq=False)
class _Somebody:
    """A person as far as they were seen.

    Attributes:
        descriptors: float32 (128,) each.
        landmarks: float32 (478, 3) each, of faces that are not turned away.
        fits: Of these.
        sizes: (width, height) of their pictures.
        looks: Their attributes in the best view; None if not requested.
        best: How well that is, 0–1.
    """

    descriptors: list[F32] = field(default_factory=list)
    landmarks: list[F32] = field(default_factory=list)
    fits: list[Fit] = field(default_factory=list)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    looks: FaceAttributes | None = None
    best: float = -1.0

    def saw(
        self, face: Face, descriptor: F32, size_wh: tuple[int, int], looks: FaceAttributes | None
    ) -> None:
        """Add a face, and its attributes if requested."""
        if face.quality.score > self.best:
            self.best, self.looks = face.quality.score, looks
        self.descriptors.append(descriptor)
        if TURNED.isdisjoint(face.warnings):
            self.landmarks.append(face.landmarks)
            self.fits.append(face.fit)
            self.sizes.append(size_wh)

    @property
    def descriptor(self) -> F32:
        """float32 (128,), the mean."""
        return np.asarray(np.mean(self.descriptors, axis=0), np.float32)

    def known(self) -> KnownPerson:
        """Return their stored state."""
        person = Person.nobody()
        for points, fit, size in zip(self.landmarks, self.fits, self.sizes, strict=True):
            person = person.seen_in(points[None], np.array([size], np.float32), fit)
        return KnownPerson(self.descriptor, np.asarray(person.rest, np.float32))


class Surveyor:
    """Samples frames all over a video."""

    def __init__(
        self,
        analyser: FaceAnalyser,
        embedder: FaceEmbedder,
        compute: Compute,
        *,
        min_face_px: float,
        classifier: FairFace | None = None,
    ) -> None:
        """Take the parts.

        Args:
            analyser: Finds faces.
            embedder: Distinguishes people.
            compute: Threads for array work.
            min_face_px: Width below which a face is left alone.
            classifier: Classifies people's attributes, if available.
        """
        self._people = People(analyser, embedder, min_face_px=min_face_px, classifier=classifier)
        self._analyser = analyser
        self._embedder = embedder
        self._compute = compute
        self._min_face_px = min_face_px

    async def survey(
        self,
        pictures: Iterable[EditableFrame],
        options: SwapOptions,
        *,
        deadline: Deadline,
        references: Sequence[U8] = (),
        identities: Mapping[str, EnrolledIdentity] = MappingProxyType({}),
    ) -> VideoCast:
        """Return the people in a video.

        Args:
            pictures: Frames from all over it, in their order; read in the imaging threads.
            options: The selected faces.
            deadline: When the answer is of no use any more.
            references: uint8 (H, W, 3) RGB each; reference pictures of the people to select.
            identities: Enrolled people that the mapping names, by their ids.

        Raises:
            NoFaceInTarget: no face is visible in any of the frames.
            NoMatchingFace: the face selected by position is not there.
            InvalidOptions: a person is selected by a reference that was not sent.
            NoFaceInSource, FaceTooSmall, FaceNotReliable: of a reference.
            InferenceError, DeadlineExceeded: from the networks.
        """
        known = await self._people.known(references, identities, options, deadline=deadline)
        # People are distinguished here; what they show is read when they are followed.
        detect = replace(detection.of_targets(options), precise=False)
        people: list[_Somebody] = []
        views: list[View] = []
        described = 0
        coming = iter(pictures)
        while (picture := await self._compute.run(next, coming, None)) is not None:
            if described >= DESCRIBED:
                break
            small = await self._compute.run(picture.small, OVERVIEW)
            found = await self._analyser.analyse(small, deadline=deadline, options=detect)
            least = self._min_face_px * small.shape[1] / picture.shape[1]
            faces = [f for f in found if _is_face(f) and f.quality.width_px >= least]
            seen = await self._embedder.embed(small, faces, deadline=deadline)
            size = small.shape[1], small.shape[0]
            looks: Sequence[FaceAttributes | None] = [None] * len(faces)
            looks = await self._people.looks(small, faces, options, deadline=deadline) or looks
            who = []
            for face, descriptor, look in zip(faces, seen, looks, strict=True):
                who.append(_nearest(people, descriptor))
                people[who[-1]].saw(face, descriptor, size, look)
            views.append(View(faces, who))
            described += len(faces)
        if not people:
            raise NoFaceInTarget("The video shows no face.")
        seen_people = tuple(somebody.known() for somebody in people)
        looks_of = [one.looks for one in people] if asks_for_looks(options) else None
        # People to be recognised may also be in frames that were not sampled.
        decision = decide(options, Evidence(views, looks_of), known)
        parts = tuple(_part(meant, seen_people) for meant in decision.meant)
        return VideoCast(seen_people, parts, options.face_selector.reference_distance)


def _part(meant: Meant, people: Sequence[KnownPerson]) -> CastRole:
    """Return the role of a selected person."""
    descriptor = meant.descriptor
    if meant.candidate is not None:
        descriptor = people[meant.candidate].descriptor
    return CastRole(descriptor, meant.entry)


def _is_face(face: Face) -> bool:
    return FaceWarning.UNRELIABLE not in face.warnings


def _nearest(people: list[_Somebody], descriptor: F32) -> int:
    """Return the matching person; one without a match is added."""
    apart = [float(np.linalg.norm(one.descriptor - descriptor)) for one in people]
    if apart and min(apart) <= SURELY:
        return int(np.argmin(apart))
    people.append(_Somebody([descriptor]))
    return len(people) - 1
