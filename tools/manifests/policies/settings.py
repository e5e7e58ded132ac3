"""Policies on settings: they exist, they are valid, and the rest agrees with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from gateway.access.authenticator import AuthMode
from gateway.access.exposure import refuse_open_door
from gateway.errors import SetupIncomplete
from gateway.settings import ENV_PREFIX, Settings
from tools.manifests.manifests import Manifests, Workload, whole
from tools.manifests.render import Object

SPARE_S = 5
"""Seconds of the grace period beyond all that is waited for."""
_LATE_STEPS_S = 10  # of a worker, see `gateway.jobs.execution.worker`
_EXIT = "--exit-timeout-secs="
_SECRETS = {
    "SEMBLANT_JOBS_DATABASE_URL": "postgresql://user:password@database/semblant",
    "SEMBLANT_OBJECT_STORE_URL": "s3://bucket/semblant",
    "SEMBLANT_TRUST_SECRET": "d1f6ab3cbd6f4a7f93a4ff1fd64e2a1c",
    "SEMBLANT_WEBHOOK_SECRETS": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
}
"""What values of Secrets look like."""


def settings_of(manifests: Manifests, container: Object) -> Settings:
    """Return the settings that a container starts with.

    Raises:
        ValidationError: a variable is no setting, or its value none for it.
    """
    given = {
        name.removeprefix(ENV_PREFIX).lower(): _value(name, told, container)
        for name, told in manifests.environment(container).items()
        if name.startswith(ENV_PREFIX)
    }
    return Settings(**given)


def _value(name: str, told: str | Mapping[str, Any], container: Object) -> Any:
    if isinstance(told, str):
        return told
    if "resourceFieldRef" in told:
        kind, resource = told["resourceFieldRef"]["resource"].split(".")
        return str(whole(container["resources"][kind][resource]))
    return _SECRETS.get(name, "")


def _configured(manifests: Manifests) -> Iterator[tuple[str, Workload, Object]]:
    for workload in manifests.workloads():
        for container in workload.all_containers:
            if any(name.startswith(ENV_PREFIX) for name in manifests.environment(container)):
                yield f"{workload}/{container['name']}", workload, container


def valid(manifests: Manifests) -> Iterator[str]:
    """Every `SEMBLANT_…` variable is a setting, and its value is valid."""
    for name, _, container in _configured(manifests):
        try:
            settings_of(manifests, container)
        except ValidationError as error:
            for each in error.errors():
                yield f"{name}: {'.'.join(map(str, each['loc']))}: {each['msg']}"
    for config in manifests.of("ConfigMap"):
        if config["metadata"]["name"].startswith("semblant-settings"):
            others = [key for key in config["data"] if not key.startswith(ENV_PREFIX)]
            yield from (f"ConfigMap: {key} is no setting" for key in others)


def listening(manifests: Manifests) -> Iterator[str]:
    """Ports are those that are listened on, for others, with the files that TLS needs mounted."""
    for workload in manifests.workloads("Deployment"):
        for container in workload.containers:
            command = container.get("args", [])[:2]
            if command[:1] != ["semblant"]:
                continue
            try:
                settings = settings_of(manifests, container)
            except ValidationError:
                continue  # another policy's finding
            if workload.ports() != _ports(command[-1], settings):
                yield f"{workload}: {workload.ports()}, but {_ports(command[-1], settings)}"
            if settings.host not in ("0.0.0.0", "::"):
                yield f"{workload}: listens on {settings.host}, where no other pod reaches it"
            if command[-1] == "serve":
                yield from (f"{workload}: {problem}" for problem in _doors(settings, container))


def _ports(command: str, settings: Settings) -> dict[str, tuple[int, str]]:
    if command == "worker":
        port = settings.worker_probe_port
        return {} if port is None else {"metrics": (port, "TCP")}
    found = {"http": (settings.port, "TCP"), "grpc": (settings.grpc_port, "TCP")}
    wanted = set(found) if settings.protocols == "both" else {settings.protocols}
    return {name: port for name, port in found.items() if name in wanted}


def _doors(settings: Settings, container: Object) -> Iterator[str]:
    try:
        if not settings.auth_off_anywhere:
            refuse_open_door(AuthMode(settings.auth), [settings.host])
    except SetupIncomplete as error:
        yield error.detail
    mounted = tuple(mount["mountPath"] for mount in container.get("volumeMounts", ()))
    for path in (settings.grpc_tls_certificate, settings.grpc_tls_key):
        if path is not None and not str(path).startswith(mounted):
            yield f"{path} is on no volume"


def grace(manifests: Manifests) -> Iterator[str]:
    """A pod has longer to end than its hook before the signal and all that it then waits for."""
    for workload in manifests.workloads("Deployment"):
        for container in workload.containers:
            try:
                needed = _ending_s(manifests, container)
            except (ValidationError, StopIteration):
                yield f"{workload}/{container['name']}: nobody knows how long it takes to end"
                continue
            hook = container.get("lifecycle", {}).get("preStop", {})
            needed += hook.get("sleep", {}).get("seconds", 0) + SPARE_S
            given = workload.pod.get("terminationGracePeriodSeconds", 30)
            if given < needed:
                yield f"{workload}: has {given} s to end and needs {needed:g} s"
            if "worker" not in container.get("args", ()) and not hook:
                yield f"{workload}: ends before it is known to be leaving"


def _ending_s(manifests: Manifests, container: Object) -> float:
    """Return the seconds from the signal to the end, at most."""
    arguments = container.get("args", [])
    if arguments[:1] != ["semblant"]:
        return float(next(a for a in arguments if a.startswith(_EXIT)).removeprefix(_EXIT))
    settings = settings_of(manifests, container)
    draining = settings.worker_drain_s + _LATE_STEPS_S
    if "worker" in arguments:
        return draining
    serving = settings.shutdown_grace_s + round(settings.request_deadline_s) + 1
    return serving + (draining if settings.job_execution == "embedded" else 0)
