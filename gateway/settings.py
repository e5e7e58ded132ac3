"""Every knob of the service: one frozen object, built once at start and passed down."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Settings, each also an environment variable `SEMBLANT_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="SEMBLANT_", frozen=True, extra="forbid")

    # Serving
    host: str = Field("127.0.0.1", description="Address the HTTP server listens on.")
    port: int = Field(8000, ge=0, le=65535, description="TCP port of the HTTP server; 0 = any.")
    request_deadline_s: float = Field(
        30.0, gt=0, description="Seconds a request may take; passed down to every inference call."
    )
    track_deadline_s: float = Field(
        600.0, gt=0, description="Seconds a request may take that looks through a film."
    )
    upload_timeout_s: float = Field(
        30.0, gt=0, description="Seconds an upload may take to arrive completely."
    )
    max_concurrency: int = Field(
        8, ge=1, description="Requests worked on at the same time; the next ones queue."
    )
    max_queue: int = Field(
        32, ge=0, description="Requests that may wait for a place; beyond it 429 is answered."
    )
    cpu_threads: int = Field(
        0, ge=0, description="Threads for imaging work; 0 = as many as there are cores."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severity that is logged; each request is one `info` line."
    )
    drain_s: float = Field(
        5.0, ge=0, description="Seconds between turning unready and stopping, for load balancers."
    )

    # Limits on what is sent
    max_upload_bytes: int = Field(
        64 * 2**20, ge=1, description="Bytes of a whole request body, counted while it arrives."
    )
    max_pixels: int = Field(
        50_000_000,
        ge=1,
        description="Pixels of one picture or frame, read from its header before decoding.",
    )
    max_video_frames: int = Field(
        9000, ge=1, description="Frames of one film; 9000 are five minutes at 30 a second."
    )
    max_sources: int = Field(8, ge=1, description="Source portraits per request.")
    min_face_px: float = Field(
        20.0, gt=0, description="Pixels: faces narrower than this are refused for a swap."
    )
    max_fit_residual: float = Field(
        0.06,
        gt=0,
        description="Distances between the eyes: landmarks that are farther than this from every "
        "face of the morphable model, root mean square, are unreliable and refused for a swap.",
    )

    # What a result is expected to be like; beyond it is a finding of the report, no error
    quality_max_seam_ratio: float = Field(
        1.6,
        gt=0,
        description="Ratio of what is seen across a new face's border to what was seen there "
        "before; more is a finding.",
    )
    quality_max_ring_delta_e: float = Field(
        12.0,
        gt=0,
        description="CIEDE2000 units between a new face's skin and the skin beside it; more is a "
        "finding, unless the target's own skin differed as much.",
    )
    quality_min_sharpness_ratio: float = Field(
        0.2,
        ge=0,
        description="Ratio of a new face's fine detail to that of the target's own; less is a "
        "finding.",
    )
    quality_max_identity_distance: float = Field(
        0.6,
        gt=0,
        description="Distance of descriptors between a new face and its source; more is a finding.",
    )
    quality_max_expression_error: float = Field(
        0.08,
        gt=0,
        description="Distances between the eyes by which a new face's expression is off, root mean "
        "square; more is a finding.",
    )
    quality_max_pose_error_deg: float = Field(
        8.0,
        gt=0,
        description="Degrees by which a new face is turned away from the target's; more is a "
        "finding.",
    )

    # What is kept
    data_dir: Path = Field(
        PROJECT_ROOT / ".data",
        description="Folder of what is kept: libraries of expressions, enrolled identities.",
    )
    max_library_entries: int = Field(
        64, ge=1, description="Entries of one library, and pictures sent to make it."
    )
    max_libraries: int = Field(1000, ge=1, description="Libraries that are kept.")
    max_identities: int = Field(
        1000, ge=1, description="Enrolled identities that are kept, a person's portraits each."
    )

    # Inference
    backend: Literal["embedded", "triton", "local"] = Field(
        "embedded",
        description="embedded: start the bundled Triton; triton: use a running one; "
        "local: run the same models in this process.",
    )
    triton_url: str = Field("127.0.0.1:8001", description="host:port of Triton's gRPC endpoint.")
    triton_shared_memory: Literal["auto", "on", "off"] = Field(
        "auto", description="System shared memory for tensors; auto: when Triton is on this host."
    )
    triton_hang_s: float = Field(
        30.0, gt=0, description="Seconds of silence after which the embedded Triton is restarted."
    )
    health_interval_s: float = Field(
        1.0, gt=0, description="Seconds between two looks at the models' readiness."
    )
    model_repository: Path = Field(
        PROJECT_ROOT / "model_repository", description="Folder of the models and their catalogue."
    )
    triton_environment: Path = Field(
        PROJECT_ROOT / ".venv-triton",
        description="Virtual environment the embedded server runs in (requirements/triton.txt).",
    )
    cache_dir: Path = Field(
        PROJECT_ROOT / ".cache", description="Folder for downloads that can be made again."
    )
    intra_op_threads: int = Field(
        1, ge=1, description="Threads per model of the in-process backend."
    )
    execution_providers: Annotated[tuple[str, ...], NoDecode] = Field(
        ("CPUExecutionProvider",),
        description="ONNX Runtime providers of the in-process backend, first choice first; in the "
        "environment separated by commas.",
    )

    @field_validator("execution_providers", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(p.strip() for p in value.split(",")) if isinstance(value, str) else value
