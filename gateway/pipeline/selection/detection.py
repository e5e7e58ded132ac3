"""How hard to look for the faces that options mean: the same for images and videos."""

from __future__ import annotations

from dataclasses import replace

from gateway.faces.detect import DetectOptions
from gateway.pipeline.face.expression_plan import reads_expressions
from gateway.pipeline.options.swap import SwapOptions


def of_targets(options: SwapOptions) -> DetectOptions:
    """Return how hard to look in a target: for all faces, unless only the largest is selected.

    The largest is found at first sight; any other choice needs all of them to choose from.
    """
    selector, detector = options.face_selector, options.detector
    usual = (selector.mode, selector.order, selector.position) == ("one", "large-small", 0)
    largest = usual and not options.mapping and not selector.filters
    return DetectOptions(
        thorough=not largest if detector.thorough is None else detector.thorough,
        angles=detector.angles,
        min_score=detector.min_score,
        model=detector.model,
        precise=reads_expressions(options),
    )


def of_sources(options: SwapOptions) -> DetectOptions:
    """Return how hard to look in a source, of which the largest face counts."""
    return replace(of_targets(options), thorough=False)
