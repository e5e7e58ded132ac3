"""Routes documented by their handlers: the summary and description are those of the docstring."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_type_hints

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from gateway.errors import SemblantError
from gateway.http.response.error_docs import error_responses

Responses = dict[int | str, dict[str, Any]]
_BODILESS = frozenset((204, 304))


class Router(APIRouter):
    """A router whose routes take name, summary and description from their handlers.

    Args:
        tag: Group in the documentation.
    """

    def __init__(self, tag: str) -> None:
        super().__init__(tags=[tag])

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **route: Any) -> None:
        """Add a route; see `APIRouter.add_api_route`."""
        summary, _, description = (inspect.getdoc(endpoint) or "").partition("\n\n")
        route["summary"], route["description"] = summary, description or None
        route["operation_id"] = endpoint.__name__
        route["response_description"] = "Success."
        if get_type_hints(endpoint).get("return") in {Response, type(None)}:
            route["response_class"] = Response
        super().add_api_route(path, endpoint, **route)


def responses(
    *errors: type[SemblantError],
    status: int = 200,
    model: type[BaseModel] | None = None,
    content: Mapping[str, Any] | None = None,
    media_types: Iterable[str] = (),
    headers: Mapping[str, str] | None = None,
    also: Mapping[int, str] | None = None,
) -> Responses:
    """Return OpenAPI's `responses` of a route.

    Args:
        *errors: Possible errors, besides those common to all routes.
        status: Of the answer.
        model: Of a JSON answer, where the handler's return type does not state it.
        content: Further types of the answer, each with its OpenAPI media type object.
        media_types: Further types of the answer.
        headers: Response headers, each with its description.
        also: Further statuses of success, each with its meaning; without a body where it has none.
    """
    answer: dict[str, Any] = {"description": "Success."}
    kinds = {kind: {} for kind in media_types} | dict(content or {})
    if kinds:
        answer["content"] = kinds
    if model is not None:
        answer["model"] = model
    if headers:
        answer["headers"] = {
            name: {"description": meaning, "schema": {"type": "string"}}
            for name, meaning in headers.items()
        }
    others: Responses = {}
    for other, meaning in (also or {}).items():
        others[other] = {**({} if other in _BODILESS else answer), "description": meaning}
    return {status: answer, **others, **error_responses(errors)}
