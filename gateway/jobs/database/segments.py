"""The segment records in the database: every statement that reads or writes them.

A segment is recorded only by the owner that began it last, and only while its job is executed in
the same run: late writers do no harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from gateway.database import JOBS, SEGMENTS, transaction
from gateway.errors import JobCanceled
from gateway.jobs.job import FinishedSegment, Status, StoredFile


class SegmentStore:
    """Segments of jobs.

    Args:
        engine: Connections to the database.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def claim(self, id: str, run: str, index: int, attempt: str) -> FinishedSegment | None:
        """Begin a segment; return it if it is there already.

        Raises:
            JobCanceled: the job is no longer being executed in that run.
        """
        key = (SEGMENTS.c.job_id == id, SEGMENTS.c.index == index)
        with transaction(self._engine) as connection:
            _lock(connection, id, run)
            row = connection.execute(sa.select(SEGMENTS).where(*key)).one_or_none()
            if row is not None and row.file is not None:
                return _segment(row)
            connection.execute(sa.delete(SEGMENTS).where(*key))
            connection.execute(
                sa.insert(SEGMENTS).values(job_id=id, index=index, attempt=attempt, frames=0)
            )
        return None

    def record(self, id: str, run: str, attempt: str, made: FinishedSegment) -> bool:
        """Record a segment once; return whether it counts: True again for the same attempt."""
        change = (
            sa.update(SEGMENTS)
            .where(
                SEGMENTS.c.job_id == id,
                SEGMENTS.c.index == made.index,
                SEGMENTS.c.attempt == attempt,
            )
            .values(frames=made.frames, file=asdict(made.file), facts=dict(made.facts))
        )
        with transaction(self._engine) as connection:
            try:
                _lock(connection, id, run)
            except JobCanceled:
                return False
            counts = connection.execute(change).rowcount > 0
            if counts:
                connection.execute(_summed(id))
            return counts

    def unrecord(self, id: str, index: int) -> None:
        """Forget a segment whose file is damaged or gone, so that it is rendered again."""
        with transaction(self._engine) as connection:
            connection.execute(
                sa.delete(SEGMENTS).where(SEGMENTS.c.job_id == id, SEGMENTS.c.index == index)
            )

    def made(self, id: str) -> list[FinishedSegment]:
        """Return the recorded segments of a job, in order."""
        query = (
            sa.select(SEGMENTS)
            .where(SEGMENTS.c.job_id == id, SEGMENTS.c.file.is_not(None))
            .order_by(SEGMENTS.c.index)
        )
        with transaction(self._engine) as connection:
            return [_segment(row) for row in connection.execute(query)]

    def count_made(self, id: str) -> int:
        """Return how many segments of a job are there."""
        query = sa.select(sa.func.count()).where(
            SEGMENTS.c.job_id == id, SEGMENTS.c.file.is_not(None)
        )
        with transaction(self._engine) as connection:
            return int(connection.execute(query).scalar_one())

    def advance(self, id: str, frames: Mapping[tuple[int, str], int], fps: float | None) -> int:
        """Note how far segments are, by index and attempt; return the frames of the whole job."""
        # First the job's row: PostgreSQL takes the sum of what was there when the statement began,
        # and while that waits for others another segment may be recorded.
        held = (
            sa.update(JOBS)
            .where(JOBS.c.id == id, JOBS.c.status == Status.PROCESSING)
            .values(run=JOBS.c.run)
        )
        with transaction(self._engine) as connection:
            if connection.execute(held).rowcount == 0:
                return 0
            for (index, attempt), done in frames.items():
                connection.execute(
                    sa.update(SEGMENTS)
                    .where(
                        SEGMENTS.c.job_id == id,
                        SEGMENTS.c.index == index,
                        SEGMENTS.c.attempt == attempt,
                        SEGMENTS.c.file.is_(None),
                    )
                    .values(frames=done)
                )
            values = {} if fps is None else {"fps": fps}
            summed = _summed(id).values(**values).returning(JOBS.c.frames)
            return int(connection.execute(summed).scalar_one_or_none() or 0)


def _lock(connection: sa.Connection, id: str, run: str) -> None:
    """Lock a job until the end of the transaction, if it is executed in that run."""
    # It writes, for with SQLite a transaction begins with the first statement that does: what is
    # only read before may have changed by then.
    held = (
        sa.update(JOBS)
        .where(JOBS.c.id == id, JOBS.c.run == run, JOBS.c.status == Status.PROCESSING)
        .values(run=run)
    )
    if connection.execute(held).rowcount == 0:
        raise JobCanceled()


def _summed(id: str) -> sa.Update:
    """Return the statement that adds the frames of a job's segments up."""
    frames = sa.select(sa.func.coalesce(sa.func.sum(SEGMENTS.c.frames), 0))
    return (
        sa.update(JOBS)
        .where(JOBS.c.id == id, JOBS.c.status == Status.PROCESSING)
        .values(
            frames=frames.where(SEGMENTS.c.job_id == id).scalar_subquery(),
            version=JOBS.c.version + 1,
        )
    )


def _segment(row: sa.Row[Any]) -> FinishedSegment:
    return FinishedSegment(
        row._mapping["index"], row.frames, StoredFile(**row.file), row.facts or {}
    )
