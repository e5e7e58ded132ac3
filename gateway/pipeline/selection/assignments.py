"""Role assignment: which face of the target becomes which person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.faces.face import Face
from gateway.faces.occlusion import Visibility
from gateway.faces.overlap import nearness
from gateway.pipeline.options.groups import MappingEntry
from gateway.pipeline.result import SwappedFace
from gateway.processors.base import Portrait
from gateway.storage.identities import EnrolledIdentity


@dataclass(frozen=True, slots=True, eq=False)
class FaceAssignment:
    """A face of the target and the person it becomes.

    Attributes:
        face: Of the target.
        portraits: Of the person.
        sources: For each portrait the index its picture has among the sources, or the identity's.
        entry: Index of the mapping's entry; None without a mapping.
        source_id: The enrolled identity that the person is; None if the portraits were sent.
        seen: Where the face is visible, not occluded; None if not analysed.
    """

    face: Face
    portraits: Sequence[Portrait]
    sources: Sequence[int]
    entry: int | None = None
    source_id: str | None = None
    seen: Visibility | None = None

    def told(self, done: SwappedFace) -> SwappedFace:
        """Return the roles with indices of portraits as indices of sources."""
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
    identities: Mapping[str, EnrolledIdentity]
    source_id: str | None = None

    @classmethod
    def of(
        cls,
        portraits: Sequence[Portrait],
        identities: Mapping[str, EnrolledIdentity],
        source_id: str | None,
    ) -> SourceIdentities:
        """Return the people of portraits that were sent, or of the identity in their place."""
        if source_id is not None:
            portraits = portraits_of(identities[source_id])
        return cls(portraits, identities, source_id)

    def of_entry(
        self, face: Face, mapping: Sequence[MappingEntry], index: int | None
    ) -> FaceAssignment:
        """Return a face's role by an entry of a mapping; without one all portraits are its."""
        entry = None if index is None else mapping[index]
        portraits = self.chosen(entry)
        if entry is None:
            return FaceAssignment(face, portraits, range(len(portraits)), None, self.source_id)
        if entry.source_id is None:
            return FaceAssignment(face, portraits, entry.sources, index)
        return FaceAssignment(face, portraits, range(len(portraits)), index, entry.source_id)

    def chosen(self, entry: MappingEntry | None) -> Sequence[Portrait]:
        """Return the portraits that an entry of a mapping names; without one all of them."""
        if entry is None:
            return self.portraits
        if entry.source_id is None:
            return [self.portraits[n] for n in entry.sources]
        return portraits_of(self.identities[entry.source_id])

    def sent(self, mapping: Sequence[MappingEntry]) -> dict[int, Sequence[Portrait]]:
        """Return the portraits sent as those of one person, by index of the mapping's entry.

        Without a mapping all are of the person 0. Enrolled people are left out.
        """
        if not mapping:
            return {} if self.source_id is not None else {0: self.portraits}
        return {n: self.chosen(e) for n, e in enumerate(mapping) if e.source_id is None}


def portraits_of(identity: EnrolledIdentity) -> list[Portrait]:
    """Return an identity's portraits as sources."""
    return [Portrait(kept.image, kept.face) for kept in identity.portraits]


@dataclass(frozen=True, slots=True, eq=False)
class Assignments:
    """All roles of a picture.

    Attributes:
        roles: Each face at most once, from far to near: nearer ones are painted later.
        unmatched: Indices of the mapping's optional entries without a match here.
    """

    roles: tuple[FaceAssignment, ...]
    unmatched: tuple[int, ...] = ()

    @classmethod
    def of(cls, roles: Sequence[FaceAssignment], unmatched: Sequence[int] = ()) -> Assignments:
        """Sort the roles from far to near."""
        return cls(tuple(sorted(roles, key=lambda role: nearness(role.face))), tuple(unmatched))
