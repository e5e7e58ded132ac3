"""The application: routes, and around them what happens to every request.

BodyLimits  bounds what is read
Edge        id, headers, log, metrics; every exception ends here
Renamed     former addresses
routes      parse, call, render
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import Any, NoReturn

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Scope

from gateway.http.endpoints import (
    docs,
    expressions,
    faces,
    identities,
    job_events,
    job_output,
    jobs,
    livez,
    metrics,
    models,
    openapi,
    problems,
    readyz,
    swaps,
    tracks,
    uploads,
    verify,
)
from gateway.http.middleware import Edge, RenamedAddresses
from gateway.http.request.body import BodyLimits, ReadLimits
from gateway.operations.schemas.faces import FacesOptions, TrackLine, TrackOptions
from gateway.operations.schemas.identities import IdentityOptions
from gateway.operations.schemas.jobs import WebhookOptions
from gateway.operations.schemas.libraries import EnrolOptions, MatchRequest
from gateway.operations.schemas.problems import Problem
from gateway.pipeline.options.swap import SwapOptions
from gateway.serving.services import Services
from gateway.settings import Settings

ENDPOINTS = (
    swaps,
    faces,
    tracks,
    expressions,
    identities,
    jobs,
    job_events,
    job_output,
    uploads,
    verify,
    models,
    livez,
    readyz,
    metrics,
    problems,
    docs,
    openapi,
)
"""The modules of all addresses, in the order of the documentation."""
PROBES = (livez, readyz, metrics)
"""The modules of the addresses that also a worker answers, with `SEMBLANT_WORKER_PROBE_PORT`."""
DESCRIPTION = (
    "Puts one person's face into another person's picture. Errors are problem details (RFC 9457) "
    "with a stable `code`; their `type` is the address of a page about it."
)


LONG_BODIES = re.compile(r"/v1/(?:jobs|uploads(?:/[^/]*)?)")
"""Addresses to which whole videos are sent."""
_UNSTATED = (
    SwapOptions,
    FacesOptions,
    TrackOptions,
    TrackLine,
    EnrolOptions,
    MatchRequest,
    IdentityOptions,
    WebhookOptions,
    Problem,
)
"""Models that no route states as its answer."""


_SECURITY: dict[str, dict[str, str]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, or a token of the issuer that the service trusts.",
    },
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
"""How callers say who they are, where the service asks for it."""


def create_app(services: Services) -> FastAPI:
    """Return the application over services that their creator starts and stops."""
    app = FastAPI(
        title="Semblant",
        version=version("semblant"),
        description=DESCRIPTION,
        openapi_url=None,  # it and the pages are routes like the others
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={HTTPException: _pass_on, RequestValidationError: _pass_on},
    )
    app.state.services = services
    for endpoint in ENDPOINTS:
        app.include_router(endpoint.router)
    app.add_middleware(RenamedAddresses)
    app.add_middleware(Edge, metrics=services.metrics, tracer=services.tracer)
    app.add_middleware(
        BodyLimits,
        limits=_limits(services.settings),
    )
    _complete_openapi(app)
    return app


def create_probes(services: Services) -> FastAPI:
    """Return an application of `PROBES` alone, for a process that serves no requests."""
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={HTTPException: _pass_on},
    )
    app.state.services = services
    for endpoint in PROBES:
        app.include_router(endpoint.router)
    app.add_middleware(Edge, metrics=services.metrics, tracer=services.tracer)
    return app


def _limits(settings: Settings) -> Callable[[Scope], ReadLimits]:
    """Return which limits hold for the body of a request."""
    usual = ReadLimits(settings.max_upload_bytes, settings.upload_timeout_s)
    long = ReadLimits(settings.max_job_upload_bytes, settings.job_upload_timeout_s)

    def limits(scope: Scope) -> ReadLimits:
        return long if LONG_BODIES.fullmatch(scope["path"]) else usual

    return limits


def _pass_on(request: Request, error: Exception) -> NoReturn:
    """Leave the framework's own errors to the place where all errors are answered."""
    raise error


def _complete_openapi(app: FastAPI) -> None:
    """Add the models that no route states as its answer to the document's components."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        fresh = app.openapi_schema is None
        document = generate()
        if fresh:
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas |= _schemas(_UNSTATED)
            document["components"]["securitySchemes"] = _SECURITY
            document["security"] = [{}, *({name: []} for name in _SECURITY)]
            _remove_foreign_errors(document)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def _remove_foreign_errors(document: dict[str, Any]) -> None:
    """Remove FastAPI's validation errors: ours are problem details, with status 400."""
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for operations in document["paths"].values():
        for operation in operations.values():
            refused = operation["responses"].get("422", {})
            if "application/json" in refused.get("content", {}):
                del operation["responses"]["422"]


def _schemas(models: Iterable[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for model in models:
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        found |= schema.pop("$defs", {})
        found[model.__name__] = schema
    return found
