"""Standalone embedded server, for a gateway elsewhere or for inspection."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from gateway.errors import InferenceUnavailable
from semblant_triton.launcher import EmbeddedTriton, Ports

_LOOK_S = 0.5


def serve_triton(
    model_repository: Path,
    environment: Path,
    *,
    models: Sequence[str] | None = None,
    ports: Ports | None = None,
    tell: Callable[[str], None] = print,
) -> None:
    """Run the server until SIGINT or SIGTERM; for the main thread of a program.

    Args:
        model_repository: Folder of the models.
        environment: Virtual environment created from `requirements/triton.txt`.
        models: Names to load; None loads all.
        ports: Fixed ports; None chooses free ones.
        tell: Callable that prints the endpoints.

    Raises:
        PlatformUnsupported: if the packaged server cannot run here.
        SetupIncomplete: if its environment is missing.
        InferenceUnavailable: if it fails to start, or ends by itself later.
    """
    asked_to_stop = threading.Event()
    previous = {
        number: signal.signal(number, lambda *_: asked_to_stop.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    triton = EmbeddedTriton(model_repository, environment, models=models, ports=ports)
    try:
        try:
            triton.start(give_up=asked_to_stop)
        except InferenceUnavailable:
            if asked_to_stop.is_set():
                return
            raise
        tell(f"Triton is ready ({triton.startup_s:.1f} s).")
        tell(f"  gRPC     {triton.grpc_url}")
        tell(f"  HTTP     {triton.http_url}")
        tell(f"  metrics  {triton.metrics_url}")
        tell(f"  log      {triton.log_path}")
        while not asked_to_stop.wait(_LOOK_S):
            if not triton.is_alive():
                words = triton.error_text() or "it said nothing"
                raise InferenceUnavailable(f"Triton ended by itself: {words}")
    finally:
        triton.stop()
        for number, handler in previous.items():
            signal.signal(number, handler)
