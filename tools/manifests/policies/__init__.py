"""What manifests have to keep to beyond their schemas; each policy yields what offends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from tools.manifests import network, promql
from tools.manifests.manifests import Manifests
from tools.manifests.policies import pods, references, scaling, settings

Policy = Callable[[Manifests], Iterator[str]]


def _answerable(manifests: Manifests) -> Iterator[str]:
    for place, query in promql.queries(manifests):
        yield from (f"{place}: {problem}" for problem in promql.wrong(query))


POLICIES: Mapping[str, Policy] = MappingProxyType(
    {
        "resources": pods.resources,
        "probes": pods.probes,
        "security": pods.security,
        "images": pods.images,
        "accounts": pods.accounts,
        "ports": pods.ports,
        "volumes": pods.volumes,
        "spread": pods.spread,
        "references": references.references,
        "namespaces": references.namespaces,
        "selectors": references.selectors,
        "monitors": references.monitors,
        "routes": references.routes,
        "disruptions": scaling.disruptions,
        "scalers": scaling.scalers,
        "slow_scale_down": scaling.slow_scale_down,
        "settings": settings.valid,
        "listening": settings.listening,
        "grace": settings.grace,
        "network": network.differences,
        "queries": _answerable,
    }
)
"""All policies by name."""


def offences(manifests: Manifests) -> Iterator[str]:
    """Yield what offends any policy."""
    for name, policy in POLICIES.items():
        yield from (f"{manifests.name}: {name}: {problem}" for problem in policy(manifests))
