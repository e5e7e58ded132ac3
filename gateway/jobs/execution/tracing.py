"""Traces of the steps of jobs: one for each attempt, linked to the request that made the job."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gateway.errors import JobsUnavailable
from gateway.jobs.database.jobs import JobStore
from gateway.telemetry.attributes import Attribute, Value
from gateway.telemetry.spans import Kind, Tracer, entered


class StepTracing:
    """Makes the spans of steps.

    A job may wait for hours, and its steps run on several machines and more than once. They are no
    part of the request's trace, which would never end, but linked to it.

    Args:
        tracer: Begins traces.
        store: Knows by which request a job was made.
    """

    def __init__(self, tracer: Tracer, store: JobStore) -> None:
        self._tracer = tracer
        self._store = store

    @contextmanager
    def attempt(self, step: str, job_id: str, index: int | None) -> Iterator[None]:
        """Trace the block, an attempt at a step; `index` is that of a segment."""
        if not self._tracer.active:
            yield
            return
        told: dict[Attribute, Value] = {Attribute.JOB_ID: job_id, Attribute.JOB_STEP: step}
        if index is not None:
            told[Attribute.SEGMENT] = index
        with entered(
            self._tracer.root(f"job {step}", Kind.INTERNAL, told, links=self._links(job_id))
        ):
            yield

    def _links(self, job_id: str) -> tuple[str, ...]:
        try:
            job = self._store.get(job_id)
        except JobsUnavailable:
            return ()  # the step itself will find that out
        return (job.traceparent,) if job is not None and job.traceparent else ()
