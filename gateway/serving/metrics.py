"""The service's counters, gauges and histograms, in a Prometheus registry of our own."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from gateway.inference.protocol import ModelState
from gateway.pipeline.face.quality import ResultQuality
from gateway.pipeline.timings import Timings
from gateway.serving.admission import Admission
from gateway.telemetry.spans import current

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text"
OPENMETRICS_TYPE = f"{OPENMETRICS}; version=1.0.0; charset=utf-8"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_JOB_SECONDS = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0, 43200.0)
_QUALITY = {
    "seam_ratio": (
        "What is seen across a new face's border, over what was.",
        (0.6, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.6, 2.0, 3.0, 5.0),
    ),
    "ring_delta_e": (
        "Colour difference of a new face's skin to the skin beside it, CIEDE2000.",
        (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 30.0),
    ),
    "sharpness_ratio": (
        "Fine detail of a new face, over what the target's had.",
        (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0),
    ),
    "identity_distance": (
        "Distance of descriptors between a new face and its source, where measured.",
        (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0),
    ),
}
"""Recorded statistics of results, each with its description and buckets."""


class JobMetrics:
    """Metrics of jobs; see `gateway.jobs.notify.observer.Counter`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._jobs = Counter(
            "semblant_jobs",
            "Jobs that ended, by status and error code.",
            ("status", "code"),
            registry=registry,
        )
        self._wait_seconds = Histogram(
            "semblant_job_wait_seconds",
            "Time a job waited for its turn.",
            buckets=_JOB_SECONDS,
            registry=registry,
        )
        self._seconds = Histogram(
            "semblant_job_seconds",
            "Time a job was carried out for.",
            ("status",),
            buckets=_JOB_SECONDS,
            registry=registry,
        )
        self._segment_seconds = Histogram(
            "semblant_job_segment_seconds",
            "Time a segment of a job took, attempts that failed included.",
            buckets=_JOB_SECONDS,
            registry=registry,
        )
        self._frames = Counter("semblant_job_frames", "Frames made for jobs.", registry=registry)
        self._failed = Counter(
            "semblant_job_attempts_failed",
            "Attempts at steps of jobs that failed, by error code.",
            ("code",),
            registry=registry,
        )
        self._cleanups_failed = Counter(
            "semblant_job_cleanups_failed",
            "Failures to remove what nobody needs of a job; each is tried again.",
            registry=registry,
        )
        self._queued = Gauge(
            "semblant_jobs_queued", "Jobs that wait, in the whole database.", registry=registry
        )
        self._running = Gauge(
            "semblant_jobs_running",
            "Jobs that are carried out, in the whole database.",
            registry=registry,
        )

    def job_ended(
        self,
        *,
        status: str,
        code: str,
        waited_s: float,
        took_s: float | None,
        trace_id: str | None = None,
    ) -> None:
        """Count a job that has ended."""
        self._jobs.labels(status, code).inc()
        exemplar = _exemplar(trace_id)
        self._wait_seconds.observe(waited_s, exemplar)
        if took_s is not None:
            self._seconds.labels(status).observe(took_s, exemplar)

    def segment_made(self, *, frames: int, seconds: float) -> None:
        """Count a segment that was recorded."""
        self._frames.inc(frames)
        self._segment_seconds.observe(seconds, _exemplar())

    def attempt_failed(self, code: str) -> None:
        """Count an attempt that failed."""
        self._failed.labels(code).inc()

    def cleanup_failed(self) -> None:
        """Count a clean-up that failed."""
        self._cleanups_failed.inc()

    def jobs_now(self, *, queued: int, running: int) -> None:
        """Record how many jobs have not ended."""
        self._queued.set(queued)
        self._running.set(running)


