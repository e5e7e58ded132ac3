"""Reading a request's body as JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request

from gateway.errors import PayloadTooLarge, UnsupportedRequestType
from gateway.http.request.forms import MAX_TEXT_BYTES
from gateway.http.request.negotiate import JSON
from gateway.pipeline.options.parse import Model, read_options


def json_body(kind: type[Model]) -> Callable[[Request], Awaitable[Model]]:
    """Return a dependency that reads and checks the body of a request; see `read_json`."""

    async def body(request: Request) -> Model:
        return await read_json(request, kind)

    return body


def json_docs(kind: type[BaseModel]) -> dict[str, Any]:
    """Return the members of an OpenAPI operation that describe its body of JSON."""
    schema = {"$ref": f"#/components/schemas/{kind.__name__}"}
    return {"requestBody": {"required": True, "content": {JSON: {"schema": schema}}}}


async def read_json(request: Request, kind: type[Model]) -> Model:
    """Read and check the body of a request.

    Raises:
        UnsupportedRequestType: it is of another type.
        PayloadTooLarge: it exceeds the maximum size of a body.
        InvalidOptions: with every finding, each with its JSON pointer.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != JSON:
        raise UnsupportedRequestType(f"The request body must be {JSON}.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedRequestType("Compressed request bodies are not accepted.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_TEXT_BYTES:
            raise PayloadTooLarge(
                f"At most {MAX_TEXT_BYTES} bytes may be sent here.",
                extra={"max_bytes": MAX_TEXT_BYTES},
            )
    return read_options(kind, body or b"{}")
