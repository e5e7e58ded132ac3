"""Who plays whom: which face of the target becomes which person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gateway.arrays import F32
from gateway.errors import NoMatchingFace
from gateway.faces.assignment import recognise
from gateway.faces.face import Face
from gateway.faces.occlusion import Visibility
from gateway.faces.overlap import nearness
from gateway.faces.selection import ordered
from gateway.pipeline.options.groups import FaceSelector, MappingEntry
from gateway.pipeline.result import SwappedFace
from gateway.processors.base import Portrait
from gateway.storage.identities import Identity


@dataclass(frozen=True, slots=True, eq=False)
class FaceAssignment:
    """A face of the target and the person it becomes.

    Attributes:
        face: Of the target.
        portraits: Of the person.
        sources: For each portrait the index its picture has among the sources, or the identity's.
        entry: Index of the mapping's entry; None without a mapping.
        source_id: The enrolled identity that the person is; None if the portraits were sent.
        seen: Where the face is seen, not something before it; None if nobody has looked.
    """

    face: Face
    portraits: Sequence[Portrait]
    sources: Sequence[int]
    entry: int | None = None
    source_id: str | None = None
    seen: Visibility | None = None

    def told(self, done: SwappedFace) -> SwappedFace:
        """Return what was done with indices of portraits as indices of sources."""
        return replace(
            done,
            source=None if done.source is None else self.sources[done.source],
            patches={part: self.sources[n] for part, n in done.patches.items()},
            entry=self.entry,
            source_id=None if done.source is None else self.source_id,
        )


@dataclass(frozen=True, slots=True, eq=False)
class SourceIdentities:
    """The people whose faces may be used.

    Attributes:
        portraits: Of the sources, or of the one enrolled identity that takes their place.
        identities: Enrolled people by their ids.
        source_id: The identity that takes the sources' place; None if they were sent.
    """

    portraits: Sequence[Portrait]
    identities: Mapping[str, Identity]
    source_id: str | None = None

    @classmethod
    def of(
        cls,
        portraits: Sequence[Portrait],
        identities: Mapping[str, Identity],
        source_id: str | None,
    ) -> SourceIdentities:
        """Return the people of portraits that were sent, or of the identity in their place."""
        if source_id is not None:
            portraits = portraits_of(identities[source_id])
        return cls(portraits, identities, source_id)

    def everybody(self, face: Face) -> FaceAssignment:
        """Return a face's role where all portraits are of one person."""
        sources = range(len(self.portraits))
        return FaceAssignment(face, self.portraits, sources, source_id=self.source_id)

    def of_entry(self, face: Face, entry: MappingEntry, index: int) -> FaceAssignment:
        """Return a face's role by an entry of a mapping."""
        chosen = self.chosen(entry)
        if entry.source_id is None:
            return FaceAssignment(face, chosen, entry.sources, index)
        return FaceAssignment(face, chosen, range(len(chosen)), index, entry.source_id)

    def chosen(self, entry: MappingEntry | None) -> Sequence[Portrait]:
        """Return the portraits that an entry of a mapping names; without one all of them."""
        if entry is None:
            return self.portraits
        if entry.source_id is None:
            return [self.portraits[n] for n in entry.sources]
        return portraits_of(self.identities[entry.source_id])


def portraits_of(identity: Identity) -> list[Portrait]:
    """Return an identity's portraits as sources."""
    return [Portrait(kept.image, kept.face) for kept in identity.portraits]


@dataclass(frozen=True, slots=True, eq=False)
class Assignments:
    """All roles of a picture.

    Attributes:
        roles: Each face at most once, from far to near: what is nearer is painted later.
        unmatched: Indices of the mapping's optional entries that mean nobody here.
    """

    roles: tuple[FaceAssignment, ...]
    unmatched: tuple[int, ...] = ()

    @classmethod
    def of(cls, roles: Sequence[FaceAssignment], unmatched: Sequence[int] = ()) -> Assignments:
        """Sort the roles from far to near."""
        return cls(tuple(sorted(roles, key=lambda role: nearness(role.face))), tuple(unmatched))


def chosen_faces(
    faces: Sequence[Face],
    mapping: Sequence[MappingEntry],
    selector: FaceSelector,
    known: Mapping[int, F32],
    seen: F32 | None,
    fit: Sequence[Face] | None = None,
) -> list[Face | None]:
    """Return the face that each entry of a mapping means; None for nobody, no face twice.

    Faces named by their place are taken first: that is certain. The other entries then get the
    remaining faces such that the distances of descriptors are least in sum.

    Args:
        faces: Of the target.
        mapping: Who goes to whom.
        selector: For its order and distance.
        known: Descriptors (128,) by the index of the entry, of those that are recognised.
        seen: Descriptors (N, 128) of the faces; None if nobody is recognised.
        fit: Those of the faces that places count; None for all.
    """
    in_order = ordered(faces if fit is None else fit, selector.order)
    chosen: list[Face | None] = [
        in_order[entry.position]
        if entry.position is not None and entry.position < len(in_order)
        else None
        for entry in mapping
    ]
    if known and seen is not None:
        free = [n for n, face in enumerate(faces) if not any(face is taken for taken in chosen)]
        wanted = np.stack(list(known.values()))
        distances = np.linalg.norm(wanted[:, None] - seen[None, free], axis=2)
        found = recognise(distances, selector.reference_distance)
        for entry, index in zip(known, found, strict=True):
            chosen[entry] = None if index is None else faces[free[index]]
    return chosen


def require_matches(mapping: Sequence[MappingEntry], chosen: Sequence[Face | None]) -> list[int]:
    """Return the indices of the optional entries that mean nobody.

    Raises:
        NoMatchingFace: naming the others that mean nobody.
    """
    missing = [n for n, face in enumerate(chosen) if face is None]
    needed = [n for n in missing if not mapping[n].optional]
    if needed:
        which = ", ".join(map(str, needed))
        raise NoMatchingFace(
            f"No face of the target for entry {which} of the mapping.",
            errors=[
                {"pointer": f"/mapping/{n}", "detail": "means no face of the target"}
                for n in needed
            ],
        )
    return missing