class TritonMetrics:
    """Of several inference servers that are called as one."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._servers = Gauge(
            "semblant_triton_servers",
            "Inference servers, by whether they are called or left alone.",
            ("state",),
            registry=registry,
        )
        self._retries = Counter(
            "semblant_triton_retries",
            "Calls of models that were made again on another server, by error code.",
            ("code",),
            registry=registry,
        )

    def servers(self, *, used: int, left_alone: int) -> None:
        """Record how many servers are called, and how many are left alone."""
        self._servers.labels("used").set(used)
        self._servers.labels("left_alone").set(left_alone)

    def retried(self, code: str) -> None:
        """Count a call that is made again."""
        self._retries.labels(code).inc()


class Metrics:
    """The service's metrics. Times are in seconds; labels never hold caller-supplied values."""

    def __init__(self, admission: Admission) -> None:
        self.registry = registry = CollectorRegistry()
        self._requests = Counter(
            "semblant_requests",
            "Requests answered, by route and status.",
            ("method", "route", "status"),
            registry=registry,
        )
        self._request_seconds = Histogram(
            "semblant_request_seconds",
            "Time from a request's head to the end of its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=registry,
        )
        # Named as in github.com/grpc-ecosystem/go-grpc-prometheus, which dashboards know.
        of_method = ("grpc_type", "grpc_service", "grpc_method")
        self._rpc_started = Counter(
            "grpc_server_started", "gRPC calls that began.", of_method, registry=registry
        )
        self._rpc_handled = Counter(
            "grpc_server_handled",
            "gRPC calls that ended, by status code.",
            (*of_method, "grpc_code"),
            registry=registry,
        )
        self._rpc_seconds = Histogram(
            "grpc_server_handling_seconds",
            "Time from a gRPC call's begin to its end.",
            of_method,
            buckets=_SECONDS,
            registry=registry,
        )
        self._stage_seconds = Histogram(
            "semblant_stage_seconds",
            "Time a request spent in a stage; `queue` is the wait for a place.",
            ("stage",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._rejections = Counter(
            "semblant_rejections",
            "Requests that failed, by error code.",
            ("code",),
            registry=registry,
        )
        self._faces = Counter(
            "semblant_faces", "Faces found, and faces swapped.", ("what",), registry=registry
        )
        self._quality = {
            name: Histogram(f"semblant_quality_{name}", what, buckets=buckets, registry=registry)
            for name, (what, buckets) in _QUALITY.items()
        }
        self._below = Counter(
            "semblant_quality_below_threshold",
            "Swapped faces that are not as good as expected, or as asked for.",
            registry=registry,
        )
        self._findings = Counter(
            "semblant_quality_findings",
            "Figures of swapped faces that are beyond what is expected.",
            ("figure",),
            registry=registry,
        )
        self._retried = Counter(
            "semblant_quality_retried", "Swapped faces that were fused again.", registry=registry
        )
        self._retries = Counter(
            "semblant_quality_retries", "Attempts beyond the first one.", registry=registry
        )
        self._left_out = Counter(
            "semblant_left_out",
            "Answers that were reduced under load, as their callers allow, by what was left out.",
            ("what",),
            registry=registry,
        )
        self._model_ready = Gauge(
            "semblant_model_ready", "1 for a model that answers.", ("model",), registry=registry
        )
        self.jobs = JobMetrics(registry)
        self.triton = TritonMetrics(registry)
        self.restarts = Counter(
            "semblant_triton_restarts", "Restarts of the embedded server.", registry=registry
        )
        running = Gauge("semblant_requests_running", "Requests worked on.", registry=registry)
        running.set_function(lambda: admission.running)
        waiting = Gauge(
            "semblant_requests_waiting", "Requests uploading or in the queue.", registry=registry
        )
        waiting.set_function(lambda: admission.waiting)
        limit = Gauge(
            "semblant_requests_limit",
            "Requests that are worked on at the same time, at most.",
            registry=registry,
        )
        limit.set_function(lambda: admission.limit.now)

    def left_out(self, notes: Iterable[str]) -> None:
        """Count what was left out of an answer."""
        for note in notes:
            self._left_out.labels(note).inc()

    def streams(self, admission: Admission) -> None:
        """Record how many live streams there are, and may be, from now on."""
        running = Gauge("semblant_streams_running", "Live streams.", registry=self.registry)
        running.set_function(lambda: admission.admitted)
        limit = Gauge(
            "semblant_streams_limit",
            "Live streams that are served at the same time, at most.",
            registry=self.registry,
        )
        limit.set(admission.concurrency)

    def answered(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds, _exemplar())

    def failed(self, code: str) -> None:
        """Count one error by its code."""
        self._rejections.labels(code).inc()

    def stages(self, timings: Timings) -> None:
        """Record the stages of one request."""
        exemplar = _exemplar()
        for stage, seconds in timings.seconds.items():
            self._stage_seconds.labels(stage).observe(seconds, exemplar)

    def rpc_started(self, service: str, method: str, kind: str) -> None:
        """Count a gRPC call that has begun."""
        self._rpc_started.labels(kind, service, method).inc()

    def rpc_answered(self, service: str, method: str, kind: str, code: str, seconds: float) -> None:
        """Count a gRPC call that has ended, by its status code."""
        self._rpc_handled.labels(kind, service, method, code).inc()
        self._rpc_seconds.labels(kind, service, method).observe(seconds, _exemplar())

    def faces(self, *, found: int, swapped: int) -> None:
        """Count the faces of one request."""
        self._faces.labels("found").inc(found)
        self._faces.labels("swapped").inc(swapped)

    def swapped(self, quality: ResultQuality, enough: bool) -> None:
        """Record how good a swapped face is, and whether that is enough for its caller."""
        for name, histogram in self._quality.items():
            value = getattr(quality.figures, name)
            if value is not None:
                histogram.observe(value)
        for figure in quality.findings:
            self._findings.labels(figure).inc()
        self._below.inc(bool(quality.findings) or not enough)
        self._retried.inc(quality.attempts > 1)
        self._retries.inc(quality.attempts - 1)

    def models(self, states: list[ModelState]) -> None:
        """Record which models answer."""
        for state in states:
            self._model_ready.labels(state.name).set(state.ready)

    def render(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)

    def render_openmetrics(self) -> bytes:
        """Return everything in the format of OpenMetrics, which has exemplars."""
        made: bytes = openmetrics.generate_latest(self.registry)  # type: ignore[no-untyped-call]
        return made


def _exemplar(trace_id: str | None = None) -> dict[str, str] | None:
    """Return the exemplar of a measurement: the current trace if it is sampled, or that one."""
    here = current()
    trace_id = here.trace_id if here.sampled else trace_id
    return {"trace_id": trace_id} if trace_id else None
