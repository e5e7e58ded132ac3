"""Selection of a target's faces, and by which entry: decided once, for images and videos.

Everything is known before: faces, their attributes, requested descriptors. An image
is one view in which every face is a candidate; a video is many views of fewer people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gateway.arrays import F32
from gateway.errors import NoMatchingFace
from gateway.faces.assignment import recognise
from gateway.faces.attributes import FaceAttributes
from gateway.faces.face import Face
from gateway.faces.selection import ordered
from gateway.pipeline.options.groups import FaceSelector, MappingEntry
from gateway.pipeline.options.swap import SwapOptions


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One look at a target.

    Attributes:
        faces: That were found.
        who: The candidate that each of them is.
    """

    faces: Sequence[Face]
    who: Sequence[int]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """The evidence about a target.

    Attributes:
        views: Of it, in their order.
        looks: Attributes of each candidate; None if not requested.
        descriptors: float32 (C, 128) of the candidates; None if they are not to be recognised, or
            others than these may still come and be recognised.
    """

    views: Sequence[View]
    looks: Sequence[FaceAttributes | None] | None = None
    descriptors: F32 | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Meant:
    """A person whose face is changed; all people, if neither candidate nor descriptor is known.

    Attributes:
        candidate: The candidate; None if they are known by their descriptor only.
        entry: Index of the mapping's entry that means them; None without a mapping.
        descriptor: float32 (128,), by which they are recognised.
    """

    candidate: int | None = None
    entry: int | None = None
    descriptor: F32 | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """The faces that are changed.

    Attributes:
        meant: By the mapping's entries, each candidate at most once in an image.
        unmatched: Indices of the mapping's optional entries without a match.
    """

    meant: tuple[Meant, ...]
    unmatched: tuple[int, ...] = ()


def asks_for_looks(options: SwapOptions) -> bool:
    """Return whether it matters what faces look like: wherever they are not only recognised."""
    if not options.face_selector.filters:
        return False
    if options.mapping:
        return any(entry.position is not None for entry in options.mapping)
    return options.face_selector.mode != "reference"


def decide(options: SwapOptions, evidence: Evidence, known: Mapping[int, F32]) -> Decision:
    """Return whose faces of a target are changed.

    Args:
        options: The selected faces.
        evidence: The evidence about the target.
        known: Descriptors (128,) of those who are to be recognised: by the index of the mapping's
            entry, or at 0 the one of `face_selector.mode = reference`.

    Raises:
        NoMatchingFace: no face is selected, or none by an entry that is not optional.
    """
    selector = options.face_selector
    fit = _fitting(evidence, selector)
    if options.mapping:
        return _by_mapping(options.mapping, selector, evidence, fit, known)
    if selector.mode == "reference":
        return Decision(_alike(evidence, known[0], selector.reference_distance))
    if not fit:
        raise NoMatchingFace("No face of the target looks as is asked for.")
    if selector.mode == "many":
        everybody = (Meant(),) if evidence.looks is None else (Meant(one) for one in sorted(fit))
        return Decision(tuple(everybody))
    found = _at_place(evidence, fit, selector, selector.position)
    if found is None:
        most = max(sum(one in fit for one in view.who) for view in evidence.views)
        raise NoMatchingFace(f"Face {selector.position} was asked for, the target shows {most}.")
    return Decision((Meant(found),))


def _fitting(evidence: Evidence, selector: FaceSelector) -> frozenset[int]:
    """Return the candidates with the required attributes."""
    everybody = {one for view in evidence.views for one in view.who}
    if evidence.looks is None:
        return frozenset(everybody)
    looks = evidence.looks
    return frozenset(n for n in everybody if (one := looks[n]) is None or selector.wanted.fits(one))


def _alike(evidence: Evidence, known: F32, distance: float) -> tuple[Meant, ...]:
    """Return all candidates similar to a person, the nearest first; or any later candidates."""
    if evidence.descriptors is None:
        return (Meant(descriptor=known),)
    distances = np.linalg.norm(evidence.descriptors - known, axis=1)
    near = [int(n) for n in np.argsort(distances, kind="stable") if distances[n] <= distance]
    if not near:
        raise NoMatchingFace("No face of the target looks like the reference.")
    return tuple(Meant(n) for n in near)


def _at_place(
    evidence: Evidence, fit: frozenset[int], selector: FaceSelector, place: int
) -> int | None:
    """Return the candidate at a position among those that match, in the first view with so many."""
    for view in evidence.views:
        of = {id(face): one for face, one in zip(view.faces, view.who, strict=True) if one in fit}
        faces = [face for face in view.faces if id(face) in of]
        if place < len(faces):
            return of[id(ordered(faces, selector.order)[place])]
    return None


def _by_mapping(
    mapping: Sequence[MappingEntry],
    selector: FaceSelector,
    evidence: Evidence,
    fit: frozenset[int],
    known: Mapping[int, F32],
) -> Decision:
    """Return whom the entries of a mapping mean.

    Those named by their place are taken first: that is certain. The other entries then get the
    remaining candidates such that the distances of descriptors are least in sum.
    """
    meant: dict[int, Meant] = {}
    for n, entry in enumerate(mapping):
        if entry.position is not None:
            found = _at_place(evidence, fit, selector, entry.position)
            if found is not None:
                meant[n] = Meant(found, n)
    if evidence.descriptors is None:
        meant |= {n: Meant(None, n, descriptor) for n, descriptor in known.items()}
    elif known:
        taken = {one.candidate for one in meant.values()}
        free = [n for n in range(len(evidence.descriptors)) if n not in taken]
        wanted = np.stack(list(known.values()))
        distances = np.linalg.norm(wanted[:, None] - evidence.descriptors[None, free], axis=2)
        found_among = recognise(distances, selector.reference_distance)
        for n, index in zip(known, found_among, strict=True):
            if index is not None:
                meant[n] = Meant(free[index], n)
    unmatched = _unmatched(mapping, meant)
    return Decision(tuple(meant[n] for n in sorted(meant)), unmatched)


def _unmatched(mapping: Sequence[MappingEntry], meant: Mapping[int, Meant]) -> tuple[int, ...]:
    """Return the indices of the optional entries without a match.

    Raises:
        NoMatchingFace: naming the other entries without a match.
    """
    missing = [n for n in range(len(mapping)) if n not in meant]
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
    return tuple(missing)
