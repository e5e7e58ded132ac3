"""Which expression a face is to show, and which pictures show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from gateway.arrays import F32, U8
from gateway.faces.face import Face
from gateway.faces.morphable.expression import from_names, rest_of, retarget
from gateway.faces.morphable.fit import fit_landmarks
from gateway.faces.morphable.library import find_best_match
from gateway.faces.morphable.performance import Openings, openings_of
from gateway.faces.morphable.rest import rest_in
from gateway.pipeline.options.swap import SwapOptions
from gateway.processors.base import Portrait
from gateway.processors.expression_restorer import Performance
from gateway.processors.openings import Donor, InpaintingSource


class LibraryItem(Protocol):
    """An entry of an expression library.

    Attributes:
        expression: float32 (K + C,).
        landmarks: float32 (478, 3) in the crop.
        crop: uint8 (h, w, 3) RGB.
    """

    @property
    def expression(self) -> F32: ...  # noqa: D102
    @property
    def landmarks(self) -> F32: ...  # noqa: D102
    @property
    def crop(self) -> U8: ...  # noqa: D102


@dataclass(frozen=True, slots=True, eq=False)
class ExpressionPlan:
    """The planned expression of a face.

    Attributes:
        performance: None where nothing is to change before the swap.
        reference: Index of the library's entry that was matched, if there is one.
    """

    performance: Performance | None
    reference: int | None = None


def reads_expressions(options: SwapOptions) -> bool:
    """Return whether expressions are to be read from the pictures, not only kept."""
    kept = options.expression == "target" and options.expression_factor == 1
    return not kept or "expression_restorer" in options.processors


def plan_expression(
    target: U8,
    face: Face,
    portraits: Sequence[Portrait],
    library: Sequence[LibraryItem],
    options: SwapOptions,
    last: int | None = None,
) -> ExpressionPlan:
    """Return the expression a face of `target` (H, W, 3) is to show, and where it is seen.

    Args:
        target: uint8 (H, W, 3) RGB.
        face: The face.
        portraits: The sources; with `expression: source` the first one's expression counts.
        library: Entries to match the target's expression with.
        options: The requested options.
        last: The entry that was matched the moment before.
    """
    if not options.expresses:
        return ExpressionPlan(None)
    kind, factor = options.expression, options.expression_factor
    alone = "face_swapper" not in options.processors
    sources = [Donor(p.image, p.face.landmarks, InpaintingSource.SOURCE) for p in portraits]
    lent = [Donor(e.crop, e.landmarks, InpaintingSource.LIBRARY) for e in library]
    donors = [*sources, *lent]
    if isinstance(kind, dict):
        asked = from_names(kind, face.rest)
        wanted = retarget(asked, face.rest, face.rest, factor=factor)
        return ExpressionPlan(Performance(wanted, options.expression_regions, None, donors))
    if kind == "target" and not alone:
        if factor == 1:
            return ExpressionPlan(None)
        seen = Donor(target, face.landmarks, InpaintingSource.TARGET) if options.wrinkles else None
        expression = retarget(face.expression, face.rest, face.rest, factor=factor)
        shown = openings_of(face.landmarks, face.fit).times(factor)
        return ExpressionPlan(
            Performance(expression, options.expression_regions, seen, donors, shown)
        )
    if kind in ("target", "source"):
        actor = portraits[0].face
        seen, reference, expression = sources[0], None, actor.expression
        fits = [portrait.face.fit for portrait in portraits]
        identities = np.concatenate([fit.identity for fit in fits])
        rest = rest_in(identities, np.concatenate([fit.expression for fit in fits]))
        shown = openings_of(actor.landmarks, actor.fit)
    else:
        entries = np.stack([e.expression for e in library])
        rest = rest_of(entries)
        # Both as they are away from rest, so that identity does not count.
        asked = retarget(face.expression, face.rest, rest)
        reference = find_best_match(entries, asked, last=last).index
        seen, expression = lent[reference], entries[reference]
        shown = _openings_of(library[reference])
    performance = Performance(
        retarget(expression, rest, face.rest, factor=factor),
        options.expression_regions,
        seen if options.wrinkles and alone else None,
        [seen, *(d for d in donors if d is not seen)],
        shown.times(factor),
        seen,
        factor,
    )
    return ExpressionPlan(performance, reference)


def _openings_of(entry: LibraryItem) -> Openings:
    """Return how far a library entry's mouth and eyes are open."""
    points = entry.landmarks[None]
    size = np.array([[entry.crop.shape[1], entry.crop.shape[0]]], np.float64)
    return openings_of(points[0], fit_landmarks(points, size))
