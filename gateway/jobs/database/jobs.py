"""The job records in the database: every statement that reads or writes them.

Each statement states its own preconditions: a job changes state only from permitted previous
states. Late or concurrent writers therefore do no harm.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from gateway.database import IDEMPOTENCY_LOCKS, JOBS, SEGMENTS, Now, transaction
from gateway.errors import IdempotencyInProgress
from gateway.jobs.database.queues import Queues
from gateway.jobs.database.segments import SegmentStore
from gateway.jobs.job import (
    COMES_FROM,
    FINAL,
    Event,
    Failure,
    JobPriority,
    JobQuery,
    JobRecord,
    JobStage,
    JobSubmission,
    Output,
    Status,
    StoredFile,
    Webhook,
    new_run,
)
from gateway.jobs.work import JobPlan

_MOST_AT_ONCE = 100  # maximum number of rows per sweep
Files = Mapping[str, Sequence[StoredFile]]


class JobStore:
    """Jobs and their segments.

    Args:
        engine: Connections to the database.
        queues: Queues for follow-up tasks of a change, in the same transaction.
    """

    def __init__(self, engine: sa.Engine, queues: Queues) -> None:
        self._engine = engine
        self._queues = queues
        self.segments = SegmentStore(engine)

    # Jobs

    def add(
        self, id: str, order: JobSubmission, files: Files, traceparent: str | None = None
    ) -> JobRecord | None:
        """Accept a request and enqueue the job; None if such a job already exists."""
        values = {
            "id": id,
            "tenant": order.tenant,
            "status": Status.QUEUED,
            "stage": JobStage.QUEUED,
            "run": new_run(),
            "version": 1,
            "fingerprint": order.fingerprint,
            "priority": int(order.priority),
            "options": dict(order.options),
            "source_id": order.source_id,
            "files": {name: [asdict(file) for file in kept] for name, kept in files.items()},
            "webhook": None if order.webhook is None else asdict(order.webhook),
            "created": Now(),
            "deadline": None if order.cancel_after_s is None else Now() + order.cancel_after_s,
            "retention_s": order.retention_s,
            "frames": 0,
            "has_files": True,
            "tidy": False,
            "traceparent": traceparent,
        }
        try:
            with self._begin() as connection:
                row = connection.execute(sa.insert(JOBS).values(values).returning(JOBS)).one()
                job = _job(row)
                self._queues.add_video(connection, job)
                return job
        except sa.exc.IntegrityError:
            return None

    def get(self, id: str, tenant: str | None = None) -> JobRecord | None:
        """Return a job; None if there is none, or only one of another tenant."""
        query = sa.select(JOBS).where(JOBS.c.id == id)
        if tenant is not None:
            query = query.where(JOBS.c.tenant == tenant)
        with self._begin() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _job(row)

    def page(self, tenant: str, asked: JobQuery) -> list[JobRecord]:
        """Return jobs of a tenant, the latest first."""
        query = sa.select(JOBS).where(JOBS.c.tenant == tenant)
        if asked.statuses:
            query = query.where(JOBS.c.status.in_(asked.statuses))
        if asked.after is not None:
            query = query.where(sa.tuple_(JOBS.c.created, JOBS.c.id) < sa.tuple_(*asked.after))
        query = query.order_by(JOBS.c.created.desc(), JOBS.c.id.desc()).limit(asked.limit)
        with self._begin() as connection:
            return [_job(row) for row in connection.execute(query)]

    def position(self, job: JobRecord) -> int | None:
        """Return how many jobs come before one whose turn has not come; None if it has."""
        if job.status is not Status.QUEUED:
            return None
        before = sa.tuple_(JOBS.c.priority, JOBS.c.created, JOBS.c.id)
        query = (
            sa.select(sa.func.count())
            .where(JOBS.c.status == Status.QUEUED)
            .where(before < sa.tuple_(int(job.priority), job.created, job.id))
        )
        with self._begin() as connection:
            return int(connection.execute(query).scalar_one())

    def counts(self) -> dict[Status, int]:
        """Return how many jobs have not ended, by status."""
        query = (
            sa.select(JOBS.c.status, sa.func.count())
            .where(JOBS.c.status.notin_(FINAL))
            .group_by(JOBS.c.status)
        )
        with self._begin() as connection:
            return {Status(status): count for status, count in connection.execute(query)}

    def move(
        self, id: str, to: Status, *, run: str | None = None, **values: Any
    ) -> JobRecord | None:
        """Bring a job into another state: the only way its status ever changes.

        The webhook notification and the execution of a job that starts anew are enqueued in the
        same transaction.

        Args:
            id: Of the job.
            to: The state.
            run: In which run it must be.
            values: Further columns.

        Returns:
            The job; None if it was in no state, or run, from which it may come there.
        """
        change = (
            sa.update(JOBS)
            .where(JOBS.c.id == id, JOBS.c.status.in_(COMES_FROM[to]))
            .values(status=to, version=JOBS.c.version + 1, **(_entering(to) | values))
        )
        if run is not None:
            change = change.where(JOBS.c.run == run)
        if to is Status.QUEUED:
            change = change.where(JOBS.c.tidy, JOBS.c.has_files)
        with self._begin() as connection:
            row = connection.execute(change.returning(JOBS)).one_or_none()
            if row is None:
                return None
            job = _job(row)
            if to is Status.QUEUED:
                unmade = (SEGMENTS.c.job_id == id, SEGMENTS.c.file.is_(None))
                connection.execute(sa.delete(SEGMENTS).where(*unmade))
                self._queues.add_video(connection, job)
            event = _event(job)
            if event is not None and job.webhook is not None and event in job.webhook.events:
                self._queues.add_webhook(connection, job, event)
        return job

    def delete(self, id: str) -> None:
        """Forget a job and its segments."""
        with self._begin() as connection:
            connection.execute(sa.delete(JOBS).where(JOBS.c.id == id))

    # Updates written by a run

    def note(self, id: str, run: str, **values: Any) -> bool:
        """Update a job that is being executed; return whether it is in that run."""
        change = (
            sa.update(JOBS)
            .where(JOBS.c.id == id, JOBS.c.run == run, JOBS.c.status == Status.PROCESSING)
            .values(version=JOBS.c.version + 1, **values)
        )
        with self._begin() as connection:
            return connection.execute(change).rowcount > 0

    def states(self, ids: Sequence[str]) -> dict[str, tuple[str, Status, Failure | None]]:
        """Return run, status and failure of each of the jobs that is there."""
        query = sa.select(JOBS.c.id, JOBS.c.run, JOBS.c.status, JOBS.c.failure).where(
            JOBS.c.id.in_(ids)
        )
        with self._begin() as connection:
            return {
                id: (run, Status(status), None if failure is None else Failure(**failure))
                for id, run, status, failure in connection.execute(query)
            }

    # Maintenance

    def late(self, *, without: Collection[str] = ()) -> list[JobRecord]:
        """Return jobs that have not ended and whose time is over, but for some by their ids."""
        return self._some(
            JOBS.c.status.notin_(FINAL), JOBS.c.deadline <= Now(), JOBS.c.id.notin_(without)
        )

    def untidy(self, older_s: float, *, without: Collection[str] = ()) -> list[JobRecord]:
        """Return jobs that ended some time ago and of which too much is left; as `late`."""
        return self._some(
            JOBS.c.status.in_(FINAL),
            sa.not_(JOBS.c.tidy),
            JOBS.c.completed <= Now() - older_s,
            JOBS.c.id.notin_(without),
        )

    def expired(self, *, without: Collection[str] = ()) -> list[JobRecord]:
        """Return jobs that have been kept for long enough; as `late`."""
        return self._some(
            JOBS.c.status.in_(FINAL), JOBS.c.expires <= Now(), JOBS.c.id.notin_(without)
        )

    def tidied(self, job: JobRecord, *, files_left: bool) -> None:
        """Record that all data of a job but those to be retained have been removed."""
        change = sa.update(JOBS).where(JOBS.c.id == job.id, JOBS.c.version == job.version)
        values: dict[str, Any] = {"tidy": True}
        if not files_left:
            values |= {"files": {}, "has_files": False, "version": JOBS.c.version + 1}
        with self._begin() as connection:
            connection.execute(change.values(**values))

    # Requests that are being read

    def take(self, id: str, token: str, *, at_most_s: float) -> None:
        """Record that the request of a job is being read, so that no other process reads it.

        Raises:
            IdempotencyInProgress: another process is reading it, for no longer than `at_most_s`.
        """
        with self._begin() as connection:
            connection.execute(
                sa.delete(IDEMPOTENCY_LOCKS).where(
                    IDEMPOTENCY_LOCKS.c.id == id, IDEMPOTENCY_LOCKS.c.since < Now() - at_most_s
                )
            )
        try:
            with self._begin() as connection:
                connection.execute(
                    sa.insert(IDEMPOTENCY_LOCKS).values(id=id, token=token, since=Now())
                )
        except sa.exc.IntegrityError:
            raise IdempotencyInProgress(retry_after_s=1) from None

    def let_go(self, id: str, token: str) -> None:
        """Record that a request has been read, or never will be."""
        with self._begin() as connection:
            connection.execute(
                sa.delete(IDEMPOTENCY_LOCKS).where(
                    IDEMPOTENCY_LOCKS.c.id == id, IDEMPOTENCY_LOCKS.c.token == token
                )
            )

    @contextmanager
    def _begin(self) -> Iterator[sa.Connection]:
        with transaction(self._engine) as connection:
            yield connection

    def _some(self, *conditions: sa.ColumnElement[bool]) -> list[JobRecord]:
        with self._begin() as connection:
            found = connection.execute(sa.select(JOBS).where(*conditions).limit(_MOST_AT_ONCE))
            return [_job(row) for row in found]


def _entering(status: Status) -> dict[str, Any]:
    """Return the column values of a job that enters a state."""
    if status is Status.QUEUED:
        return {
            "stage": JobStage.QUEUED,
            "run": new_run(),
            "completed": None,
            "expires": None,
            "deadline": None,
            "failure": None,
            "fps": None,
            "tidy": False,
        }
    if status is Status.PROCESSING:
        return {"stage": JobStage.PREPARING, "started": sa.func.coalesce(JOBS.c.started, Now())}
    return {
        "stage": JobStage.DONE,
        "completed": Now(),
        "expires": Now() + JOBS.c.retention_s,
        "tidy": False,
    }


def _event(job: JobRecord) -> Event | None:
    """Return the event to report for a job that has just entered its state; None if none."""
    if job.status is Status.PROCESSING:
        return Event.START
    return Event.COMPLETED if job.final else None


def _job(row: sa.Row[Any]) -> JobRecord:
    told = dict(row._mapping)
    del told["tidy"], told["has_files"]
    webhook = told["webhook"]
    if webhook is not None:
        webhook = Webhook(webhook["url"], tuple(Event(event) for event in webhook["events"]))
    return JobRecord(
        **told
        | {
            "status": Status(told["status"]),
            "stage": JobStage(told["stage"]),
            "priority": JobPriority(told["priority"]),
            "files": {n: [StoredFile(**kept) for kept in f] for n, f in told["files"].items()},
            "webhook": webhook,
            "plan": None if told["plan"] is None else JobPlan(**told["plan"]),
            "failure": None if told["failure"] is None else Failure(**told["failure"]),
            "output": None if told["output"] is None else Output(**told["output"]),
        }
    )
