"""Pixels as networks take and give them: planes first, scaled to their range."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F32, U8, AnyFloat
from gateway.errors import ContractViolation

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Scale:
    """How a network counts light: (level / 255 - mean) / deviation, each for R, G and B."""

    mean: Triple
    deviation: Triple


UNIT = Scale((0, 0, 0), (1, 1, 1))
"""0–1."""
SIGNED = Scale((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
"""-1–1."""
IMAGENET = Scale((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""Mean and deviation of ImageNet's pictures (Deng et al., 2009), as most classifiers expect it."""


def planes_of(crops: U8, scale: Scale) -> F32:
    """Return crops, uint8 RGB (N, h, w, 3), as float32 planes (N, 3, h, w)."""
    planes = np.ascontiguousarray(np.moveaxis(crops, -1, 1), np.float32)
    mean, deviation = _per_channel(scale)
    planes *= (1 / (255 * deviation)).astype(np.float32)
    planes -= (mean / deviation).astype(np.float32)
    return planes


def pixels_of(planes: AnyFloat, scale: Scale) -> U8:
    """Return planes RGB (N, 3, h, w) as crops (N, h, w, 3): clipped, and rounded to levels."""
    mean, deviation = _per_channel(scale)
    levels = planes * (255 * deviation).astype(np.float32)
    levels += (255 * mean).astype(np.float32)
    np.clip(levels, 0, 255, out=levels)
    np.rint(levels, out=levels)
    return np.ascontiguousarray(np.moveaxis(levels.astype(np.uint8), 1, -1))


def answer_of(
    model: str,
    outputs: Mapping[str, NDArray[Any]],
    shape: tuple[int, ...],
    *,
    place: int = 0,
    loose: bool = False,
) -> F32:
    """Return one output of a model as float32, (N, …) as `shape` says.

    Args:
        model: Its name, for the error.
        outputs: All it answered, in the order of its graph.
        shape: The required shape of the output.
        place: Which output it is.
        loose: Whether only the number of elements counts; exporters write scalars as (N,), as
            (N, 1), …

    Raises:
        ContractViolation: there is no such output, it has another shape, or not all is finite.
    """
    if place >= len(outputs):
        raise ContractViolation(f"{model} has {len(outputs)} outputs, not {place + 1} or more.")
    answer = np.asarray(tuple(outputs.values())[place], np.float32)
    if loose and answer.shape[:1] == shape[:1] and answer.size == math.prod(shape):
        answer = answer.reshape(shape)
    if answer.shape != shape:
        raise ContractViolation(f"{model} answers {answer.shape}, not {shape}.")
    if not np.isfinite(answer).all():
        raise ContractViolation(f"{model} answers with what is not a number.")
    return answer


def _per_channel(scale: Scale) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    mean, deviation = (np.array(of, np.float64) for of in (scale.mean, scale.deviation))
    return mean[:, None, None], deviation[:, None, None]
