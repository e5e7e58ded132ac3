"""Expressions: names and numbers, and how one person's becomes another's.

An expression is a float array (…, K + C): the named controls, then the residual coefficients.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from numbers import Real

import numpy as np

from gateway.arrays import F32, F64, AnyFloat, Mask
from gateway.faces.morphable.controls import CONTROLS, INDEX, ControlArea, controls_of
from gateway.faces.morphable.model import N_NAMED, FaceModel, face_model
from gateway.faces.topology import N_LANDMARKS


class ExpressionRegion(StrEnum):
    """Parts of an expression that can be carried over by themselves."""

    UPPER_FACE = "upper_face"
    """Brows and forehead."""
    EYES = "eyes"
    """Lids."""
    GAZE = "gaze"
    """Where the eyes look."""
    MOUTH = "mouth"
    """Lips."""
    LOWER_FACE = "lower_face"
    """Jaw, cheeks and nose."""


ALL_REGIONS = tuple(ExpressionRegion)

_PARTS = {
    ExpressionRegion.UPPER_FACE: (ControlArea.BROWS,),
    ExpressionRegion.EYES: (ControlArea.EYES,),
    ExpressionRegion.GAZE: (ControlArea.GAZE,),
    ExpressionRegion.MOUTH: (ControlArea.MOUTH,),
    ExpressionRegion.LOWER_FACE: (ControlArea.JAW, ControlArea.CHEEKS),
}
REST_FRAMES = 8.0
"""Frames after the first from which on a person's own rest outweighs the average person's."""
REST_QUANTILE = 0.2
"""Controls have one direction: a person at rest shows little of each."""
NAMES = tuple(control.name for control in CONTROLS)


def named(expression: AnyFloat) -> dict[str, float]:
    """Return the named controls of one expression (K + C,), each 0–1."""
    values = np.clip(expression[:N_NAMED], 0, 1)
    return {name: float(value) for name, value in zip(NAMES, values, strict=True)}


def from_names(values: Mapping[str, float], own_rest: AnyFloat | None = None) -> F32:
    """Return the expression (K + C,) of named controls; those left out are at rest.

    Args:
        values: By name, each 0–1.
        own_rest: (K + C,), of the person to be animated; the average person's unless given.

    Raises:
        ValueError: a name is unknown or a value is not a number from 0 to 1; the message is one
            sentence that names all of them.
    """
    unknown = sorted(set(values) - set(NAMES))
    if unknown:
        raise ValueError(f"There are no controls called {', '.join(unknown[:8])}.")
    wrong = [name for name, value in values.items() if not _is_share(value)]
    if wrong:
        raise ValueError(f"Not a number from 0 to 1: {', '.join(wrong[:8])}.")
    out = np.array(face_model().rest if own_rest is None else own_rest, np.float32)
    for name, value in values.items():
        out[INDEX[name]] = value
    return out


def _is_share(value: object) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, Real) and 0 <= float(value) <= 1


def rest_of(shown: AnyFloat, frames: float | None = None) -> F32:
    """Return the expression (K + C,) of a person's face at rest.

    A single frame does not distinguish a wide mouth from a widened one. A control's rest is then
    between the average person's and what is shown, as far as people differ in it more than they
    move it. The residual, which encodes identity more than expression, is their own. The more
    frames, the more of the controls' rest is the person's own minimum.

    Args:
        shown: (n, K + C), n ≥ 1 expressions of the person.
        frames: How many independent ones these are worth; n unless given.
    """
    model = face_model()
    frames = len(shown) if frames is None else frames
    several = np.asarray(shown, np.float64)
    usual = model.rest[:N_NAMED]
    if len(several) == 1:
        out = several[0].copy()
        out[:N_NAMED] = usual + model.rest_share * (out[:N_NAMED] - usual)
        return np.asarray(out, np.float32)
    out, controls = np.median(several, axis=0), several[:, :N_NAMED]
    guess = usual + model.rest_share * (controls.mean(0) - usual)
    share = (frames - 1) / (frames - 1 + REST_FRAMES)
    out[:N_NAMED] = guess + share * (np.quantile(controls, REST_QUANTILE, axis=0) - guess)
    return np.asarray(out, np.float32)


def retarget(
    wanted: AnyFloat, wanted_rest: AnyFloat, own_rest: AnyFloat, *, factor: float = 1.0
) -> F32:
    """Return the expression (…, K + C) with which one person does what another one does.

    What counts is how far an expression is from its owner's own face at rest. That much, times
    the factor, is added to the other's rest, within what people can do: Mahalanobis distances up
    to the model's first `extent` stay, larger ones saturate towards the second.

    Args:
        wanted: (…, K + C), the expression to carry over.
        wanted_rest: (K + C,), of the person that shows it; see `rest_of`.
        own_rest: (K + C,), of the person to be animated.
        factor: 0 is rest, 1 as it is, more exaggerates.
    """
    moved = factor * (np.asarray(wanted, np.float64) - wanted_rest)
    out = own_rest + moved * plausible_share(moved)[..., None]
    out[..., :N_NAMED] = np.clip(out[..., :N_NAMED], 0, 1)
    return np.asarray(out, np.float32)


def plausible_share(moved: F64) -> F64:
    """Return by how much (…) to shrink departures from rest (…, K + C) to stay plausible, ≤ 1."""
    near, far = (float(d) for d in face_model().extent)
    distance = np.maximum(np.sqrt(np.einsum("...i,ij,...j", moved, precision(), moved)), 1e-9)
    beyond = np.maximum(distance - near, 0)
    bounded = near + (far - near) * -np.expm1(-beyond / (far - near))
    return np.where(distance <= near, 1.0, bounded / distance)


def distances(expressions: AnyFloat, to: AnyFloat) -> F64:
    """Return Mahalanobis distances of expressions (N, K + C) to one (K + C,): (N,)."""
    apart = np.asarray(expressions, np.float64) - to
    return np.asarray(np.sqrt(np.einsum("ni,ij,nj->n", apart, precision(), apart)))


@cache
def precision() -> F64:
    """Return the inverse covariance (K + C, K + C) of expressions."""
    covariance = face_model().covariance.astype(np.float64)
    inverse = np.linalg.inv(covariance + 1e-3 * np.eye(len(covariance)))
    inverse.setflags(write=False)
    return np.asarray(inverse)


def displacement(
    expression: AnyFloat, since: AnyFloat, regions: Iterable[ExpressionRegion] = ALL_REGIONS
) -> F64:
    """Return how landmarks (478, 3) move from one expression to another, in the head's frame.

    Args:
        expression: (K + C,), the later one.
        since: (K + C,), the earlier one.
        regions: The regions that may move; the rest stays as it was.
    """
    model = face_model()
    change = np.asarray(expression, np.float64) - since
    gate, share = _followed(frozenset(regions))
    moved = (change[:N_NAMED] * gate) @ model.named
    rest = (change[N_NAMED:] @ model.residual).reshape(N_LANDMARKS, 3)
    return np.asarray(moved.reshape(N_LANDMARKS, 3) + rest * share)


@cache
def _followed(regions: frozenset[ExpressionRegion]) -> tuple[Mask, F64]:
    """Return which controls (K,) follow with some regions, and how far each landmark (478, 1)."""
    parts = [part for region in sorted(regions) for part in _PARTS[region]]
    share = np.zeros(N_LANDMARKS) + sum(membership()[part] for part in parts)
    return controls_of(parts), share[:, None]


def within(expression: AnyFloat, since: AnyFloat, regions: Iterable[ExpressionRegion]) -> F32:
    """Return the expression (K + C,) that is shown if only some regions follow.

    The residual is of no region: it follows only with all of them.

    Args:
        expression: (K + C,), requested.
        since: (K + C,), shown until then.
        regions: The regions that follow.
    """
    chosen = frozenset(regions)
    if chosen == frozenset(ALL_REGIONS):
        return np.array(expression, np.float32)
    parts = {part for region in chosen for part in _PARTS[region]}
    out = np.array(since, np.float32)
    gate = np.flatnonzero(controls_of(parts))
    out[gate] = np.asarray(expression)[gate]
    return out


@cache
def membership() -> dict[ControlArea, F64]:
    """Return how far each landmark (478,) belongs to each part; over all parts it adds up to 1.

    By the controls that move it.
    """
    model: FaceModel = face_model()
    reach = np.linalg.norm(model.named.reshape(N_NAMED, N_LANDMARKS, 3), axis=2)
    of_part = {part: reach[controls_of([part])].sum(0).astype(np.float64) for part in ControlArea}
    total = np.sum(list(of_part.values()), axis=0) + 1e-9
    return {part: share / total for part, share in of_part.items()}
