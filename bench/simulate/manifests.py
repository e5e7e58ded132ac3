"""The numbers of k8s and of the settings, read where they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from bench.simulate.scaling import DOWN, UP, Metric, Policy, Rule, Rules
from gateway.paths import PROJECT_ROOT

K8S = PROJECT_ROOT / "k8s"
SCALES = {"m": Decimal("0.001"), "": Decimal(1), "k": Decimal(1000), "Mi": Decimal(2**20)}


@dataclass(frozen=True)
class Pod:
    """What a pod is given.

    Attributes:
        requested_cores: Its request, which utilisation is a share of.
        cores: Its limit.
        starts_s: Seconds within which it has to have started.
    """

    requested_cores: float
    cores: float
    starts_s: float


def quantity(text: str | float) -> float:
    """Return a number of Kubernetes, such as 700m."""
    written = str(text)
    digits = written.rstrip("mkMi")
    return float(Decimal(digits) * SCALES[written[len(digits) :]])


def settings(overlay: str) -> dict[str, str]:
    """Return the variables of an overlay, over the base's."""
    found: dict[str, str] = {}
    for path in (K8S / "base" / "settings.env", K8S / "overlays" / overlay / "settings.env"):
        found |= dict(line.split("=", 1) for line in path.read_text().split() if "=" in line)
    return found


def pod(part: str, overlay: str = "a100") -> Pod:
    """Return what a pod of a part is given, by an overlay where that says something."""
    container = _container(K8S / "base" / f"{part}.yaml")
    patch = K8S / "overlays" / overlay / f"{part}.yaml"
    if patch.is_file():
        container |= _container(patch)
    resources, probe = container["resources"], container["startupProbe"]
    return Pod(
        quantity(resources["requests"]["cpu"]),
        quantity(resources["limits"]["cpu"]),
        float(probe["periodSeconds"] * probe["failureThreshold"]),
    )


def by_hpa(part: str, path: Path = K8S / "components" / "hpa" / "autoscalers.yaml") -> Rule:
    """Return a HorizontalPodAutoscaler."""
    (spec,) = [
        one["spec"] for one in _documents(path) if one["metadata"]["name"] == f"semblant-{part}"
    ]
    metrics = [_metric(one) for one in spec["metrics"]]
    up, down = _behavior(spec.get("behavior", {}))
    return Rule(spec["minReplicas"], spec["maxReplicas"], tuple(metrics), up, down)


def by_keda(part: str) -> Rule:
    """Return a ScaledObject."""
    documents = _documents(K8S / "components" / "keda" / f"{part}.yaml")
    (spec,) = [one["spec"] for one in documents if one["kind"] == "ScaledObject"]
    given = spec.get("advanced", {}).get("horizontalPodAutoscalerConfig", {})
    up, down = _behavior(given.get("behavior", {}))
    activations = [
        float(one["metadata"].get("activationTargetQueryValue", 0)) for one in spec["triggers"]
    ]
    return Rule(
        spec.get("minReplicaCount", 0),
        spec["maxReplicaCount"],
        tuple(_trigger(one) for one in spec["triggers"]),
        up,
        down,
        float(spec.get("pollingInterval", 30)),
        float(spec.get("cooldownPeriod", 300)),
        min(activations),
    )


def _documents(path: Path) -> list[dict[str, Any]]:
    return [one for one in yaml.safe_load_all(path.read_text()) if one]


def _container(path: Path) -> dict[str, Any]:
    deployment = next(one for one in _documents(path) if one["kind"] == "Deployment")
    container: dict[str, Any] = deployment["spec"]["template"]["spec"]["containers"][0]
    return container


def _behavior(given: Mapping[str, Any]) -> tuple[Rules, Rules]:
    return _rules(given.get("scaleUp"), UP), _rules(given.get("scaleDown"), DOWN)


def _rules(given: Mapping[str, Any] | None, usual: Rules) -> Rules:
    if given is None:
        return usual
    policies = [
        Policy(one["type"], float(one["value"]), float(one["periodSeconds"]))
        for one in given.get("policies", [])
    ]
    window_s = float(given.get("stabilizationWindowSeconds", usual.window_s))
    return Rules(window_s, tuple(policies) or usual.policies)


def _metric(one: Mapping[str, Any]) -> Metric:
    if one["type"] == "Resource":
        target = one["resource"]["target"]
        return Metric(one["resource"]["name"], "Utilization", float(target["averageUtilization"]))
    external, name = one["external"], one["external"]["metric"]["name"]
    target = external["target"]
    given = target["value"] if target["type"] == "Value" else target["averageValue"]
    return Metric(name, target["type"], quantity(given))


def _trigger(one: Mapping[str, Any]) -> Metric:
    given, kind = one["metadata"], one.get("metricType", "AverageValue")
    if kind == "Utilization":
        return Metric(one["type"], "Utilization", float(given["value"]))
    return Metric(one["name"], kind, float(given.get("threshold", given.get("targetQueryValue"))))
