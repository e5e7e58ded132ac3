"""Who reaches whom: what the NetworkPolicies permit, and what they have to (`k8s/arrows.toml`)."""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tools.manifests.combinations import FOLDER
from tools.manifests.manifests import Manifests, matches
from tools.manifests.render import Object


@dataclass(frozen=True, slots=True, order=True)
class Arrow:
    """Connections that may be opened.

    Attributes:
        start: Who opens them.
        end: Who is connected to.
        port: Name of the port there.
    """

    start: str
    end: str
    port: str

    def __str__(self) -> str:
        """Return it as text."""
        return f"{self.start} → {self.end}:{self.port}"


@dataclass(frozen=True, slots=True)
class Peer:
    """A pod, or an address outside of the cluster.

    Attributes:
        inside: Whether it is a pod of ours, in our namespace.
        labels: Of the pod.
        namespace: Labels of the pod's namespace.
        address: The address, where it is outside.
        ports: Numbers and protocols by names.
    """

    inside: bool
    labels: Mapping[str, str] = field(default_factory=dict)
    namespace: Mapping[str, str] = field(default_factory=dict)
    address: str | None = None
    ports: Mapping[str, tuple[int, str]] = field(default_factory=dict)


@cache
def drawing() -> dict[str, Any]:
    """Return what `k8s/arrows.toml` says."""
    return tomllib.loads((FOLDER / "arrows.toml").read_text(encoding="utf-8"))


def peers(manifests: Manifests) -> dict[str, Peer]:
    """Return the pods of a rendering and, as the drawing has them, those around it, by name."""
    found = {
        name: Peer(
            inside=False,
            labels=told.get("labels", {}),
            namespace=told.get("namespace", {}),
            address=told.get("address"),
            ports={port: (number, protocol) for port, (number, protocol) in told["ports"].items()},
        )
        for name, told in drawing()["peers"].items()
    }
    for workload in manifests.workloads():
        found[workload.component] = Peer(True, workload.labels, {}, None, workload.ports())
    return found


def permitted(manifests: Manifests) -> set[Arrow]:
    """Return the connections that the NetworkPolicies of a rendering let through."""
    policies = list(manifests.of("NetworkPolicy"))
    found = peers(manifests)
    return {
        Arrow(start, end, port)
        for start, a in found.items()
        for end, b in found.items()
        if start != end and (a.inside or b.inside)
        for port in b.ports
        if _lets(policies, a, b, port, "Egress") and _lets(policies, a, b, port, "Ingress")
    }


def drawn(manifests: Manifests) -> set[Arrow]:
    """Return the connections that the drawing has between those that are there."""
    there = peers(manifests)
    return {
        Arrow(start, end, port)
        for each in drawing()["arrow"]
        if each.get("component", "") in ("", *manifests.components)
        for start in each["from"]
        for end in each["to"]
        for port in each["ports"]
        if start in there and end in there
    }


def _lets(policies: Iterable[Object], a: Peer, b: Peer, port: str, direction: str) -> bool:
    """Return whether the policies of one end let a connection through."""
    own, other = (a, b) if direction == "Egress" else (b, a)
    if not own.inside:
        return True
    chosen = [
        policy["spec"]
        for policy in policies
        if matches(policy["spec"]["podSelector"], own.labels) and direction in _types(policy)
    ]
    rules = [rule for spec in chosen for rule in spec.get(direction.lower(), ())]
    return not chosen or any(_rule_lets(rule, other, b, port, direction) for rule in rules)


def _types(policy: Object) -> Iterable[str]:
    spec = policy["spec"]
    usual = ["Ingress", "Egress"] if "egress" in spec else ["Ingress"]
    return list(spec.get("policyTypes", usual))


def _rule_lets(rule: Object, other: Peer, end: Peer, port: str, direction: str) -> bool:
    froms = rule.get("to" if direction == "Egress" else "from")
    number, protocol = end.ports[port]
    by_peer = not froms or any(_is(each, other) for each in froms)
    ports = rule.get("ports")
    return by_peer and (not ports or any(_port(p, port, number, protocol) for p in ports))


def _port(asked: Object, name: str, number: int, protocol: str) -> bool:
    if asked.get("protocol", "TCP") != protocol:
        return False
    wanted = asked.get("port")
    if wanted is None or wanted == name:
        return True
    return isinstance(wanted, int) and wanted <= number <= asked.get("endPort", wanted)


def _is(asked: Object, peer: Peer) -> bool:
    if "ipBlock" in asked:
        return peer.address is not None and _within(asked["ipBlock"], peer.address)
    if peer.address is not None:
        return False
    namespaces = asked.get("namespaceSelector")
    there = peer.inside if namespaces is None else matches(namespaces, peer.namespace)
    return there and matches(asked.get("podSelector", {}), peer.labels)


def _within(block: Object, address: str) -> bool:
    at = ipaddress.ip_address(address)
    return at in ipaddress.ip_network(block["cidr"]) and not any(
        at in ipaddress.ip_network(each) for each in block.get("except", ())
    )


def mermaid() -> str:
    """Return the drawing for Mermaid."""
    told = drawing()
    names = [*told["pods"], *(name for name in told["peers"] if _has_arrow(name))]
    lines = ["flowchart LR"]
    lines += [f"    {name}[{_title(told, name)}]" for name in names]
    for each in told["arrow"]:
        for start in each["from"]:
            for end in each["to"]:
                lines.append(f"    {start} -->|{', '.join(each['ports'])}| {end}")
    return "\n".join(lines)


def _has_arrow(name: str) -> bool:
    return any(name in (*each["from"], *each["to"]) for each in drawing()["arrow"])


def _title(told: Mapping[str, Any], name: str) -> str:
    title: str = told["pods"].get(name) or told["peers"][name]["title"]
    return f'"{title}"'


def differences(manifests: Manifests) -> Iterator[str]:
    """Yield where what the policies permit differs from the drawing."""
    real, wanted = permitted(manifests), drawn(manifests)
    yield from (f"{arrow} is permitted, and not drawn" for arrow in sorted(real - wanted))
    yield from (f"{arrow} is drawn, and not permitted" for arrow in sorted(wanted - real))
