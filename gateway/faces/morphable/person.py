"""The state of one person, estimated from one or several frames: identity and face at rest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from gateway.arrays import F32, AnyFloat
from gateway.faces.morphable.expression import rest_of
from gateway.faces.morphable.fit import Fit, bare_faces, fit_landmarks
from gateway.faces.morphable.model import face_model

INDEPENDENCE = 0.25
"""How much a further frame of one video counts: neighbouring frames err alike."""
MOST_FRAMES = 256
"""Expressions that are kept to know the rest from; enough, and bounded in a long video."""


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """A running estimate; begin with `Person.nobody()` and add frames.

    Attributes:
        frames: Frames seen.
        mean: float32 (I,), mean of their identities.
        bare: float32 (478, 3), mean of their faces without expression, in the head's frame.
        shown: float32 (n, K + C), their expressions, n ≤ MOST_FRAMES.
    """

    frames: int
    mean: F32
    bare: F32
    shown: F32

    @classmethod
    def nobody(cls) -> Self:
        """Return the estimate before the first frame: the average person."""
        model = face_model()
        return cls(0, np.zeros(model.n_identity, np.float32), model.mean, model.rest[None, :][:0])

    @classmethod
    def of(cls, landmarks: AnyFloat, sizes_wh: AnyFloat, fit: Fit) -> Self:
        """Return the estimate of frames (N, 478, 3) that show one person; see `seen_in`."""
        return cls.nobody().seen_in(landmarks, sizes_wh, fit)

    def seen_in(self, landmarks: AnyFloat, sizes_wh: AnyFloat, fit: Fit) -> Self:
        """Return the estimate with further frames of the same person.

        Args:
            landmarks: (N, 478, 3) in picture pixels.
            sizes_wh: (N, 2) of the pictures.
            fit: Of each by itself.
        """
        count = len(fit.identity)
        frames = self.frames + count
        mean = self.mean + (fit.identity - self.mean).sum(0) / frames
        bare = self.bare + (bare_faces(landmarks, sizes_wh, fit) - self.bare).sum(0) / frames
        again = fit_landmarks(landmarks, sizes_wh, bare=bare)
        shown = np.concatenate([self.shown, again.expression])
        if len(shown) > MOST_FRAMES:  # spread evenly over all that was seen
            shown = shown[np.linspace(0, len(shown) - 1, MOST_FRAMES).astype(int)]
        return type(self)(
            frames, mean.astype(np.float32), bare.astype(np.float32), shown.astype(np.float32)
        )

    def fit(self, landmarks: AnyFloat, sizes_wh: AnyFloat) -> Fit:
        """Return the fit of frames (N, 478, 3) that knows the person: only expression and pose.

        Args:
            landmarks: (N, 478, 3) in picture pixels.
            sizes_wh: (N, 2) of the pictures.
        """
        found = fit_landmarks(landmarks, sizes_wh, bare=self.bare)
        identity = np.broadcast_to(self.identity, found.identity.shape)
        return replace(found, identity=np.array(identity, np.float32))

    @property
    def weight(self) -> float:
        """Independent frames that these are worth."""
        return 1 + (self.frames - 1) * INDEPENDENCE if self.frames else 0.0

    @property
    def identity(self) -> F32:
        """float32 (I,), in standard deviations over people: the more frames, the surer."""
        evidence = face_model().identity_evidence
        if not self.frames:
            return self.mean
        return np.asarray(self.mean * evidence / (evidence + 1 / self.weight), np.float32)

    @property
    def rest(self) -> F32:
        """float32 (K + C,), the expression this person's face has at rest."""
        if not self.frames:
            return face_model().rest
        return rest_of(self.shown, self.weight)


def alikeness(one: AnyFloat, other: AnyFloat) -> float:
    """Return how much two identities (I,) are alike: the cosine between them, -1 … 1."""
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(np.dot(one, other)) / max(size, 1e-9)
