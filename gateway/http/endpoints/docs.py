"""GET /docs: the addresses at a glance, without anything loaded from elsewhere."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from gateway.errors import ERROR_TABLE
from gateway.http.response.pages import page
from gateway.serving.services import Services


async def get_docs(services: Services, request: Request) -> Response:
    """Return a page rendered from the OpenAPI document."""
    document = request.app.openapi()
    routes = [
        (f"{method.upper()} {path}", operation["summary"])
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]
    errors = [(f"{spec.http} {spec.code}", spec.title) for spec in ERROR_TABLE.values()]
    intro = "Machine-readable: /openapi.json. Errors are problem details (RFC 9457)."
    return page("Semblant", intro, [("Addresses", routes), ("Errors", errors)])
