"""Facial attributes as classified by a trained network: an estimate, not a fact about people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Gender = Literal["female", "male"]
Race = Literal["white", "black", "latino", "asian", "indian", "arabic"]


@dataclass(frozen=True, slots=True)
class FaceAttributes:
    """Attributes predicted for a face.

    Attributes:
        gender: As the network's data names it.
        race: Likewise.
        youngest: Least age in years.
        oldest: Greatest age in years, inclusive.
    """

    gender: Gender
    race: Race
    youngest: int
    oldest: int


@dataclass(frozen=True, slots=True)
class AttributeFilter:
    """Attributes that faces must have; None matches any.

    Attributes:
        gender: Of them.
        race: Of them.
        min_age: In years.
        max_age: In years, inclusive.
    """

    gender: Gender | None = None
    race: Race | None = None
    min_age: int | None = None
    max_age: int | None = None

    def fits(self, looks: FaceAttributes) -> bool:
        """Return whether a face may be meant: of ages, whether the two ranges share a year."""
        return (
            self.gender in (None, looks.gender)
            and self.race in (None, looks.race)
            and (self.min_age is None or looks.oldest >= self.min_age)
            and (self.max_age is None or looks.youngest <= self.max_age)
        )
