"""GET /openapi.json: the machine-readable description."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.serving.services import Services


async def get_openapi(services: Services, request: Request) -> Response:
    """Answer the document."""
    return JSONResponse(request.app.openapi())
