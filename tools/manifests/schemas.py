"""Validation against the schemas of Kubernetes, and ours of the resources that others define."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import kubernetes_validate
from jsonschema import Draft202012Validator

from tools.manifests.combinations import FOLDER
from tools.manifests.render import Object

RELEASES = ("1.35", "1.36", "1.37")
"""The releases of Kubernetes that the manifests are for."""
FOREIGN = (
    "cert-manager.io/",
    "gateway.networking.k8s.io/",
    "keda.sh/",
    "monitoring.coreos.com/",
)
"""API groups that Kubernetes does not have of itself."""
SCHEMAS = FOLDER / "schemas"


def invalid(found: Iterable[Object]) -> Iterator[str]:
    """Yield what is wrong with objects by their schemas; equal ones are looked at once."""
    distinct = {json.dumps(each, sort_keys=True): each for each in found}
    for each in distinct.values():
        name = f"{each['kind']}/{each['metadata']['name']}"
        problems = _foreign(each) if _is_foreign(each) else _native(each)
        yield from (f"{name}: {problem}" for problem in problems)


def _is_foreign(each: Object) -> bool:
    return str(each["apiVersion"]).startswith(FOREIGN)


def _native(each: Object) -> Iterator[str]:
    for release in RELEASES:
        try:
            kubernetes_validate.validate(each, release, strict=True)
        except kubernetes_validate.ValidationError as error:
            place = ".".join(map(str, error.path))
            yield f"Kubernetes {release}: {place}: {error.message}"
        except kubernetes_validate.SchemaNotFoundError as error:
            yield f"Kubernetes {release}: {error.message}"


def _foreign(each: Object) -> Iterator[str]:
    schema = _schema(str(each["apiVersion"]), str(each["kind"]))
    if schema is None:
        yield f"k8s/schemas has none for {each['apiVersion']} {each['kind']}"
        return
    for error in Draft202012Validator(schema).iter_errors(each):
        yield f"{'.'.join(map(str, error.path))}: {error.message}"


@cache
def _schema(version: str, kind: str) -> dict[str, Any] | None:
    path = SCHEMAS / f"{kind.lower()}.json"
    if not path.exists():
        return None
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if schema["properties"]["apiVersion"]["const"] != version:
        return None
    return schema
