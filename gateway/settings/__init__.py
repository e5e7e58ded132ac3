"""All settings of the service: one frozen object, built once at start and passed down."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from gateway.deprecations import note, renames
from gateway.logs import LogFormat
from gateway.paths import (
    default_cache_dir,
    default_data_dir,
    default_model_repository,
    default_triton_environment,
)
from gateway.settings.access import AccessSettings
from gateway.settings.jobs import JobsSettings
from gateway.settings.load import LoadSettings
from gateway.settings.marks import MarksSettings
from gateway.settings.rpc import RpcSettings
from gateway.settings.traces import TracesSettings
from gateway.settings.triton import TritonSettings
from gateway.settings.trust import TrustSettings

ENV_PREFIX = "SEMBLANT_"


class RenamedVariables(EnvSettingsSource):
    """Environment variables of settings that were renamed, under their old names."""

    def __call__(self) -> dict[str, Any]:
        """Return their values under the new names, old values replaced as well."""
        found: dict[str, Any] = {}
        for rename in renames("setting").values():
            value = os.environ.get(f"{ENV_PREFIX}{rename.old.upper()}")
            if value is not None:
                note(rename)
                found[rename.new] = rename.values.get(value, value)
        return found


def misspelt_variables(names: Iterable[str]) -> dict[str, str]:
    """Return the environment variables that look like a misspelt setting, with the one meant.

    Others with our prefix are left alone: Kubernetes sets some for a service of our name.
    """
    known = [f"{ENV_PREFIX}{name.upper()}" for name in Settings.model_fields]
    former = {f"{ENV_PREFIX}{rename.old.upper()}" for rename in renames("setting").values()}
    found: dict[str, str] = {}
    for name in names:
        if name.startswith(ENV_PREFIX) and name not in known and name not in former:
            near = get_close_matches(name, known, n=1, cutoff=0.85)
            if near:
                found[name] = near[0]
    return found


class Settings(
    JobsSettings,
    AccessSettings,
    LoadSettings,
    MarksSettings,
    RpcSettings,
    TracesSettings,
    TritonSettings,
    TrustSettings,
    BaseSettings,
):
    """Settings, each also an environment variable `SEMBLANT_<NAME>`."""

    model_config = SettingsConfigDict(
        hide_input_in_errors=True, env_prefix=ENV_PREFIX, frozen=True, extra="forbid"
    )

    # Serving
    host: str = Field("127.0.0.1", description="Address the HTTP server listens on.")
    port: int = Field(8000, ge=0, le=65535, description="TCP port of the HTTP server; 0 = any.")
    request_deadline_s: float = Field(
        30.0, gt=0, description="Seconds a request may take; passed down to every inference call."
    )
    track_deadline_s: float = Field(
        600.0, gt=0, description="Seconds a request may take that analyses a video."
    )
    upload_timeout_s: float = Field(
        30.0, gt=0, description="Seconds an upload may take to arrive completely."
    )
    cpu_threads: int = Field(
        0, ge=0, description="Threads for imaging work; 0 = as many as there are cores."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severity that is logged; each request is one `info` line."
    )
    log_format: LogFormat = Field(
        "text", description="text: lines for people; json: one JSON object a line."
    )
    debug_dir: Path | None = Field(
        None,
        description="Folder for pictures of every stage of every face that is swapped in a "
        "picture, numbered; they show people: for finding faults only.",
    )
    shutdown_grace_s: float = Field(
        5.0, ge=0, description="Seconds between turning unready and stopping, for load balancers."
    )

    # Limits on request sizes
    max_upload_bytes: int = Field(
        64 * 2**20,
        ge=1,
        description="Bytes of a whole request body, counted while it arrives; in jobs, of a "
        "picture.",
    )
    max_pixels: int = Field(
        50_000_000,
        ge=1,
        description="Pixels of one picture or frame, read from its header before decoding.",
    )
    max_video_frames: int = Field(
        9000, ge=1, description="Frames of one video; 9000 are five minutes at 30 a second."
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

    # Expected quality of a result; a violation is a finding of the report, not an error
    quality_max_seam_ratio: float = Field(
        1.6,
        gt=0,
        description="Ratio of what shows across a new face's border to what showed there "
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
    quality_max_patchiness: float = Field(
        0.6,
        gt=0,
        description="Logarithm of the ratio of brightness by which a new face's skin is off in "
        "patches; more is a finding.",
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

    # Storage
    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="Folder of expression libraries, enrolled identities and jobs.",
    )
    max_library_entries: int = Field(
        64, ge=1, description="Entries of one library, and pictures sent to make it."
    )
    max_libraries: int = Field(1000, ge=1, description="Libraries that are kept.")
    max_identities: int = Field(
        1000, ge=1, description="Enrolled identities that are kept, a person's portraits each."
    )

    # Inference
    backend: Literal["auto", "embedded", "triton", "local"] = Field(
        "auto",
        description="embedded: start the bundled Triton; triton: use a running one; "
        "local: run the same models in this process; auto: embedded where its environment is, "
        "else local.",
    )
    health_interval_s: float = Field(
        1.0, gt=0, description="Seconds between two checks of the models' readiness."
    )
    model_repository: Path = Field(
        default_factory=default_model_repository,
        description="Folder of the models and their catalogue.",
    )
    triton_environment: Path = Field(
        default_factory=default_triton_environment,
        description="Virtual environment of the embedded server, as `semblant setup` makes it.",
    )
    cache_dir: Path = Field(
        default_factory=default_cache_dir,
        description="Folder for downloads that can be made again.",
    )
    require_commercial_license: bool = Field(
        False, description="Refuse models that may not be used commercially: `true` or `false`."
    )
    model_mirrors: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Addresses that third-party models are downloaded from before the public "
        "ones, with `{base}` and `{file}` or without, separated by commas.",
    )
    model_folder: Path | None = Field(
        None, description="Folder of model files that is searched before any address."
    )
    models_offline: bool = Field(
        False, description="Take third-party models from the folder only: `true` or `false`."
    )
    model_download_timeout_s: float = Field(
        30.0, gt=0, description="Seconds of silence after which a download is given up."
    )
    model_profile: Literal["cpu", "gpu", "a100"] = Field(
        "cpu", description="Machine that Triton's configurations are written for."
    )
    model_engine_cache: str = Field(
        "/cache/trt", description="Folder on the server where TensorRT keeps its engines."
    )
    model_memory_mb: int = Field(
        8000,
        ge=1,
        description="Megabytes that third-party models may take together; the least recently "
        "used ones are unloaded for others.",
    )
    intra_op_threads: int = Field(
        1, ge=1, description="Threads per model of the in-process backend."
    )
    execution_providers: Annotated[tuple[str, ...], NoDecode] = Field(
        ("CPUExecutionProvider",),
        description="ONNX Runtime providers of the in-process backend, first choice first; in the "
        "environment separated by commas.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read explicit values first, then the environment, then old names in the environment."""
        return init_settings, env_settings, RenamedVariables(settings_cls)

    @field_validator(
        "execution_providers",
        "webhook_secrets",
        "webhook_schemes",
        "webhook_ports",
        "webhook_allow",
        "model_mirrors",
        "oidc_algorithms",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in value.split(",") if part.strip())

    @field_validator("credentials_command", mode="before")
    @classmethod
    def _words(cls, value: object) -> object:
        return tuple(shlex.split(value)) if isinstance(value, str) else value
