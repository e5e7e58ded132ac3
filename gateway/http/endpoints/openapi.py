"""GET /openapi.json: the machine-readable description."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import JSONResponse, Response

from gateway.http.request.negotiate import JSON
from gateway.http.routing import Router, responses

router = Router("documentation")


@router.get("/openapi.json", responses=responses(media_types=[JSON]))
async def get_openapi(request: Request) -> Response:
    """Return this description."""
    return JSONResponse(request.app.openapi())
