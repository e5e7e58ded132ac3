"""Which overlays and components there are, and which of them go together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from gateway.paths import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "k8s"
OVERLAYS = ("dev", "cpu", "a100", "a100-mig")
COMPONENTS = (
    "cert-manager",
    "gateway-api",
    "hpa",
    "keda",
    "migrations",
    "monitoring",
    "tracing",
)
APART = (
    ("hpa", "keda"),  # two autoscalers of one Deployment
    ("cert-manager", "gateway-api"),  # TLS ends at the Gateway, which then speaks plain gRPC
)
"""Components of which only one can be chosen."""
UNFIT = {
    # One process with a file for a database, which no network drive may hold.
    "dev": frozenset(("hpa", "keda", "migrations")),
}
"""Components that an overlay cannot have."""


@dataclass(frozen=True, slots=True, order=True)
class Combination:
    """An overlay with components on top of it."""

    overlay: str
    components: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return it as one word, which is a file's name, too."""
        return "+".join((self.overlay, *self.components))


def fitting(overlay: str) -> tuple[str, ...]:
    """Return the components that an overlay may have, each by itself."""
    return tuple(name for name in COMPONENTS if name not in UNFIT.get(overlay, ()))


def largest(overlay: str) -> Iterator[tuple[str, ...]]:
    """Yield the sets of components to which no further one can be added."""
    whole = fitting(overlay)
    rivals = [[name for name in pair if name in whole] or [""] for pair in APART]
    rivalling = {name for pair in rivals for name in pair}
    for chosen in product(*rivals):
        yield tuple(name for name in whole if name in chosen or name not in rivalling)


def combinations() -> list[Combination]:
    """Return every overlay alone, with each component, and with as many as possible."""
    found = set()
    for overlay in OVERLAYS:
        found.add(Combination(overlay))
        found |= {Combination(overlay, (name,)) for name in fitting(overlay)}
        found |= {Combination(overlay, names) for names in largest(overlay)}
    return sorted(found)
