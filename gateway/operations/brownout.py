"""What is left out of an answer while the service is busy, where its caller allows that.

In this order, by how full the queue of those who wait is (C. Klein et al., "Brownout:
building more robust cloud applications", ICSE 2014):

1. from a quarter on, figures that need networks (unless limits of them are asked for);
2. from half on, enhancement of faces and of the whole picture.
"""

from __future__ import annotations

from gateway.pipeline.options.swap import SwapOptions

WITHOUT_FIGURES, WITHOUT_ENHANCEMENT = 0.25, 0.5
"""Shares of the queue from which on each step is taken."""
FIGURES_LEFT_OUT, ENHANCEMENT_LEFT_OUT = "figures_left_out", "enhancement_left_out"
"""Notes on an answer."""
ENHANCERS = frozenset({"face_enhancer", "frame_enhancer"})


def reduced(
    options: SwapOptions, pressure: float, *, report: bool
) -> tuple[SwapOptions, tuple[str, ...]]:
    """Return options with what is left out now, and notes of that.

    Args:
        options: As requested, and whether they may be reduced.
        pressure: How full the queue is, 0–1.
        report: Whether figures are answered.
    """
    if report:
        options = options.reporting()
    if not options.reduce_under_load:
        return options, ()
    notes = []
    if (
        pressure >= WITHOUT_FIGURES
        and options.measures
        and not options.quality.limits.need_networks
    ):
        quality = options.quality.model_copy(update={"report": False})
        options = options.model_copy(update={"quality": quality})
        notes.append(FIGURES_LEFT_OUT)
    rest = tuple(one for one in options.processors if one not in ENHANCERS)
    if pressure >= WITHOUT_ENHANCEMENT and rest and len(rest) < len(options.processors):
        options = options.model_copy(update={"processors": rest})
        notes.append(ENHANCEMENT_LEFT_OUT)
    return options, tuple(notes)
