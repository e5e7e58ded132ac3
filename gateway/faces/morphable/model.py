"""The morphable model: shape = mean + identity + named controls + residual + pose distortion.

In the head's frame (rigid points of the mean face at rest, inter-ocular distance 1),

    S = μ + Aᵀ α + Bᵀ β + Cᵀ ρ + Qᵀ q(R)

with μ the mean, A the identity basis (α in standard deviations over people), B the named controls
(β in 0–1), C what else expressions do (ρ in standard deviations), and Q how the landmark network
itself distorts faces that turn, linear in q(R). `docs/EXPRESSION.md` describes how they are
learned.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F32, F64, AnyFloat
from gateway.faces.morphable.controls import CONTROLS

N_NAMED = len(CONTROLS)
POSE_TERMS = 5


@dataclass(frozen=True, slots=True, eq=False)
class FaceModel:
    """The learned arrays; V = 478 · 3 coordinates, I, K, C the numbers of coefficients.

    Attributes:
        mean: float32 (478, 3), the mean neutral face in the head's frame.
        identity: float32 (I, V), identity basis.
        named: float32 (K, V), one row per named control, in the order of `CONTROLS`.
        residual: float32 (C, V), basis of the rest.
        pose: float32 (5, V), distortion by `pose_terms`.
        identity_readout: float32 (V, I): a shape's deviation from the mean times this gives the
            identity coefficients.
        expression_readout: float32 (V, K + C): the residual after the identity times this gives the
            right-hand side of the controls' problem, and the residual coefficients before the
            controls' share is subtracted.
        gram: float32 (K, K), quadratic term of the controls' problem.
        leak: float32 (K, C), the controls' share in the residual coefficients.
        rigidity: float32 (478,), weights for the pose.
        rest: float32 (K + C,), the expression found in neutral faces: the fit result of a person
            at rest.
        rest_share: float32 (K,), how far a control found in a single frame is its person's at
            rest: variance of rest over people ÷ (that + variance of one person over time).
        covariance: float32 (K + C, K + C) of the expression about each person's mean.
        extent: float32 (2,), Mahalanobis distances from there within which 98 % and 99.9 % of
            all frames lie.
        identity_evidence: float32 (I,), variance over people ÷ variance of one frame's evidence.
        seen: float32 (K,), how well each control is seen, 0–1.
        source_sha256: Digest of the data the model was learned from.
        held_out: int16 (H,), the people it has never seen.
    """

    mean: F32
    identity: F32
    named: F32
    residual: F32
    pose: F32
    identity_readout: F32
    expression_readout: F32
    gram: F32
    leak: F32
    rigidity: F32
    rest: F32
    rest_share: F32
    covariance: F32
    extent: F32
    identity_evidence: F32
    seen: F32
    source_sha256: str
    held_out: NDArray[np.int16]

    @property
    def n_identity(self) -> int:
        """Identity coefficients."""
        return len(self.identity)

    @property
    def n_residual(self) -> int:
        """Residual coefficients."""
        return len(self.residual)

    @property
    def basis(self) -> F32:
        """float32 (I + K + C, V): all three bases, one below the other."""
        return np.concatenate([self.identity, self.named, self.residual])

    def shape(
        self,
        identity: AnyFloat,
        expression: AnyFloat,
        rotation: AnyFloat | None = None,
    ) -> F64:
        """Return landmarks (…, 478, 3) in the head's frame.

        Args:
            identity: (…, I).
            expression: (…, K + C), named controls first.
            rotation: (…, 3, 3), to add the network's distortion at that pose; None leaves it out.
        """
        flat = identity @ self.identity + expression @ self.expression_basis
        if rotation is not None:
            flat = flat + pose_terms(np.asarray(rotation)) @ self.pose
        return np.asarray(self.mean + flat.reshape(*flat.shape[:-1], *self.mean.shape), np.float64)

    @property
    def expression_basis(self) -> F32:
        """float32 (K + C, V)."""
        return np.concatenate([self.named, self.residual])


def pose_terms(rotation: AnyFloat) -> F64:
    """Return q(R), (…, 5): a, b, a², b², ab of the view direction's x and y, a = R₃₁, b = R₃₂.

    The view direction does not change when the picture is turned, nor do they.
    """
    a, b = rotation[..., 2, 0], rotation[..., 2, 1]
    return np.stack([a, b, a * a, b * b, a * b], axis=-1)


def pack(model: FaceModel) -> dict[str, NDArray[Any]]:
    """Return the model as arrays to save, all of them by name.

    Bases and read-outs (V, …) are kept in half precision.
    """
    out: dict[str, NDArray[Any]] = {}
    for field in fields(FaceModel):
        value = np.asarray(getattr(model, field.name))
        if field.name in _READOUTS:  # whose columns differ by orders of magnitude
            scale = np.abs(value).max(0)
            out[f"{field.name}_scale"] = scale.astype(np.float32)
            value = value / scale
        out[field.name] = value.astype(np.float16) if field.name in _HALF else value
    return out


_READOUTS = ("identity_readout", "expression_readout")
_HALF = ("identity", "named", "residual", "pose", *_READOUTS)


def unpack(data: dict[str, NDArray[Any]]) -> FaceModel:
    """Return the model of saved arrays, (V, …) each by its name."""
    values: dict[str, Any] = {
        field.name: data[field.name].astype(np.float32)
        for field in fields(FaceModel)
        if field.name not in ("source_sha256", "held_out")
    }
    for name in _READOUTS:
        values[name] *= data[f"{name}_scale"]
    for value in values.values():
        value.setflags(write=False)
    held_out = data["held_out"]
    held_out.setflags(write=False)
    return FaceModel(**values, source_sha256=str(data["source_sha256"]), held_out=held_out)


@cache
def face_model() -> FaceModel:
    """Return the packaged model (read once; the arrays (V, …) are read-only)."""
    packaged = files("gateway.faces.morphable").joinpath("data/face_3dmm.npz")
    with packaged.open("rb") as stream, np.load(stream) as data:
        return unpack(dict(data))
