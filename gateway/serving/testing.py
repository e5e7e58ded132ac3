"""A service for tests: every part is real but the networks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from gateway.inference.protocol import ModelControl
from gateway.jobs.engine import DurableEngine
from gateway.jobs.protocol import JobEngine
from gateway.jobs.testing import FAST, FakeWork
from gateway.jobs.work import JobWork
from gateway.models.catalog import ModelEntry
from gateway.networks.available import AvailableModels
from gateway.serving.installed_models import InstalledModels
from gateway.serving.metrics import Metrics
from gateway.serving.services import Services, access_of, admission_of, assemble
from gateway.serving.stores import Stores
from gateway.settings import Settings
from gateway.storage.expressions import ExpressionStore
from gateway.storage.identities import IdentityStore
from gateway.storage.testing import MemoryExpressionStore, MemoryIdentityStore
from gateway.telemetry.spans import NO_TRACER, Tracer
from gateway.testing import FakeInference
from gateway.testing_faces import fake_face_inference

_DEFAULTS = {
    "backend": "local",
    "cpu_threads": 2,
    "shutdown_grace_s": 0,
    "job_execution": "disabled",
    "worker_drain_s": 0,
    "port": 0,
    "grpc_port": 0,
}


def fake_services(
    *,
    inference: ModelControl | None = None,
    models: Mapping[str, ModelEntry] | None = None,
    pulled: Collection[str] = (),
    expressions: ExpressionStore | None = None,
    identities: IdentityStore | None = None,
    work: JobWork | None = None,
    videos: bool = False,
    tracer: Tracer = NO_TRACER,
    **settings: Any,
) -> Services:
    """Return services over fake networks, with settings by name; none is started.

    `pulled` are names of installed networks that `inference` has beside our own. Unless given,
    `inference` is `fake_face_inference()`, and libraries and identities are kept in
    memory. Jobs are taken only where settings say so, at a fast rhythm: of a `FakeWork`, or, with
    `videos`, of videos that are actually rendered, over the fake networks. Call
    `services.health.look()` to make them ready, or run them with
    `gateway.serving.services.running`.
    """
    inference = inference or fake_face_inference()
    fakes = inference.models.values() if isinstance(inference, FakeInference) else ()
    chosen = Settings(**{**_DEFAULTS, **settings})
    admission = admission_of(chosen)
    metrics = Metrics(admission)

    def jobs(made: JobWork) -> JobEngine | None:
        if chosen.job_execution == "disabled":
            return None
        inside = chosen.job_execution == "embedded"
        return DurableEngine(chosen, made, metrics.jobs, carry_out=inside, pace=FAST, tracer=tracer)

    return assemble(
        chosen,
        inference,
        contracts={fake.contract.name: fake.contract for fake in fakes},
        models=models or {},
        guests=InstalledModels(AvailableModels(frozenset(pulled))),
        stores=Stores(
            identities or MemoryIdentityStore(most=chosen.max_identities),
            expressions or MemoryExpressionStore(most=chosen.max_libraries),
        ),
        admission=admission,
        metrics=metrics,
        jobs=jobs,
        access=access_of(chosen),
        work=None if videos else work or FakeWork(),
        tracer=tracer,
    )
