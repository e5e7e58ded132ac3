"""Settings of traces."""

from __future__ import annotations

from pydantic import BaseModel, Field


class TracesSettings(BaseModel):
    """What sending spans to a collector needs to know."""

    traces_endpoint: str = Field(
        "",
        description="Address that spans are sent to, by OpenTelemetry's protocol over HTTP, such "
        "as `http://collector:4318/v1/traces`; empty: nothing is traced.",
    )
    traces_sample_pct: float = Field(
        10.0,
        ge=0,
        le=100,
        description="Percent of the traces that begin here which are sampled; where the caller's "
        "request is part of a trace, the caller has decided.",
    )
    traces_service_name: str = Field(
        "semblant", min_length=1, description="Name of the service in its spans."
    )
    traces_service_instance: str = Field(
        "", description="Name of this process in its spans; empty: the host's."
    )
    traces_timeout_s: float = Field(
        5.0,
        gt=0,
        description="Seconds that sending spans may take; at the end of the process, the seconds "
        "it may wait for that.",
    )
