"""The whole service inside this process: the same application, reached without a network."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx

from gateway.http.app import create_app
from gateway.pipeline.options.parse import read_options
from gateway.pipeline.options.swap import SwapOptions
from gateway.pipeline.options.video import VideoOptions
from gateway.serving.services import build_services, running
from gateway.settings import Settings
from semblant.client import AsyncClient

SHORT_NAMES = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}


def provider_names(providers: Sequence[str]) -> tuple[str, ...]:
    """Return ONNX Runtime's names for short ones; full names pass."""
    return tuple(SHORT_NAMES.get(p.lower(), p) for p in providers)


@asynccontextmanager
async def service(
    settings: Settings,
    *,
    timeout_s: float = 60.0,
    jobs: bool = False,
    options: Mapping[str, Any] | None = None,
) -> AsyncIterator[httpx.ASGITransport]:
    """Run the service for the time of the block and yield a transport to it.

    There is one caller only, so what it grants is the deadline, not what the settings say. With
    `jobs` these are executed here, too; unfinished ones are resumed. `options` of the calls that
    will be made are checked before models are loaded, which takes seconds.

    Raises:
        InvalidOptions, UnknownModel: of the options.
        SetupIncomplete, PlatformUnsupported: if the backend of the settings cannot be started.
    """
    if options is not None:
        read_options(VideoOptions if jobs else SwapOptions, dict(options))
    granted = dict.fromkeys(("request_deadline_s", "track_deadline_s"), timeout_s)
    # An interrupting user does not want to wait: at most a few seconds of a video are lost.
    taken = {"job_execution": "embedded" if jobs else "disabled", "worker_drain_s": 0.0}
    services = build_services(settings.model_copy(update={**granted, **taken}))
    async with running(services):
        yield httpx.ASGITransport(create_app(services), raise_app_exceptions=False)


@asynccontextmanager
async def in_process(
    settings: Settings,
    *,
    timeout_s: float = 60.0,
    jobs: bool = False,
    options: Mapping[str, Any] | None = None,
) -> AsyncIterator[AsyncClient]:
    """Run the service for the time of the block and yield a client of it; see `service`."""
    async with (
        service(settings, timeout_s=timeout_s, jobs=jobs, options=options) as transport,
        AsyncClient("http://in-process", timeout_s=timeout_s, transport=transport) as client,
    ):
        yield client
