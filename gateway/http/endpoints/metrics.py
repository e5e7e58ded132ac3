"""GET /metrics: for Prometheus."""

from __future__ import annotations

from starlette.responses import Response

from gateway.http.dependencies import RunningServices
from gateway.http.routing import Router, responses
from gateway.serving.metrics import CONTENT_TYPE

router = Router("operations")


@router.get("/metrics", responses=responses(media_types=["text/plain"]))
async def get_metrics(services: RunningServices) -> Response:
    """Return metrics in Prometheus' text format."""
    return Response(services.metrics.render(), headers={"Content-Type": CONTENT_TYPE})
