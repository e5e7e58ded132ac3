"""The objects of one rendering, and the ways to look at them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.manifests.render import Object

COMPONENT = "app.kubernetes.io/component"
_UNITS = {"m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}


@dataclass(frozen=True, slots=True)
class Workload:
    """What makes pods.

    Attributes:
        kind: Deployment or Job.
        name: Of the object.
        spec: Of the object.
        labels: Of its pods.
        pod: The pods' specification.
    """

    kind: str
    name: str
    spec: Object
    labels: Mapping[str, str]
    pod: Object

    def __str__(self) -> str:
        """Return kind and name."""
        return f"{self.kind}/{self.name}"

    @property
    def component(self) -> str:
        """The part of the service that it is."""
        return self.labels.get(COMPONENT, "")

    @property
    def containers(self) -> list[Object]:
        """The containers that stay."""
        return list(self.pod.get("containers", ()))

    @property
    def all_containers(self) -> list[Object]:
        """Those that run at the start as well."""
        return [*self.pod.get("initContainers", ()), *self.containers]

    def ports(self) -> dict[str, tuple[int, str]]:
        """Return number and protocol of the ports by their names."""
        return {
            port.get("name", ""): (port["containerPort"], port.get("protocol", "TCP"))
            for container in self.containers
            for port in container.get("ports", ())
        }


@dataclass(frozen=True, slots=True)
class Manifests:
    """The objects of one rendering.

    Attributes:
        name: Says of which one, in findings.
        objects: All of them.
        components: The components it was rendered with.
    """

    name: str
    objects: list[Object]
    components: tuple[str, ...] = ()

    def of(self, *kinds: str) -> Iterator[Object]:
        """Yield the objects of some kinds."""
        yield from (each for each in self.objects if each["kind"] in kinds)

    def names(self, kind: str) -> set[str]:
        """Return the names of the objects of a kind."""
        return {str(each["metadata"]["name"]) for each in self.of(kind)}

    def get(self, kind: str, name: str) -> Object | None:
        """Return an object by kind and name."""
        return next((each for each in self.of(kind) if each["metadata"]["name"] == name), None)

    def workloads(self, *kinds: str) -> list[Workload]:
        """Return what makes pods; Deployments and Jobs unless kinds are named."""
        return [
            Workload(
                kind=each["kind"],
                name=each["metadata"]["name"],
                spec=each["spec"],
                labels=each["spec"]["template"]["metadata"].get("labels", {}),
                pod=each["spec"]["template"]["spec"],
            )
            for each in self.of(*(kinds or ("Deployment", "Job")))
        ]

    def environment(self, container: Object) -> dict[str, Any]:
        """Return a container's variables: values, or the place that a value is taken from."""
        found: dict[str, Any] = {}
        for source in container.get("envFrom", ()):
            name = source.get("configMapRef", {}).get("name")
            config = self.get("ConfigMap", name) if name else None
            found |= {} if config is None else config.get("data", {})
        for variable in container.get("env", ()):
            found[variable["name"]] = variable.get("value", variable.get("valueFrom"))
        return found


def matches(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Return whether a label selector matches labels; an empty one matches all, none nothing."""
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    return all(_holds(rule, labels) for rule in selector.get("matchExpressions", ()))


def _holds(rule: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = rule["key"], rule.get("values", ())
    match rule["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    raise ValueError(f"unknown operator {rule['operator']}")


def quantity(text: str | int | float) -> float:
    """Return a Kubernetes quantity, such as `500m` or `3Gi`, as a number."""
    told = str(text)
    for unit in sorted(_UNITS, key=len, reverse=True):
        if told.endswith(unit):
            return float(told.removesuffix(unit)) * _UNITS[unit]
    return float(told)


def whole(text: str | int | float) -> int:
    """Return a quantity rounded up, as `resourceFieldRef` gives it with a divisor of 1."""
    return math.ceil(quantity(text))
