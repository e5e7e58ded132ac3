"""The engine's queues for processes that execute no work: enqueue and cancel."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer, WorkflowStatus, error

from gateway.database import reachable
from gateway.jobs.execution.intervals import Intervals
from gateway.jobs.job import Event, JobRecord

APPLICATION = "semblant"
VIDEOS, SEGMENTS, WEBHOOKS = "videos", "segments", "webhooks"
"""Names of the queues and of the tasks in them."""
_WEBHOOKS_AT_ONCE = 16
_FIRST = 1
_LEVEL = 10**8  # more segments than any job has


@dataclass(frozen=True, slots=True)
class Owner:
    """The executor of a task and its attempt: changes with each handover.

    Attributes:
        executor: The process.
        claims: Number of times it was begun.
    """

    executor: str | None
    claims: int


def video_id(job_id: str, run: str) -> str:
    """Return the name of a run among the engine's."""
    return f"{job_id}.{run}"


def segment_id(job_id: str, run: str, index: int) -> str:
    """Return the name of a segment of a run among the engine's."""
    return f"{job_id}.{run}.{index}"


def job_of(workflow_id: str) -> tuple[str, str]:
    """Return the job and the run that a task of the engine belongs to."""
    job_id, run, *_ = workflow_id.split(".")
    return job_id, run


def segment_priority(job: JobRecord, index: int) -> int:
    """Return a segment's turn: by the job's priority, then by its place in the job.

    The first segments of all jobs come before the second ones: so a long video does not keep a
    short one waiting.
    """
    return _FIRST + _LEVEL * job.priority + index


class Queues:
    """Puts work into the engine's queues, in transactions of others.

    Args:
        engine: Connections to the database.
    """

    def __init__(self, engine: sa.Engine) -> None:
        _quieten()
        self._client = DBOSClient(
            system_database_engine=engine,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
            lazy=True,
            retry_connection_errors=False,
        )

    def register(self, *, pace: Intervals, videos: int, segments: int, tenant_videos: int) -> None:
        """Say how much of each may be taken out at a time; the last one to say so counts.

        Args:
            pace: The polling intervals.
            videos: By one process.
            segments: By one process.
            tenant_videos: Maximum number of one tenant, by all processes.
        """
        register = partial(
            self._client.register_queue,
            polling_interval_sec=pace.queue_s,
            on_conflict="always_update",
        )
        with reachable():
            register(VIDEOS, worker_concurrency=videos, partition_concurrency=tenant_videos)
            register(SEGMENTS, worker_concurrency=segments)
            register(WEBHOOKS, worker_concurrency=_WEBHOOKS_AT_ONCE)

    def add_video(self, connection: sa.Connection, job: JobRecord) -> None:
        """Enqueue a job for execution, effective when the transaction commits."""
        self._client.enqueue_in_transaction(
            connection,
            {
                "workflow_name": VIDEOS,
                "queue_name": VIDEOS,
                "workflow_id": video_id(job.id, job.run),
                "priority": _FIRST + job.priority,
                "queue_partition_key": job.tenant,
            },
            job.id,
            job.run,
        )

    def add_webhook(self, connection: sa.Connection, job: JobRecord, event: Event) -> None:
        """Enqueue a webhook notification, effective when the transaction commits."""
        name = f"{video_id(job.id, job.run)}.{event}"
        self._client.enqueue_in_transaction(
            connection,
            {
                "workflow_name": WEBHOOKS,
                "queue_name": WEBHOOKS,
                "workflow_id": f"{name}.1",
            },
            name,
            job.id,
            event.value,
            1,
        )

    def cancel(self, job: JobRecord) -> None:
        """Take a run back, with its segments."""
        with reachable():
            self._client.cancel_workflow(video_id(job.id, job.run), cancel_children=True)

    def again(self, workflow_id: str, queue: str) -> None:
        """Requeue tasks that no process executes."""
        with reachable():
            self._client.resume_workflow(workflow_id, queue_name=queue)

    def forget(self, job_id: str) -> None:
        """Remove all that the engine knows of a job."""
        known = self._list(workflow_id_prefix=f"{job_id}.")
        if known:
            with reachable():
                self._client.delete_workflows([each.workflow_id for each in known])

    def owner(self, workflow_id: str) -> Owner | None:
        """Return the owner of a task; None if the task is not known."""
        found = self._list(workflow_ids=[workflow_id])
        return Owner(found[0].executor_id, found[0].recovery_attempts or 0) if found else None

    def executors(self) -> set[str]:
        """Return the processes that are recorded as executing tasks, dead or alive."""
        return {each.executor_id for each in self._list(status="PENDING") if each.executor_id}

    def held(self, executor: str) -> dict[str, str]:
        """Return the names of the tasks a process executes, each with its queue."""
        held = self._list(status="PENDING", executor_id=executor)
        return {each.workflow_id: each.queue_name for each in held if each.queue_name}

    def broken(self, most: int = 100) -> list[str]:
        """Return the latest names of abandoned tasks of the engine, of videos and segments."""
        found = self._list(
            status=["MAX_RECOVERY_ATTEMPTS_EXCEEDED", "ERROR"],
            name=[VIDEOS, SEGMENTS],
            sort_desc=True,
            limit=most,
        )
        return [each.workflow_id for each in found]

    def close(self) -> None:
        """Let go of the connections."""
        self._client.destroy()

    def _list(self, **asked: Any) -> list[WorkflowStatus]:
        with reachable():
            return self._client.list_workflows(load_input=False, load_output=False, **asked)


def make_engine_tables(url: str) -> None:
    """Create or upgrade the engine's own tables, safely under concurrent calls."""
    with reachable():
        DBOS.migrate(url)


def _matters(record: logging.LogRecord) -> bool:
    """Return whether a log line reports more than the cancellation of a job."""
    called_off = error.DBOSAwaitedWorkflowCancelledError
    return not (record.exc_info and isinstance(record.exc_info[1], called_off))


def _quieten() -> None:
    """Forward the engine's log lines to our log, and only the relevant ones.

    By itself it would write to the terminal, and a line for every look while the database is away.
    """
    logger = logging.getLogger("dbos")
    logger.setLevel(logging.ERROR)
    logger.addFilter(_matters)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
