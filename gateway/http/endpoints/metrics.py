"""GET /metrics: for Prometheus."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from gateway.serving.metrics import CONTENT_TYPE
from gateway.serving.services import Services


async def get_metrics(services: Services, request: Request) -> Response:
    """Answer everything that is counted."""
    return Response(services.metrics.render(), headers={"Content-Type": CONTENT_TYPE})
