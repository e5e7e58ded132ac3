"""Identities in a video: determined once, from all over it, so that all parts agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gateway.arrays import F32, AnyFloat

DIGITS = 6
"""Decimals of numbers stored as text."""


@dataclass(frozen=True, slots=True, eq=False)
class KnownPerson:
    """A person seen in the video.

    Attributes:
        descriptor: float32 (128,).
        rest: float32 (K + C,), their expression at rest.
    """

    descriptor: F32
    rest: F32


@dataclass(frozen=True, slots=True, eq=False)
class CastRole:
    """A person whose face is changed.

    Attributes:
        descriptor: float32 (128,); None for all people.
        entry: Index of the mapping's entry; None without a mapping.
    """

    descriptor: F32 | None
    entry: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class VideoCast:
    """The people in a video, and the faces that are changed.

    Attributes:
        known: The people that were seen.
        parts: The people whose faces are changed.
        farthest: Distance of descriptors up to which two may be of one person.
    """

    known: tuple[KnownPerson, ...]
    parts: tuple[CastRole, ...]
    farthest: float

    def part_of(self, descriptor: F32) -> CastRole | None:
        """Return the part that a person with a descriptor (128,) has, if any."""
        best, least = None, self.farthest
        for part in self.parts:
            off = 0.0 if part.descriptor is None else _apart(part.descriptor, descriptor)
            if off <= least:
                best, least = part, off
        return best

    def rest_of(self, descriptor: F32) -> F32 | None:
        """Return the rest (K + C,) of a person with a descriptor (128,), if they are known."""
        near = min(self.known, key=lambda k: _apart(k.descriptor, descriptor), default=None)
        if near is None or _apart(near.descriptor, descriptor) > self.farthest:
            return None
        return near.rest

    def facts(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "known": [
                {"descriptor": _told(one.descriptor), "rest": _told(one.rest)} for one in self.known
            ],
            "parts": [
                {
                    "descriptor": None if part.descriptor is None else _told(part.descriptor),
                    "entry": part.entry,
                }
                for part in self.parts
            ],
            "farthest": self.farthest,
        }

    @classmethod
    def of_facts(cls, facts: Mapping[str, Any]) -> VideoCast:
        """Return the cast from the output of `facts`."""
        return cls(
            tuple(KnownPerson(_heard(k["descriptor"]), _heard(k["rest"])) for k in facts["known"]),
            tuple(
                CastRole(None if p["descriptor"] is None else _heard(p["descriptor"]), p["entry"])
                for p in facts["parts"]
            ),
            float(facts["farthest"]),
        )


def _apart(one: AnyFloat, other: AnyFloat) -> float:
    return float(np.linalg.norm(one - other))


def _told(values: F32) -> list[float]:
    return [round(float(value), DIGITS) for value in values]


def _heard(values: Sequence[float]) -> F32:
    return np.asarray(values, np.float32)
