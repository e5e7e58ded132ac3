"""GET /livez: the process answers. Fails only if it should be restarted."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from gateway.http.request.negotiate import JSON
from gateway.http.schemas.swaps import HealthState
from gateway.serving.services import Services


async def get_livez(services: Services, request: Request) -> Response:
    """Answer."""
    return Response(HealthState(status="alive").model_dump_json(), media_type=JSON)
