"""GET /readyz: requests may be sent. Fails while a model is not ready, and before shutting down."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from gateway.http.request.negotiate import JSON
from gateway.http.schemas.swaps import HealthState
from gateway.serving.services import Services


async def get_readyz(services: Services, request: Request) -> Response:
    """Respond, or raise the error that prevents readiness."""
    services.health.require()
    return Response(HealthState(status="ready").model_dump_json(), media_type=JSON)
