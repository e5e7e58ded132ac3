"""Observers of jobs: the log and the metrics."""

from __future__ import annotations

import logging
from typing import Protocol

from gateway.jobs.job import JobRecord
from gateway.telemetry.traceparent import sampled_trace

log = logging.getLogger("gateway.jobs")


class Counter(Protocol):
    """Counts jobs."""

    def job_ended(
        self,
        *,
        status: str,
        code: str,
        waited_s: float,
        took_s: float | None,
        trace_id: str | None = None,
    ) -> None:
        """Count a job that has ended.

        Args:
            status: Its final status.
            code: Code of the error, if there was one.
            waited_s: Seconds until it started, or until it ended without starting.
            took_s: Seconds of execution; None if it never started.
            trace_id: Of the request that made it, if that trace is kept.
        """
        ...

    def segment_made(self, *, frames: int, seconds: float) -> None:
        """Count a recorded segment, and its rendering time in seconds."""
        ...

    def attempt_failed(self, code: str) -> None:
        """Count a failed attempt at a step, by the error's code."""
        ...

    def cleanup_failed(self) -> None:
        """Count a failure to clean up after a job; the clean-up is retried."""
        ...

    def jobs_now(self, *, queued: int, running: int) -> None:
        """Record the number of queued jobs and of jobs being executed."""
        ...


class Observer:
    """Reports events of jobs, without their contents.

    Args:
        counter: Counts them.
    """

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self.segment_made = counter.segment_made
        self.attempt_failed = counter.attempt_failed
        self.cleanup_failed = counter.cleanup_failed
        self.jobs_now = counter.jobs_now

    def ended(self, job: JobRecord) -> None:
        """Tell of a job that has ended."""
        assert job.completed is not None
        until = job.started or job.completed
        waited_s = until - job.created
        took_s = None if job.started is None else job.completed - job.started
        code = job.failure.code if job.failure is not None else ""
        self._counter.job_ended(
            status=job.status,
            code=code,
            waited_s=waited_s,
            took_s=took_s,
            trace_id=sampled_trace(job.traceparent),
        )
        line = {
            "job": job.id,
            "status": job.status,
            "code": code or None,
            "frames": job.frames,
            "waited_s": round(waited_s, 1),
            "took_s": None if took_s is None else round(took_s, 1),
        }
        fields = {key: value for key, value in line.items() if value is not None}
        log.info("job ended", extra={"fields": fields})
