"""Content negotiation by `Accept` (RFC 9110 §12.5.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.errors import NotAcceptable

JSON = "application/json"
NDJSON = "application/x-ndjson"
"""One JSON document a line."""
EVENTS = "text/event-stream"
"""Server-sent events."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The media types a caller takes, of those on offer.

    Attributes:
        ranks: (quality 0–1, specificity 0–2) of each offered type that is taken.
    """

    ranks: Mapping[str, tuple[float, int]]

    def best(self, preferred: Sequence[str]) -> str:
        """Return the type taken most gladly.

        Among equals the one named more exactly wins (so `application/json, */*` means JSON), then
        the one that comes first in `preferred`; types that are not in there are left out.

        Raises:
            NotAcceptable: if none of the preferred ones is taken.
        """
        taken = [kind for kind in preferred if kind in self.ranks]
        if not taken:
            raise NotAcceptable(
                f"The options ask for {' or '.join(preferred)}, which `Accept` does not include."
            )
        return max(taken, key=lambda kind: self.ranks[kind])


def acceptable(header: str | None, offers: Sequence[str]) -> Accepted:
    """Match an `Accept` header with the available types; none, or an empty one, accepts all.

    Raises:
        NotAcceptable: naming what could be had.
    """
    ranges = _parse(header) if header and header.strip() else [("*/*", 1.0)]
    ranks = {}
    for offer in offers:
        matches = [(spec, q) for kind, q in ranges if (spec := _specificity(kind, offer)) >= 0]
        if matches:
            # The most exact range decides, even if a vaguer one is more generous.
            specificity, quality = max(matches)
            if quality > 0:
                ranks[offer] = (quality, specificity)
    if not ranks:
        raise NotAcceptable(f"Can be had: {', '.join(offers)}.", extra={"available": list(offers)})
    return Accepted(ranks)


def _parse(header: str) -> list[tuple[str, float]]:
    ranges = []
    for item in header.split(","):
        kind, *parameters = (part.strip() for part in item.split(";"))
        if kind:
            ranges.append((kind.lower(), _quality(parameters)))
    return ranges


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                quality = float(value)
            except ValueError:
                return 0.0
            return quality if 0 <= quality <= 1 else 0.0
    return 1.0


def _specificity(kind: str, offer: str) -> int:
    """Return 2 for the type itself, 1 for its family, 0 for anything, -1 for no match."""
    if kind == offer:
        return 2
    if kind == offer.partition("/")[0] + "/*":
        return 1
    return 0 if kind == "*/*" else -1
