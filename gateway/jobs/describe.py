"""A job as callers see it: the same object wherever they meet it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gateway.jobs.job import Failure, JobRecord


def describe(
    job: JobRecord, *, position: int | None, workers: int, public_url: str
) -> dict[str, Any]:
    """Return a job's object, as JSON has it.

    Args:
        job: The job.
        position: Number of jobs ahead of it, if it is queued.
        workers: Number of live workers.
        public_url: Prefix of the URLs in it.
    """
    halted = not job.final and not workers
    place = f"{public_url.rstrip('/')}/v1/jobs/{job.id}"
    return {
        "id": job.id,
        "status": job.status.value,
        "stage": job.stage.value,
        "queue_position": position,
        "workers": None if job.final else workers,
        "percent": job.percent,
        "frames": job.frames,
        "total": job.total,
        "fps": None if job.fps is None or halted else round(job.fps, 2),
        "eta_s": None if halted else job.eta_s,
        "priority": job.priority.name.lower(),
        "created": _time(job.created),
        "started": _time(job.started),
        "completed": _time(job.completed),
        "deadline": _time(job.deadline),
        "expires": _time(job.expires),
        "source_id": job.source_id,
        "options": dict(job.options),
        "webhook": None
        if job.webhook is None
        else {"url": job.webhook.url, "events": [event.value for event in job.webhook.events]},
        "error": None if job.failure is None else _error(job.failure),
        "resumable": job.resumable,
        "output": None
        if job.output is None
        else {
            "media_type": job.output.media_type,
            "size": job.output.size,
            "sha256": job.output.sha256,
        },
        "report": None if job.report is None else dict(job.report),
        "urls": {
            "get": place,
            "events": f"{place}/events",
            "cancel": f"{place}/cancel",
            "resume": f"{place}/resume",
            "output": f"{place}/output",
        },
    }


def _error(failure: Failure) -> dict[str, Any]:
    return {
        "type": f"/problems/{failure.code}",
        "code": failure.code,
        "title": failure.title,
        "detail": failure.detail,
        "retryable": failure.retryable,
    }


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()
