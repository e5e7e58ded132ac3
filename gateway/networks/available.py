"""Availability of third-party models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.arrays import F32
from gateway.errors import ModelNotPermitted, UnknownModel


@dataclass(frozen=True, slots=True, eq=False)
class AvailableModels:
    """Networks that were installed, with all that they need.

    Attributes:
        names: Those that may be used.
        refused: Those that may not, as the service is for commercial use.
        emaps: float32 (512, 512) each, what comes with some swappers, by the model's name.
    """

    names: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    emaps: Mapping[str, F32] = field(default_factory=dict)

    def best(self, names: Sequence[str]) -> str | None:
        """Return the first of some networks that may be used; None if none may."""
        return next((name for name in names if name in self.names), None)

    def require(self, name: str, pointer: str) -> None:
        """Check that a network may be used.

        Args:
            name: Of the model.
            pointer: Where in the options it is named, for the error message.

        Raises:
            UnknownModel: it has not been installed, or not all it needs.
            ModelNotPermitted: it may not be used commercially, and this service is.
        """
        if name in self.refused:
            raise ModelNotPermitted(
                f"{name} may not be used commercially, and this service is.",
                errors=[{"pointer": pointer, "detail": "may not be used commercially"}],
            )
        if name not in self.names:
            raise UnknownModel(
                f"{name} has not been pulled: `semblant models pull {name}`.",
                errors=[{"pointer": pointer, "detail": "has not been pulled"}],
            )
