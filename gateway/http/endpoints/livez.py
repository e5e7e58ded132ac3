"""GET /livez: the process answers. Fails only if it should be restarted."""

from __future__ import annotations

from gateway.http.routing import Router, responses
from gateway.operations.schemas.operations import HealthState

router = Router("operations")


@router.get("/livez", responses=responses())
async def get_livez() -> HealthState:
    """Report whether the process is alive."""
    return HealthState(status="alive")
