"""The application: routes, and around them what happens to every request.

BodyLimits  bounds what is read
Edge        id, headers, log, metrics; every exception ends here
Renamed     former addresses
routes      parse, call, render
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from importlib.metadata import version
from typing import Any, NoReturn

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from gateway.http.middleware import Edge, RenamedAddresses
from gateway.http.request.body import BodyLimits, ReadLimits
from gateway.http.request.negotiate import JSON
from gateway.http.routing.error_docs import error_responses
from gateway.http.routing.route import Handler, Route
from gateway.http.routing.routes import ROUTES
from gateway.http.schemas.faces import FacesOptions, TrackLine, TrackOptions
from gateway.http.schemas.identities import IdentityOptions
from gateway.http.schemas.jobs import WebhookOptions
from gateway.http.schemas.libraries import EnrolOptions, MatchRequest
from gateway.http.schemas.swaps import Problem
from gateway.pipeline.options.swap import SwapOptions
from gateway.serving.services import Services
from gateway.settings import Settings

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
    for route in ROUTES:
        _add(app, route, services)
    app.add_middleware(RenamedAddresses)
    app.add_middleware(Edge, metrics=services.metrics)
    app.add_middleware(
        BodyLimits,
        limits=_limits(services.settings),
    )
    _complete_openapi(app)
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


def _add(app: FastAPI, route: Route, services: Services) -> None:
    app.add_api_route(
        route.path,
        _bind(route.handler, services),
        methods=[route.method],
        status_code=route.status,
        tags=[route.tag],
        summary=route.summary,
        description=route.description.strip() or None,
        operation_id=route.handler.__name__,
        response_model=None,
        response_class=Response,
        responses={route.status: _success(route), **error_responses(route.errors)},
        openapi_extra=route.extra,
    )


def _bind(handler: Handler, services: Services) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await handler(services, request)

    return endpoint


def _success(route: Route) -> dict[str, Any]:
    content: dict[str, Any] = {kind: {} for kind in route.media_types} | dict(route.content)
    answer: dict[str, Any] = {"description": "Success."}
    if content or route.model is not None:
        answer["content"] = content
    if route.headers:
        answer["headers"] = {
            name: {"description": meaning, "schema": {"type": "string"}}
            for name, meaning in route.headers.items()
        }
    if route.model is not None:
        answer["model"] = route.model
        content[JSON] = {"example": route.example}
    return answer


def _complete_openapi(app: FastAPI) -> None:
    """Add the models that no route states as its answer to the document's components."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        fresh = app.openapi_schema is None
        document = generate()
        if fresh:
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas |= _schemas(_UNSTATED)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def _schemas(models: Iterable[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for model in models:
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        found |= schema.pop("$defs", {})
        found[model.__name__] = schema
    return found
