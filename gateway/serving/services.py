"""The composition root: every part of the service, built once from the settings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.access.authenticator import Authenticator, AuthMode
from gateway.access.entry import Entry
from gateway.compute import Compute
from gateway.faces.analyser import FaceAnalyser
from gateway.imaging.threads import opencv_single_threaded
from gateway.inference.contracts import ModelContract, read_contract
from gateway.inference.local import LocalInference
from gateway.inference.on_demand import OnDemandModels
from gateway.inference.protocol import Inference, ModelControl, Startable
from gateway.jobs.protocol import JobEngine
from gateway.jobs.work import JobWork
from gateway.media.numbered import NumberedPictures
from gateway.models.catalog import ModelEntry, load_catalog
from gateway.models.zoo import ZooModel
from gateway.networks.open_nsfw import OpenNsfw
from gateway.pipeline.content import ContentGate
from gateway.pipeline.enrol_identity import Identifier
from gateway.pipeline.expressions.enrol import Enroller
from gateway.pipeline.expressions.track import ExpressionTracker
from gateway.pipeline.fuse_image import ImageFuser
from gateway.pipeline.options.groups import QualityLimits
from gateway.pipeline.selection.models import ModelSelector
from gateway.pipeline.toolkit import Toolkit
from gateway.serving import warm_up
from gateway.serving.admission import Admission
from gateway.serving.audit import Audit, logs
from gateway.serving.backends import make_inference
from gateway.serving.concurrency import AdaptiveLimit
from gateway.serving.consent import IdentityGuard
from gateway.serving.health import Health
from gateway.serving.installed_models import NO_MODELS, InstalledModels, installed_models
from gateway.serving.live import LiveStreams
from gateway.serving.metrics import Metrics
from gateway.serving.rendering import video_work
from gateway.serving.stores import Stores, folder_stores
from gateway.serving.threads import ThreadToolkits
from gateway.serving.tracing import tracer_of
from gateway.serving.trust import TrustPolicy
from gateway.settings import Settings
from gateway.storage.expressions import ExpressionStore
from gateway.storage.identities import IdentityStore
from gateway.telemetry.spans import NO_TRACER, Tracer

if TYPE_CHECKING:
    from gateway.serving.access import Access


@dataclass(frozen=True, slots=True, eq=False)
class Services:
    """The dependencies of request handlers.

    Attributes:
        settings: Of the service.
        backend: The backend that runs the models.
        inference: The same, with models that are loaded when they are needed.
        compute: Threads for imaging work.
        analyser: Finds faces.
        fuser: Swaps them.
        tracker: Follows one through a video.
        enroller: Makes libraries of expressions.
        stores: Of identities and expression libraries.
        trust: Decides what results are marked with, and what is said of them.
        guard: Decides whose faces may be used, and whose are protected.
        content: Refuses sexual pictures.
        audit: Logs what is done.
        identifier: Enrols people.
        admission: Admission control of requests.
        metrics: The service's metrics.
        health: Readiness of the service.
        models: The descriptions of the available models, by name.
        work: The work that jobs execute.
        jobs: Accepts jobs; None where none are accepted.
        intake: Admission control of uploads for jobs.
        live: Runs live streams.
        streams: Admission control of live streams.
        entry: Lets callers in.
        access: What that is made of; None where everybody may call and nothing is limited.
        tracer: Begins traces.
    """

    settings: Settings
    backend: Inference
    inference: Inference
    compute: Compute
    analyser: FaceAnalyser
    fuser: ImageFuser
    tracker: ExpressionTracker
    enroller: Enroller
    stores: Stores
    trust: TrustPolicy
    guard: IdentityGuard
    content: ContentGate
    audit: Audit
    identifier: Identifier
    admission: Admission
    metrics: Metrics
    health: Health
    models: Mapping[str, ModelEntry | ZooModel]
    work: JobWork
    jobs: JobEngine | None
    intake: Admission
    live: LiveStreams
    streams: Admission
    entry: Entry
    access: Access | None
    tracer: Tracer

    @property
    def identities(self) -> IdentityStore:
        """The store of identities."""
        return self.stores.identities

    @property
    def expressions(self) -> ExpressionStore:
        """The store of expression libraries."""
        return self.stores.expressions


def build_services(settings: Settings) -> Services:
    """Build the components; none is started or connected yet.

    Raises:
        SetupIncomplete: the model repository has no catalogue, or it cannot be read.
        ContractViolation: the catalogue or a model's configuration is wrong.
    """
    admission = admission_of(settings)
    metrics = Metrics(admission)
    tracer = tracer_of(settings)
    catalog = load_catalog(settings.model_repository)
    stores = stores_of(settings)
    return assemble(
        settings,
        make_inference(settings, metrics, resident=catalog.models),
        contracts={
            name: read_contract(settings.model_repository / name) for name in catalog.models
        },
        models=catalog.models,
        guests=installed_models(settings),
        stores=stores,
        admission=admission,
        metrics=metrics,
        jobs=lambda work: _jobs(settings, work, metrics, stores, tracer),
        access=access_of(settings),
        audit=audit_of(settings),
        tracer=tracer,
    )


def admission_of(settings: Settings) -> Admission:
    """Return the admission control of requests."""
    target_s = settings.queue_delay_target_ms / 1e3
    limit = AdaptiveLimit(settings.min_concurrency, settings.max_concurrency, target_s)
    return Admission(settings.max_concurrency, settings.max_queue, limit)


def access_of(settings: Settings) -> Access | None:
    """Return what lets callers in; None where everybody may call and nothing is limited."""
    if settings.auth == "off" and not settings.limits_anything:
        return None
    # Its database takes most of a second to import.
    from gateway.serving.access import make_access  # noqa: PLC0415

    return make_access(settings)


def audit_of(settings: Settings) -> Audit:
    """Return what logs what is done; nothing is connected yet."""
    if not logs(settings):
        return Audit()
    from gateway.serving.audit_log import make_audit  # noqa: PLC0415 - as of access

    return make_audit(settings)


def stores_of(settings: Settings) -> Stores:
    """Return the stores of identities and libraries; nothing is connected yet.

    With a database that several gateways may share they are there and in the object store, else in
    the folder of data.
    """
    if not settings.jobs_database_url:
        return folder_stores(settings)
    # Databases and object stores take most of a second to import.
    from gateway.serving.shared_stores import shared_stores  # noqa: PLC0415

    return shared_stores(settings)


def _jobs(
    settings: Settings, work: JobWork, metrics: Metrics, stores: Stores, tracer: Tracer
) -> JobEngine | None:
    if settings.job_execution == "disabled":
        return None
    # Databases and migrations are imported only where there are jobs: they take most of a second.
    from gateway.serving.jobs import make_jobs  # noqa: PLC0415

    return make_jobs(settings, work, metrics, sweep=stores.sweep, tracer=tracer)


def assemble(
    settings: Settings,
    backend: ModelControl,
    *,
    contracts: Mapping[str, ModelContract],
    models: Mapping[str, ModelEntry],
    guests: InstalledModels = NO_MODELS,
    stores: Stores,
    admission: Admission,
    metrics: Metrics,
    jobs: Callable[[JobWork], JobEngine | None],
    work: JobWork | None = None,
    access: Access | None = None,
    audit: Audit | None = None,
    tracer: Tracer = NO_TRACER,
) -> Services:
    """Join the parts that follow from others to them; tests bring those of their own.

    `jobs` builds the job engine for its work, which is built here unless it is given.
    """
    compute = Compute(settings.cpu_threads)
    compute.on_wait = admission.limit.waited
    inference = OnDemandModels(
        backend, sizes=guests.sizes, budget=settings.model_memory_mb * 1_000_000
    )
    kit = Toolkit.of(
        ModelSelector(inference, compute, guests.pulled),
        max_residual=settings.max_fit_residual,
        min_face_px=settings.min_face_px,
    )
    tracker = ExpressionTracker(kit.analyser, compute)
    fuser = kit.image_fuser(
        expected=expected_quality(settings),
        observe=metrics.swapped,
        trace=NumberedPictures(settings.debug_dir) if settings.debug_dir else None,
    )
    inline = contracts if isinstance(backend, LocalInference) else ()
    kits = ThreadToolkits(settings, kit, inline)
    streams = Admission(settings.max_streams, 0)
    metrics.streams(streams)
    trust = TrustPolicy(settings)
    guard = IdentityGuard(settings, stores.identities)
    audit = audit or Audit()
    network = OpenNsfw(inference, compute)
    content = ContentGate(network, settings.content, settings.content_threshold_pct / 100)
    work = work or video_work(
        settings,
        kit,
        kits,
        pictures=fuser,
        identities=stores.identities,
        expressions=stores.expressions,
        trust=trust,
        guard=guard,
        content=content,
        audit=audit,
    )
    return Services(
        settings=settings,
        backend=backend,
        inference=inference,
        compute=compute,
        analyser=kit.analyser,
        fuser=fuser,
        tracker=tracker,
        enroller=Enroller(kit.analyser, tracker, compute, min_face_px=settings.min_face_px),
        stores=stores,
        trust=trust,
        guard=guard,
        content=content,
        audit=audit,
        identifier=Identifier(kit.people, kit.embedder, compute),
        admission=admission,
        metrics=metrics,
        health=Health(inference, contracts, metrics),
        models={**models, **guests.models},
        work=work,
        jobs=jobs(work),
        intake=Admission(settings.max_uploads, 0),
        live=LiveStreams(kits, settings.max_streams),
        streams=streams,
        entry=Entry(Authenticator(AuthMode.OFF))
        if access is None
        else Entry(access.authenticator, access.quotas),
        access=access,
        tracer=tracer,
    )


def expected_quality(settings: Settings) -> QualityLimits:
    """Return what results are expected to be like."""
    limits = {name: getattr(settings, f"quality_{name}") for name in QualityLimits.model_fields}
    return QualityLimits(**limits)


@asynccontextmanager
async def _warming(compute: Compute) -> AsyncIterator[None]:
    """Compile or load the kernels beside the block, and wait for them at its end.

    It is done step by step, so that an interrupted start ends after one of them.
    """

    async def warm() -> None:
        steps, done = warm_up.steps(), object()
        while await compute.run(next, steps, done) is not done:
            pass

    warming = asyncio.create_task(warm(), name="warm-up")
    try:
        yield
        await warming
    finally:
        warming.cancel()
        await asyncio.gather(warming, return_exceptions=True)


@asynccontextmanager
async def running(services: Services) -> AsyncIterator[None]:
    """Start the components, watch the models meanwhile, and stop all components afterwards.

    Nothing of it outlives the block: no thread, no network's session, no setting of the process.
    With a backend of our own a fault at the start is raised; a Triton elsewhere may come later.

    Raises:
        PlatformUnsupported, SetupIncomplete, InferenceUnavailable: the backend does not start.
        ModelNotReady: a model of our own backend is not ready or does not pass the self-test.
        JobsUnavailable: the database of jobs is not reachable.
    """
    with opencv_single_threaded:
        watching: asyncio.Task[None] | None = None
        services.tracer.start()
        services.trust.require()
        try:
            async with _warming(services.compute):
                if isinstance(services.backend, Startable):
                    await services.backend.start()
                await services.health.look()
            if services.settings.backend != "triton":
                services.health.require()
            watching = asyncio.create_task(
                services.health.watch(services.settings.health_interval_s), name="watch-health"
            )
            await services.stores.start()
            await services.audit.start()
            if services.access is not None:
                await services.access.start()
            if services.jobs is not None:
                await services.jobs.start()
            yield
        finally:
            services.health.leave()
            services.admission.close()
            services.intake.close()
            services.streams.close()
            if services.jobs is not None:
                await services.jobs.close()
            if services.access is not None:
                await services.access.close()
            services.stores.close()
            if watching is not None:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
            services.live.close()
            await services.work.close()
            await services.inference.close()
            services.compute.close()
            await asyncio.to_thread(services.audit.close)
            await asyncio.to_thread(services.tracer.close)
