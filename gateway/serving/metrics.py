"""What is counted and measured, in Prometheus' terms, in a registry of our own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from gateway.inference.protocol import ModelState
from gateway.pipeline.timings import Timings
from gateway.serving.admission import Admission

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The service's metrics. Times are in seconds; labels never hold what a caller made up."""

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
        self._model_ready = Gauge(
            "semblant_model_ready", "1 for a model that answers.", ("model",), registry=registry
        )
        self.restarts = Counter(
            "semblant_triton_restarts", "Restarts of the embedded server.", registry=registry
        )
        running = Gauge("semblant_requests_running", "Requests worked on.", registry=registry)
        running.set_function(lambda: admission.running)
        waiting = Gauge(
            "semblant_requests_waiting", "Requests uploading or in the queue.", registry=registry
        )
        waiting.set_function(lambda: admission.waiting)

    def answered(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def failed(self, code: str) -> None:
        """Count one error by its code."""
        self._rejections.labels(code).inc()

    def stages(self, timings: Timings) -> None:
        """Record the stages of one request."""
        for stage, seconds in timings.seconds.items():
            self._stage_seconds.labels(stage).observe(seconds)

    def faces(self, *, found: int, swapped: int) -> None:
        """Count the faces of one request."""
        self._faces.labels("found").inc(found)
        self._faces.labels("swapped").inc(swapped)

    def models(self, states: list[ModelState]) -> None:
        """Record which models answer."""
        for state in states:
            self._model_ready.labels(state.name).set(state.ready)

    def render(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)
