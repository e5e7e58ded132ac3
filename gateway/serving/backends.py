"""What runs the models, as the settings want it."""

from __future__ import annotations

from collections.abc import Collection

from semblant_triton.environment import environment_exists

from gateway.inference.addresses import Addresses
from gateway.inference.balanced import BalancedInference, BalancingRules
from gateway.inference.local import LocalInference
from gateway.inference.protocol import ModelControl
from gateway.serving.metrics import Metrics
from gateway.settings import Settings


def make_inference(
    settings: Settings, metrics: Metrics, *, resident: Collection[str]
) -> ModelControl:
    """Return the backend the settings select, not yet started.

    A server of our own begins with the models that are `resident`.
    """
    backend = backend_of(settings)
    if backend == "local":
        return LocalInference(
            settings.model_repository,
            providers=settings.execution_providers,
            intra_op_threads=settings.intra_op_threads,
        )
    if backend == "triton":
        from gateway.inference.triton import TritonInference  # noqa: PLC0415

        memory = settings.triton_shared_memory
        return BalancedInference(
            Addresses(settings.triton_url, every_s=settings.triton_lookup_s),
            lambda address: TritonInference(address, shared_memory=memory),
            BalancingRules(
                attempt_s=settings.triton_attempt_s,
                retry_share=settings.triton_retry_pct / 100,
                hedge_s=settings.triton_hedge_s,
                connection_age_s=settings.triton_connection_age_s,
            ),
            metrics.triton,
        )
    from semblant_triton.launcher import EmbeddedTriton  # noqa: PLC0415

    from gateway.serving.embedded import EmbeddedInference  # noqa: PLC0415

    return EmbeddedInference(
        EmbeddedTriton(
            settings.model_repository, settings.triton_environment, models=sorted(resident)
        ),
        metrics,
        shared_memory=settings.triton_shared_memory,
        hang_s=settings.triton_liveness_timeout_s,
    )


def backend_of(settings: Settings) -> str:
    """Return the backend of the settings, with `auto` resolved by the installed packages."""
    if settings.backend != "auto":
        return settings.backend
    return "embedded" if environment_exists(settings.triton_environment) else "local"
