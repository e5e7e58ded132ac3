"""GET /metrics: for Prometheus."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from gateway.http.dependencies import RunningServices
from gateway.http.routing import Router, responses
from gateway.serving.metrics import CONTENT_TYPE, OPENMETRICS, OPENMETRICS_TYPE

router = Router("operations")


@router.get("/metrics", responses=responses(media_types=["text/plain", OPENMETRICS]))
async def get_metrics(request: Request, services: RunningServices) -> Response:
    """Return metrics in Prometheus' text format, or in that of OpenMetrics, which has exemplars."""
    if OPENMETRICS in request.headers.get("accept", ""):
        made = services.metrics.render_openmetrics()
        return Response(made, headers={"Content-Type": OPENMETRICS_TYPE})
    return Response(services.metrics.render(), headers={"Content-Type": CONTENT_TYPE})
