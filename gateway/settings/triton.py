"""Settings of the connection to Triton servers."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class TritonSettings(BaseModel):
    """What calls to inference servers need to know."""

    triton_url: str = Field(
        "127.0.0.1:8001",
        description="host:port of Triton's gRPC endpoint; several separated by commas, or a name "
        "with several addresses: calls are spread over all of them.",
    )
    triton_shared_memory: Literal["auto", "on", "off"] = Field(
        "auto", description="System shared memory for tensors; auto: when Triton is on this host."
    )
    triton_liveness_timeout_s: float = Field(
        30.0, gt=0, description="Seconds of silence after which the embedded Triton is restarted."
    )
    triton_lookup_s: float = Field(
        5.0, gt=0, description="Seconds between two lookups of Triton's addresses."
    )
    triton_attempt_s: float = Field(
        5.0,
        gt=0,
        description="Seconds without an answer after which another Triton is asked, if there is "
        "one.",
    )
    triton_retry_pct: float = Field(
        10.0,
        ge=0,
        le=100,
        description="Percent of the calls to Triton that may be made a second time, at most.",
    )
    triton_hedge_s: float = Field(
        0.0,
        ge=0,
        description="Seconds without an answer after which a second Triton is asked as well, the "
        "first answer counting; such calls are part of those made a second time. 0: never.",
    )
    triton_connection_age_s: float = Field(
        0.0,
        ge=0,
        description="Seconds after which a connection to Triton is replaced, for load balancers "
        "that spread connections; 0: never.",
    )
