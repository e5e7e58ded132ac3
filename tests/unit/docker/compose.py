"""Compose files as their engine reads them: interpolated, merged, and held to rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.paths import PROJECT_ROOT
from gateway.settings import Settings

Document = dict[str, Any]
FILES = {
    "cpu": ("compose.yaml",),
    "gpu": ("compose.yaml", "docker/compose.gpu.yaml"),
}
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")
_PINNED = re.compile(r"[\w./-]+:(?!latest)[\w.-]+@sha256:[0-9a-f]{64}")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Build(_Strict):
    context: str
    dockerfile: str
    args: dict[str, str | None]
    additional_contexts: dict[str, str] = {}


class Dependency(_Strict):
    condition: Literal["service_started", "service_healthy", "service_completed_successfully"]


class Healthcheck(_Strict):
    test: list[str]
    interval: str
    timeout: str
    start_period: str


class Service(_Strict):
    """What we use of the specification; a key that is spelt wrongly is an error."""

    image: str
    build: Build | None = None
    command: list[str] | None = None
    user: str = Field(pattern=r"^[1-9]\d*:\d+$")
    environment: dict[str, str | int] = {}
    ports: list[str] = []
    volumes: list[str] = []
    tmpfs: list[str] = []
    networks: list[str] = []
    network_mode: Literal["none"] | None = None
    depends_on: dict[str, Dependency] = {}
    healthcheck: Healthcheck | None = None
    restart: Literal["unless-stopped", "no"] = "no"
    stop_grace_period: str = ""
    shm_size: str = ""
    pids_limit: int = 0
    logging: dict[str, str] = {}
    read_only: Literal[True]
    cap_drop: tuple[Literal["ALL"]]
    security_opt: tuple[Literal["no-new-privileges:true"]]
    deploy: dict[str, Any]


def variables(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield the variables of a file with their defaults; None: it has to be set."""
    for found in _VARIABLE.finditer(text):
        yield found["name"], found["rest"] if found["kind"] == "-" else None


def read(kind: str, environment: Mapping[str, str] | None = None) -> Document:
    """Return the document of one or more files, as `docker compose config` prints it."""
    merged: Document = {}
    for name in FILES[kind]:
        parsed = yaml.safe_load((PROJECT_ROOT / name).read_text(encoding="utf-8"))
        merged = _merged(merged, _interpolated(parsed, environment or {}))
    return {name: value for name, value in merged.items() if not name.startswith("x-")}


def _interpolated(part: Any, environment: Mapping[str, str]) -> Any:
    def value(found: re.Match[str]) -> str:
        given = environment.get(found["name"], "")
        return given or (found["rest"] if found["kind"] == "-" else f"<{found['name']}>")

    if isinstance(part, dict):
        return {name: _interpolated(entry, environment) for name, entry in part.items()}
    if isinstance(part, list):
        return [_interpolated(entry, environment) for entry in part]
    return _VARIABLE.sub(value, part) if isinstance(part, str) else part


def _merged(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        return below | {name: _merged(below.get(name), value) for name, value in above.items()}
    if isinstance(below, list) and isinstance(above, list) and below != above:
        return [*below, *above]
    return above


def offences(document: Document) -> list[str]:
    """Return what is wrong with a document, each beginning with the service's name."""
    found, services = [], {}
    for name, raw in document["services"].items():
        try:
            services[name] = Service.model_validate(raw)
        except ValidationError as error:
            found += [f"{name}: {_place(e['loc'])}: {e['msg']}" for e in error.errors()]
    for rule in _RULES:
        for name, service in services.items():
            found += [f"{name}: {words}" for words in rule(service, document)]
    return found


def _place(path: tuple[int | str, ...]) -> str:
    return ".".join(map(str, path))


def _image(service: Service, document: Document) -> Iterator[str]:
    ours = {s["image"] for s in document["services"].values() if "build" in s}
    if service.image not in ours and not _PINNED.fullmatch(service.image):
        yield f"image: {service.image} is pinned by no digest"


def _build(service: Service, document: Document) -> Iterator[str]:
    if service.build is None:
        return
    path = PROJECT_ROOT / service.build.dockerfile
    if not path.is_file():
        yield f"build: there is no {service.build.dockerfile}"
        return
    arguments = set(re.findall(r"^ARG (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    for name in service.build.args.keys() - arguments:
        yield f"build: {service.build.dockerfile} has no argument {name}"
    for other in service.build.additional_contexts.values():
        if other.removeprefix("service:") not in document["services"]:
            yield f"build: {other} is no service"


def _settings(service: Service, _: Document) -> Iterator[str]:
    for name in service.environment:
        field = name.removeprefix("SEMBLANT_").lower()
        if name.startswith("SEMBLANT_") and field not in Settings.model_fields:
            yield f"environment: {name} is no setting"


def _references(service: Service, document: Document) -> Iterator[str]:
    for name, dependency in service.depends_on.items():
        other = document["services"].get(name)
        if other is None:
            yield f"depends_on: {name} is no service"
        elif dependency.condition == "service_healthy" and "healthcheck" not in other:
            yield f"depends_on: {name} has no healthcheck"
    for name in set(service.networks) - document["networks"].keys():
        yield f"networks: {name} is not declared"
    for volume in service.volumes:
        source = volume.split(":")[0]
        if source.startswith("."):
            if not (PROJECT_ROOT / source).exists() or not volume.endswith(":ro"):
                yield f"volumes: {source} is not there, or may be written to"
        elif source not in document["volumes"]:
            yield f"volumes: {source} is not declared"


def _reach(service: Service, document: Document) -> Iterator[str]:
    for port in service.ports:
        if not re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port):
            yield f"ports: {port} is open to others than this machine"
    networks = [document["networks"].get(name) or {} for name in service.networks]
    if service.ports and all(network.get("internal") for network in networks):
        yield "ports: a network inside publishes none"


def _endurance(service: Service, _: Document) -> Iterator[str]:
    if "memory" not in service.deploy.get("resources", {}).get("limits", {}):
        yield "deploy: no limit of memory"
    for entry in service.tmpfs:
        if "size=" not in entry:
            yield f"tmpfs: {entry} has no limit"


_RULES: tuple[Callable[[Service, Document], Iterator[str]], ...] = (
    _image,
    _build,
    _settings,
    _references,
    _reach,
    _endurance,
)


def mounts(service: Mapping[str, Any]) -> dict[str, Path]:
    """Return the project's files and folders that a service sees, by their paths in there."""
    pairs = (volume.split(":") for volume in service["volumes"] if volume.startswith("."))
    return {target: PROJECT_ROOT / source for source, target, _ in pairs}
