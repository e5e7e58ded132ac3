"""What an error in an adaptor is, and the errors that most can have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

import numpy as np

from gateway.networks import tensors


@dataclass(frozen=True)
class Mutant:
    """One error, and the model that shows it.

    `patch` makes what puts the error in as long as it is entered.
    """

    error: str
    model: str
    patch: Callable[[], AbstractContextManager[Any]]


def swapped(module: Any, name: str, value: Any) -> Callable[[], AbstractContextManager[Any]]:
    return lambda: patch.object(module, name, value)


def in_bgr(crops: np.ndarray, scale: tensors.Scale) -> np.ndarray:
    return tensors.planes_of(crops[..., ::-1], scale)


def _turned(crops: np.ndarray, scale: tensors.Scale) -> np.ndarray:
    return np.ascontiguousarray(tensors.planes_of(crops, scale).swapaxes(2, 3))


def _not_transposed(crops: np.ndarray, scale: tensors.Scale) -> np.ndarray:
    planes = tensors.planes_of(crops, scale)
    return np.ascontiguousarray(np.moveaxis(planes, 1, -1)).reshape(planes.shape)


def _levels(crops: np.ndarray, scale: tensors.Scale) -> np.ndarray:
    return 255 * tensors.planes_of(crops, scale)


def given_wrongly(module: Any, model: str) -> list[Mutant]:
    """Return errors of what a network is given."""
    errors = {
        "BGR in": in_bgr,
        "turned planes in": _turned,
        "channels last in": _not_transposed,
        "levels instead of shares": _levels,
    }
    return [Mutant(e, model, swapped(module, "planes_of", f)) for e, f in errors.items()]


def spec_with(table: Mapping[str, Any], model: str, **changes: Any) -> Callable[[], Any]:
    return lambda: patch.dict(table, {model: replace(table[model], **changes)})
