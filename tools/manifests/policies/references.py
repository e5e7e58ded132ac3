"""Policies on what objects name: other objects, and pods by labels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from tools.manifests.combinations import FOLDER
from tools.manifests.manifests import Manifests, Workload, matches
from tools.manifests.render import Object

_ROW = re.compile(r"^\| `(?P<secret>semblant-[a-z-]+)` \| (?P<keys>[^|]+) \|", re.MULTILINE)


@cache
def documented_secrets() -> dict[str, frozenset[str]]:
    """Return the Secrets that `k8s/README.md` says to make, with their keys."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    return {
        row["secret"]: frozenset(re.findall(r"`([^`]+)`", row["keys"]))
        for row in _ROW.finditer(text)
    }


def references(manifests: Manifests) -> Iterator[str]:
    """Every ConfigMap, Secret, claim and key that is named exists, or is documented."""
    for workload in manifests.workloads():
        for container in workload.all_containers:
            name = f"{workload}/{container['name']}"
            yield from (f"{name}: {problem}" for problem in _variables(manifests, container))
        yield from (f"{workload}: {problem}" for problem in _volumes(manifests, workload))
    for each in manifests.of("TriggerAuthentication"):
        for told in each["spec"].get("secretTargetRef", ()):
            yield from _secret(manifests, told["name"], told["key"])


def _variables(manifests: Manifests, container: Object) -> Iterator[str]:
    for source in container.get("envFrom", ()):
        if "configMapRef" in source:
            yield from _config(manifests, source["configMapRef"]["name"])
        if "secretRef" in source:
            yield from _secret(manifests, source["secretRef"]["name"])
    for variable in container.get("env", ()):
        where = variable.get("valueFrom", {})
        if "configMapKeyRef" in where:
            told = where["configMapKeyRef"]
            yield from _config(manifests, told["name"], told["key"])
        if "secretKeyRef" in where:
            told = where["secretKeyRef"]
            yield from _secret(manifests, told["name"], told["key"])


def _volumes(manifests: Manifests, workload: Workload) -> Iterator[str]:
    for volume in workload.pod.get("volumes", ()):
        if "configMap" in volume:
            yield from _config(manifests, volume["configMap"]["name"])
        if "secret" in volume:
            yield from _secret(manifests, volume["secret"]["secretName"])
        claim = volume.get("persistentVolumeClaim", {}).get("claimName")
        if claim and claim not in manifests.names("PersistentVolumeClaim"):
            yield f"there is no claim {claim}"


def _config(manifests: Manifests, name: str, key: str | None = None) -> Iterator[str]:
    found = manifests.get("ConfigMap", name)
    if found is None or (key is not None and key not in found.get("data", {})):
        yield f"there is no ConfigMap {name} with {key or 'anything'}"


def _secret(manifests: Manifests, name: str, key: str | None = None) -> Iterator[str]:
    made = {each["spec"]["secretName"]: _TLS for each in manifests.of("Certificate")}
    known = made | documented_secrets()
    if name not in known or (key is not None and key not in known[name]):
        yield f"Secret {name} with {key or 'anything'} is neither made nor documented"


_TLS = frozenset(("tls.crt", "tls.key", "ca.crt"))


def namespaces(manifests: Manifests) -> Iterator[str]:
    """All that lies in a namespace lies in ours."""
    own = manifests.names("Namespace")
    for each in manifests.objects:
        if each["kind"] in _CLUSTER_WIDE:
            continue
        if {each["metadata"].get("namespace")} != own:
            yield f"{each['kind']}/{each['metadata']['name']}: is not in the namespace"


_CLUSTER_WIDE = ("Namespace", "PriorityClass")


def selectors(manifests: Manifests) -> Iterator[str]:
    """Selectors match pods that there are; those of Deployments match their own, and no others."""
    workloads = manifests.workloads()
    for each in manifests.of("Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy"):
        name = f"{each['kind']}/{each['metadata']['name']}"
        chosen = [w.name for w in workloads if matches(_selector(each), w.labels)]
        if not chosen:
            yield f"{name}: matches no pod"
        elif each["kind"] == "Deployment" and chosen != [each["metadata"]["name"]]:
            yield f"{name}: matches the pods of {', '.join(chosen)}"


def _selector(each: Object) -> dict[str, Any]:
    spec = each["spec"]
    if each["kind"] == "Service":
        return {"matchLabels": spec["selector"]}
    found: dict[str, Any] = spec["podSelector"] if "podSelector" in spec else spec["selector"]
    return found


def monitors(manifests: Manifests) -> Iterator[str]:
    """What is scraped are ports of one Service, whose name rules know as `job`."""
    for each in manifests.of("ServiceMonitor"):
        name = f"ServiceMonitor/{each['metadata']['name']}"
        selector = each["spec"]["selector"]
        found = [
            service
            for service in manifests.of("Service")
            if matches(selector, service["metadata"].get("labels", {}))
        ]
        if [service["metadata"]["name"] for service in found] != [each["metadata"]["name"]]:
            if each["metadata"]["name"].removeprefix("semblant-") in _there(manifests):
                yield f"{name}: is not about the Service of its name"
            continue
        names = {port["name"] for port in found[0]["spec"]["ports"]}
        for endpoint in each["spec"]["endpoints"]:
            if endpoint["port"] not in names:
                yield f"{name}: the Service has no port {endpoint['port']}"


def _there(manifests: Manifests) -> set[str]:
    return {workload.component for workload in manifests.workloads()}


def routes(manifests: Manifests) -> Iterator[str]:
    """Routes end at ports of Services that there are, and leave what is internal inside."""
    for each in manifests.of("HTTPRoute", "GRPCRoute"):
        name = f"{each['kind']}/{each['metadata']['name']}"
        for rule in each["spec"]["rules"]:
            for back in rule["backendRefs"]:
                service = manifests.get("Service", back["name"])
                ports = service["spec"]["ports"] if service else ()
                if back["port"] not in {port["port"] for port in ports}:
                    yield f"{name}: {back['name']} has no port {back['port']}"
            paths = [match["path"]["value"] for match in rule.get("matches", ()) if "path" in match]
            if each["kind"] == "HTTPRoute" and (not paths or set(paths) & _INTERNAL):
                yield f"{name}: lets everybody ask for probes and metrics"


_INTERNAL = {"/", "/livez", "/readyz", "/metrics"}
