"""Policies on pods and their containers."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from gateway.paths import PROJECT_ROOT
from tools.manifests.manifests import Manifests, Workload, matches, quantity
from tools.manifests.render import Object

_IMAGE = re.compile(
    r"(?P<name>[^:@]+(?::\d+/[^:@]+)?)(?::(?P<tag>[\w.-]+))?(?P<digest>@sha256:[0-9a-f]{64})?"
)
_USER = 10001


def _each(manifests: Manifests) -> Iterator[tuple[str, Workload, Object]]:
    """Yield every container with its workload and a name for findings."""
    for workload in manifests.workloads():
        for container in workload.all_containers:
            yield f"{workload}/{container['name']}", workload, container


def resources(manifests: Manifests) -> Iterator[str]:
    """Every container requests and limits CPU and memory, and requests no more than the limit."""
    for name, _, container in _each(manifests):
        told = container.get("resources", {})
        requests, limits = told.get("requests", {}), told.get("limits", {})
        for kind in sorted({"cpu", "memory", *requests, *limits}):
            if kind not in requests or kind not in limits:
                yield f"{name}: {kind} is not both requested and limited"
            elif quantity(requests[kind]) > quantity(limits[kind]):
                yield f"{name}: more {kind} is requested than allowed"


def probes(manifests: Manifests) -> Iterator[str]:
    """Served containers have three probes, and each of them answers another question."""
    for workload in manifests.workloads("Deployment"):
        for container in workload.containers:
            name = f"{workload}/{container['name']}"
            told = {kind: container.get(f"{kind}Probe") for kind in _PROBES}
            missing = [kind for kind, probe in told.items() if probe is None]
            if missing:
                yield f"{name}: no {', '.join(missing)} probe"
                continue
            yield from (f"{name}: {problem}" for problem in _alike(told, workload.ports()))


_PROBES = ("startup", "readiness", "liveness")


def _alike(told: dict[str, Any], ports: dict[str, tuple[int, str]]) -> Iterator[str]:
    if told["readiness"]["httpGet"] == told["liveness"]["httpGet"]:
        yield "readiness and liveness ask for the same"
    if _patience_s(told["startup"]) <= _patience_s(told["liveness"]):
        yield "a start has no more time than a stall"
    if _patience_s(told["liveness"]) <= _patience_s(told["readiness"]):
        yield "it is restarted before it is taken out of service"
    for kind, probe in told.items():
        if probe["httpGet"]["port"] not in ports:
            yield f"the {kind} probe asks a port that has no name"


def _patience_s(probe: Object) -> int:
    period, failures = probe.get("periodSeconds", 10), probe.get("failureThreshold", 3)
    return int(period * failures)


def security(manifests: Manifests) -> Iterator[str]:
    """Pods meet the standard `restricted`, as a user by number, on a root that is read only."""
    for workload in manifests.workloads():
        pod = workload.pod.get("securityContext", {})
        if not pod.get("runAsNonRoot") or pod.get("runAsUser") != _USER:
            yield f"{workload}: is not user {_USER}"
        if pod.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{workload}: no seccomp profile"
        for host in ("hostNetwork", "hostPID", "hostIPC"):
            if workload.pod.get(host):
                yield f"{workload}: {host}"
        for volume in workload.pod.get("volumes", ()):
            if "hostPath" in volume:
                yield f"{workload}: mounts a path of the node"
    for name, _, container in _each(manifests):
        yield from (f"{name}: {problem}" for problem in _loose(container))


def _loose(container: Object) -> Iterator[str]:
    own = container.get("securityContext", {})
    if own.get("allowPrivilegeEscalation") is not False or own.get("privileged"):
        yield "may gain privileges"
    if own.get("readOnlyRootFilesystem") is not True:
        yield "may write to its root"
    if own.get("capabilities") != {"drop": ["ALL"]}:
        yield "keeps capabilities"
    if own.get("runAsUser", _USER) != _USER or own.get("runAsNonRoot") is False:
        yield "is another user than its pod"
    if "seccompProfile" in own:
        yield "has a seccomp profile of its own"


def images(manifests: Manifests) -> Iterator[str]:
    """Images have digests or tags, but not `latest`; ours have that of this release."""
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    version = project["project"]["version"]
    for name, _, container in _each(manifests):
        read = _IMAGE.fullmatch(container["image"])
        if read is None or (read["digest"] is None and read["tag"] in (None, "latest")):
            yield f"{name}: {container['image']} has no tag that stays"
        elif read["name"].startswith("semblant/") and read["tag"] not in (None, version):
            yield f"{name}: {container['image']} is not of release {version}"


def accounts(manifests: Manifests) -> Iterator[str]:
    """Pods have accounts of their own without a token, and no variables made of Services."""
    for workload in manifests.workloads():
        name = workload.pod.get("serviceAccountName", "default")
        account = manifests.get("ServiceAccount", name)
        if name == "default" or account is None:
            yield f"{workload}: has no account of its own"
        elif account.get("automountServiceAccountToken") is not False:
            yield f"{workload}: its account mounts a token"
        if workload.pod.get("automountServiceAccountToken") is not False:
            yield f"{workload}: mounts a token"
        if workload.pod.get("enableServiceLinks") is not False:
            yield f"{workload}: variables such as SEMBLANT_PORT may come from Services"


def ports(manifests: Manifests) -> Iterator[str]:
    """Every port has a name; Services name those of their pods."""
    for workload in manifests.workloads():
        for container in workload.all_containers:
            named = [port.get("name") for port in container.get("ports", ())]
            if None in named or len(set(named)) != len(named):
                yield f"{workload}/{container['name']}: a port without a name of its own"
    for service in manifests.of("Service"):
        name = f"Service/{service['metadata']['name']}"
        chosen = {"matchLabels": service["spec"]["selector"]}
        pods = [each for each in manifests.workloads() if matches(chosen, each.labels)]
        for port in service["spec"]["ports"]:
            if "name" not in port:
                yield f"{name}: port {port['port']} has no name"
            if any(port.get("targetPort") not in pod.ports() for pod in pods):
                yield f"{name}: its pods have no port {port.get('targetPort')!r}"


def volumes(manifests: Manifests) -> Iterator[str]:
    """What is mounted is declared, what is declared is mounted, and nothing grows without bound."""
    for workload in manifests.workloads():
        declared = {volume["name"]: volume for volume in workload.pod.get("volumes", ())}
        mounts = [m for c in workload.all_containers for m in c.get("volumeMounts", ())]
        mounted = {mount["name"] for mount in mounts}
        if mounted != declared.keys():
            yield f"{workload}: {', '.join(sorted(mounted ^ declared.keys()))} on one side only"
        for name, volume in declared.items():
            if "emptyDir" in volume and not (volume["emptyDir"] or {}).get("sizeLimit"):
                yield f"{workload}: {name} has no limit"
    for name, _, container in _each(manifests):
        paths = {mount["mountPath"] for mount in container.get("volumeMounts", ())}
        if "/tmp" not in paths:
            yield f"{name}: there is nowhere to write temporary files"


def spread(manifests: Manifests) -> Iterator[str]:
    """Replicas are spread over nodes and zones; pods have a priority of ours."""
    for workload in manifests.workloads():
        if workload.pod.get("priorityClassName") not in manifests.names("PriorityClass"):
            yield f"{workload}: has no priority"
    for workload in manifests.workloads("Deployment"):
        rules = workload.pod.get("topologySpreadConstraints", ())
        keys = {r["topologyKey"] for r in rules if matches(r.get("labelSelector"), workload.labels)}
        if keys != {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}:
            yield f"{workload}: is not spread over nodes and zones"
