"""A face at rest, as far as a picture or a few show it.

The fit reads who somebody is with expressions as noise, but a broad smile still passes for a wide
mouth: it is in the identity, in the controls and in the residual at once. So all three together are
read for the few ways in which faces of one person differ most from their own at rest, and of each
as much is taken off as people, at rest, differ less in it than one person does over time (the
linear estimator of N. Wiener, 1949; `tools/learn_rest.py` learns it).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from gateway.arrays import F32, AnyFloat
from gateway.faces.morphable.expression import rest_of
from gateway.faces.morphable.model import N_NAMED


@dataclass(frozen=True, slots=True, eq=False)
class RestEstimator:
    """The learned arrays; I, K, C as for `FaceModel`, M the number of ways to differ.

    Attributes:
        readout: float32 (I + K + C, M): how far a face, its controls at rest already, differs from
            the average one at rest is its coefficients times this, plus the offset.
        offset: float32 (M,).
        correction: float32 (M, C), what to add to the residual for it.
        bias: float32 (C,), what to add to the residual of every face.
    """

    readout: F32
    offset: F32
    correction: F32
    bias: F32


@cache
def rest_estimator() -> RestEstimator:
    """Return the packaged arrays (read once; they are read-only)."""
    packaged = files("gateway.faces.morphable").joinpath("data/rest.npz")
    with packaged.open("rb") as stream, np.load(stream) as data:
        arrays = {name: data[name].astype(np.float32) for name in RestEstimator.__slots__}
    for array in arrays.values():
        array.setflags(write=False)
    return RestEstimator(**arrays)


def rest_in(identity: AnyFloat, expression: AnyFloat) -> F32:
    """Return the expression (K + C,) of a face at rest that is known from a few pictures.

    Args:
        identity: (n, I), in standard deviations over people, as read in each of n ≥ 1 pictures.
        expression: (n, K + C), shown in them; named controls first.
    """
    estimator, out = rest_estimator(), rest_of(expression)
    away = np.concatenate([np.mean(identity, 0), out]) @ estimator.readout + estimator.offset
    out[N_NAMED:] += estimator.bias + away @ estimator.correction
    return out
