"""What traces requests and jobs, as the settings want it."""

from __future__ import annotations

import logging
import socket
from importlib.metadata import version

from gateway.settings import Settings
from gateway.telemetry.spans import NO_TRACER, Tracer

log = logging.getLogger(__name__)


def tracer_of(settings: Settings) -> Tracer:
    """Return the tracer, not yet started; one that traces nothing unless an endpoint is set."""
    if not settings.traces_endpoint:
        return NO_TRACER
    try:
        from gateway.telemetry.otlp import OtlpTracer  # noqa: PLC0415 - an extra
    except ImportError:
        log.warning("there are no traces: they need the extra `telemetry`")
        return NO_TRACER
    return OtlpTracer(
        settings.traces_endpoint,
        sample_share=settings.traces_sample_pct / 100,
        resource={
            "service.name": settings.traces_service_name,
            "service.version": version("semblant"),
            "service.instance.id": settings.traces_service_instance or socket.gethostname(),
        },
        timeout_s=settings.traces_timeout_s,
    )
