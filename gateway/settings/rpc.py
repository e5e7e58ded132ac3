"""Settings of the gRPC server and of live streams."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field


class RpcSettings(BaseModel):
    """What the gRPC server needs to know."""

    grpc_host: str = Field(
        "", description="Address the gRPC server listens on; empty: that of the HTTP server."
    )
    grpc_port: int = Field(
        50051, ge=0, le=65535, description="TCP port of the gRPC server; 0 = any."
    )
    protocols: Literal["http", "grpc", "both"] = Field(
        "http", description="What is served: http, grpc, or both, on two ports."
    )
    grpc_tls_certificate: Path | None = Field(
        None, description="PEM file of the gRPC server's certificate chain; without one, no TLS."
    )
    grpc_tls_key: Path | None = Field(None, description="PEM file of that certificate's key.")
    grpc_tls_client_ca: Path | None = Field(
        None,
        description="PEM file of the authorities whose certificates callers must have (mTLS).",
    )
    grpc_max_calls: int = Field(
        1000, ge=1, description="Calls that are served or wait at the same time, streams included."
    )
    grpc_max_metadata_bytes: int = Field(16384, ge=1024, description="Bytes of a call's metadata.")
    grpc_keepalive_s: float = Field(
        60.0, gt=0, description="Seconds of silence after which a connection is probed."
    )
    grpc_keepalive_timeout_s: float = Field(
        20.0, gt=0, description="Seconds after which an unanswered probe ends a connection."
    )
    max_streams: int = Field(
        16,
        ge=1,
        description="Live streams that are served at the same time; beyond it they are refused.",
    )
    stream_window: int = Field(
        8, ge=1, description="Frames of a live stream that may wait for their turn."
    )
    stream_idle_s: float = Field(
        60.0, gt=0, description="Seconds without a frame after which a live stream is ended."
    )
