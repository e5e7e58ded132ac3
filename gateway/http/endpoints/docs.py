"""GET /docs: the addresses at a glance, without anything loaded from elsewhere."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from gateway.errors import ERROR_TABLE
from gateway.http.response.pages import HTML, page
from gateway.http.routing import Router, responses

router = Router("documentation")


@router.get("/docs", responses=responses(media_types=[HTML]))
async def get_docs(request: Request) -> Response:
    """List the addresses."""
    document = request.app.openapi()
    routes = [
        (f"{method.upper()} {path}", operation["summary"])
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]
    errors = [(f"{spec.http} {spec.code}", spec.title) for spec in ERROR_TABLE.values()]
    intro = "Machine-readable: /openapi.json. Errors are problem details (RFC 9457)."
    return page("Semblant", intro, [("Addresses", routes), ("Errors", errors)])
