"""The definition of a route."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from gateway.errors import SemblantError
from gateway.serving.services import Services

Handler = Callable[[Services, Request], Awaitable[Response]]
RouteErrors = tuple[type[SemblantError], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One address.

    Attributes:
        method: HTTP method.
        path: With parameters in braces.
        handler: Answers it.
        tag: Group in the documentation.
        summary: One sentence.
        description: Whatever else a caller must know, in Markdown.
        model: Model of a JSON answer; None if there is none.
        example: Of the JSON answer.
        media_types: Other types of the answer.
        content: Further types of the answer, each with its OpenAPI media type object.
        status: Of the answer.
        headers: Response headers, each with its description.
        errors: Possible errors, besides those common to all routes.
        extra: Further members of the OpenAPI operation, such as the body.
    """

    method: str
    path: str
    handler: Handler
    tag: str
    summary: str
    description: str = ""
    model: type[BaseModel] | None = None
    example: Any = None
    media_types: tuple[str, ...] = ()
    content: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    errors: RouteErrors = ()
    extra: dict[str, Any] | None = None
