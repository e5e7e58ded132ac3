"""Policies on how many pods there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tools.manifests.manifests import Manifests, matches
from tools.manifests.render import Object

ENGINE_BUILD_S = 900
"""Seconds that TensorRT may take for the engines of all models, on an A100."""


@dataclass(frozen=True, slots=True)
class Scaler:
    """What scales a workload, whichever kind it is.

    Attributes:
        name: Of the object, with its kind.
        target: Kind and name of what it scales.
        least: Replicas there are always.
        most: Replicas there may be.
        down: The rules for fewer replicas.
        cpu_only: Whether nothing but CPU time is looked at.
    """

    name: str
    target: tuple[str, str]
    least: int
    most: int
    down: Object
    cpu_only: bool


def _scalers(manifests: Manifests) -> Iterator[Scaler]:
    for each in manifests.of("HorizontalPodAutoscaler"):
        spec = each["spec"]
        yield Scaler(
            name=f"HorizontalPodAutoscaler/{each['metadata']['name']}",
            target=_target(spec),
            least=spec.get("minReplicas", 1),
            most=spec["maxReplicas"],
            down=spec.get("behavior", {}).get("scaleDown", {}),
            cpu_only=all(metric["type"] == "Resource" for metric in spec.get("metrics", ())),
        )
    for each in manifests.of("ScaledObject"):
        spec = each["spec"]
        behavior = (
            spec.get("advanced", {}).get("horizontalPodAutoscalerConfig", {}).get("behavior", {})
        )
        yield Scaler(
            name=f"ScaledObject/{each['metadata']['name']}",
            target=_target(spec),
            least=spec.get("minReplicaCount", 0),
            most=spec.get("maxReplicaCount", 100),
            down=behavior.get("scaleDown", {}),
            cpu_only=all(trigger["type"] == "cpu" for trigger in spec["triggers"]),
        )


def _target(spec: Object) -> tuple[str, str]:
    told: dict[str, Any] = spec["scaleTargetRef"]
    return told.get("kind", "Deployment"), told["name"]


def scalers(manifests: Manifests) -> Iterator[str]:
    """A Deployment has a fixed number of replicas or one scaler, which looks at more than CPUs."""
    found = list(_scalers(manifests))
    for scaler in found:
        if manifests.get(*scaler.target) is None:
            yield f"{scaler.name}: there is no {'/'.join(scaler.target)}"
        if scaler.least >= scaler.most:
            yield f"{scaler.name}: has nothing to choose from"
        if scaler.cpu_only:
            yield f"{scaler.name}: looks at CPU time alone"
    for workload in manifests.workloads("Deployment"):
        own = [s.name for s in found if s.target == (workload.kind, workload.name)]
        if len(own) + ("replicas" in workload.spec) != 1:
            yield f"{workload}: replicas are decided by {', '.join(own) or 'nobody, or twice'}"
    known = manifests.names("TriggerAuthentication")
    for each in manifests.of("ScaledObject"):
        for trigger in each["spec"]["triggers"]:
            reference = trigger.get("authenticationRef", {}).get("name")
            if reference is not None and reference not in known:
                yield f"ScaledObject/{each['metadata']['name']}: there is no {reference}"


def slow_scale_down(manifests: Manifests) -> Iterator[str]:
    """A server of Triton is given up later than a new one would take to build its engines."""
    for scaler in _scalers(manifests):
        window_s = scaler.down.get("stabilizationWindowSeconds", 300)
        if scaler.target[1] == "semblant-triton" and window_s < ENGINE_BUILD_S:
            yield f"{scaler.name}: gives servers up after {window_s} s"


def disruptions(manifests: Manifests) -> Iterator[str]:
    """Every Deployment has one budget, which lets at least one pod go, so that nodes drain."""
    least = {scaler.target[1]: scaler.least for scaler in _scalers(manifests)}
    for workload in manifests.workloads("Deployment"):
        budgets = [
            each["spec"]
            for each in manifests.of("PodDisruptionBudget")
            if matches(each["spec"]["selector"], workload.labels)
        ]
        if len(budgets) != 1:
            yield f"{workload}: has {len(budgets)} disruption budgets"
            continue
        replicas: int = least.get(workload.name) or workload.spec.get("replicas", 1)
        if not _drains(budgets[0], replicas):
            yield f"{workload}: no node with one of {replicas} replicas can be drained"


def _drains(budget: Object, replicas: int) -> bool:
    if "maxUnavailable" in budget:
        return str(budget["maxUnavailable"]) not in ("0", "0%")
    wanted = budget["minAvailable"]
    if isinstance(wanted, str):
        return wanted != "100%" and replicas > 1
    return bool(wanted < replicas)
