"""GET /readyz: requests may be sent. Fails while a model is not ready, and before shutting down."""

from __future__ import annotations

from gateway.http.dependencies import RunningServices
from gateway.http.response.error_docs import PROBE_ERRORS
from gateway.http.routing import Router, responses
from gateway.operations.schemas.operations import HealthState

router = Router("operations")


@router.get("/readyz", responses=responses(*PROBE_ERRORS))
async def get_readyz(services: RunningServices) -> HealthState:
    """Report whether requests may be sent: models are ready, no shutdown has begun."""
    services.health.require()
    return HealthState(status="ready")
