"""Trying again: other ways of fusing a face, until it is as good as is requested."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from gateway.errors import QualityBelowThreshold
from gateway.imaging.blend.fuse import BlendMode, ColorMode
from gateway.pipeline.face.canvas import UndoCanvas
from gateway.pipeline.face.quality import Figures, ResultQuality, shortfalls
from gateway.pipeline.options.groups import QualityLimits

T = TypeVar("T")

COLORS: tuple[ColorMode, ...] = ("adaptive", "statistics", "none")
"""How colours are matched on further tries: what changes most first, what cannot fail last."""
BLENDS: tuple[BlendMode, ...] = ("poisson", "feather")
"""How edges are hidden, likewise."""
BY_FUSION = frozenset(
    ("seam_ratio", "ring_delta_e", "sharpness_ratio", "patchiness", "identity_distance")
)
"""Figures that hang on how a face is fused. Expression and pose are the swapper's."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Settings of one attempt.

    Attributes:
        color: How colours are matched.
        blend: How the edge is hidden.
    """

    color: ColorMode
    blend: BlendMode


def trials(asked: Trial, *, retry: bool) -> list[Trial]:
    """Return the attempts: the requested one, then, if allowed, all others in their order."""
    others = [Trial(color, blend) for color in COLORS for blend in BLENDS] if retry else []
    return [asked, *(trial for trial in others if trial != asked)]


@dataclass(frozen=True, slots=True, eq=False)
class Attempt(Generic[T]):
    """A face that was fused, and how good it is.

    Attributes:
        made: Its report.
        figures: The measured values.
        trial: How it was fused.
        short: The figures that do not meet their limits, and by how much.
        number: The total number of attempts.
    """

    made: T
    figures: Figures
    trial: Trial
    short: dict[str, float] = field(default_factory=dict)
    number: int = 1

    @property
    def worse(self) -> tuple[int, float]:
        """Sort key of attempts: how many limits are not met, and by how much."""
        return len(self.short), sum(self.short.values())

    def quality(self, expected: QualityLimits) -> ResultQuality:
        """Return its quality, compared with the expected one."""
        return ResultQuality(
            figures=self.figures,
            findings=tuple(shortfalls(self.figures, expected)),
            attempts=self.number,
            color=self.trial.color,
            blend=self.trial.blend,
        )


async def best_of(
    canvas: UndoCanvas,
    settings: Sequence[Trial],
    limits: QualityLimits,
    make: Callable[[Trial], Awaitable[tuple[T, Figures]]],
) -> Attempt[T]:
    """Try settings until one meets the limits; leave the best result on the canvas.

    Args:
        canvas: As it is before an attempt; every attempt begins with that.
        settings: The settings to try, in this order, at least one.
        limits: The requested limits.
        make: Paints on the canvas and measures.
    """
    mark = canvas.mark()
    attempts: list[Attempt[T]] = []
    best, strokes = 0, canvas.since(mark)
    for trial in settings:
        canvas.back_to(mark)
        made, figures = await make(trial)
        attempts.append(Attempt(made, figures, trial, shortfalls(figures, limits)))
        if len(attempts) == 1 or attempts[-1].worse < attempts[best].worse:
            best, strokes = len(attempts) - 1, canvas.since(mark)
        if not attempts[-1].short.keys() & BY_FUSION:
            break
    if best != len(attempts) - 1:
        canvas.back_to(mark)
        canvas.repeat(strokes)
    return replace(attempts[best], number=len(attempts))


def require_quality(attempt: Attempt[T], limits: QualityLimits, face: int) -> None:
    """Check that the best attempt for a face (its place among the target's) is good enough.

    Raises:
        QualityBelowThreshold: with its figures, how it was produced, and the requested limits.
    """
    if not attempt.short:
        return
    asked, figures = limits.model_dump(exclude_none=True), attempt.figures.told()
    below = [f"{name} is {_word(figures[name])}" for name in attempt.short]
    raise QualityBelowThreshold(
        f"Face {face} is not as good as was asked for: {', '.join(below)}.",
        extra={
            "face": face,
            "below": list(attempt.short),
            "asked": asked,
            "figures": figures,
            "attempts": attempt.number,
            "color": attempt.trial.color,
            "blend": attempt.trial.blend,
        },
    )


def _word(value: float | None) -> str:
    return "unknown" if value is None else f"{value:g}"
