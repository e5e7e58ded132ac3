"""The identity of the new face, aggregated from several portraits of one person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.arrays import F32, U8, AnyFloat

NEUTRAL = 0.5
"""The weight at which the new face is the source's, no more and no less."""
_LEAST, _MOST = 0.35, -0.35
"""The target's share at weights 0 and 1: beyond the neutral one it is taken away."""


@dataclass(frozen=True, slots=True)
class IdentityEmbedding:
    """One person.

    Attributes:
        raw: float32 (512,), the mean of the portraits' embeddings as ArcFace gives them.
        unit: float32 (512,), of length 1: the mean of their directions.
        portrait: uint8 RGB (S, S, 3), the best portrait's crop as the swapper's `Picture` says;
            for those that are shown one.
    """

    raw: F32
    unit: F32
    portrait: U8 | None = None

    @classmethod
    def of(cls, raws: AnyFloat, portrait: U8 | None = None) -> IdentityEmbedding:
        """Return the person whose portraits have embeddings (P, 512), P ≥ 1.

        Args:
            raws: From `ArcFace.embed`.
            portrait: See the attribute.
        """
        raws = np.asarray(raws, np.float64)
        direction = unit(unit(raws).mean(0))
        return cls(np.asarray(raws.mean(0), np.float32), direction.astype(np.float32), portrait)


def unit(vectors: AnyFloat) -> AnyFloat:
    """Return vectors (…, 512) with a length of 1; nothing stays nothing."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, np.finfo(np.float32).tiny))


def mixed(source: F32, target: F32, weight: float) -> F32:
    """Return a source's vector (512,) with as much of a target's, in the same space, as wished.

    Args:
        source: float32 (512,).
        target: float32 (512,).
        weight: 0 keeps 35 % of the target, 0.5 nothing, 1 goes 35 % away from it.
    """
    share = np.interp(weight, (0, 1), (_LEAST, _MOST))
    return np.asarray(source * (1 - share) + target * share, np.float32)
