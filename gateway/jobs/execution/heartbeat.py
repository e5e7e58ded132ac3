"""Signs of life of a worker, by which others know whether to take over from it."""

from __future__ import annotations

import logging
import threading
import time

import sqlalchemy as sa

from gateway.database import WORKERS, Now, make_engine, transaction
from gateway.errors import JobsUnavailable, LeaseLost
from gateway.jobs.execution.intervals import Intervals

log = logging.getLogger(__name__)


def live_workers(engine: sa.Engine, pace: Intervals) -> set[str]:
    """Return the workers with a recent heartbeat, by the database's clock."""
    query = sa.select(WORKERS.c.id).where(WORKERS.c.beat > Now() - pace.dead_s)
    with transaction(engine) as connection:
        return set(connection.execute(query).scalars())


def delete_stale_workers(engine: sa.Engine, pace: Intervals) -> None:
    """Remove workers that have been dead for so long that all their tasks were taken over."""
    with transaction(engine) as connection:
        connection.execute(sa.delete(WORKERS).where(WORKERS.c.beat < Now() - 100 * pace.dead_s))


def delete_worker(engine: sa.Engine, worker: str) -> None:
    """Forget a worker that is dead."""
    with transaction(engine) as connection:
        connection.execute(sa.delete(WORKERS).where(WORKERS.c.id == worker))


class WorkerLease:
    """Sends heartbeats in a thread and over a connection of its own, independently of other work.

    Args:
        url: Of the database.
        worker: Identifier of the worker.
        pace: The heartbeat interval and its tolerances.
    """

    def __init__(self, url: str, worker: str, pace: Intervals) -> None:
        self._engine = make_engine(url, connections=1)
        self._worker = worker
        self._pace = pace
        self._last = float("-inf")
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heart", daemon=True)

    def start(self) -> None:
        """Send one heartbeat, then continue in a thread.

        Raises:
            JobsUnavailable: the database is not reachable.
        """
        self._beat()
        self._thread.start()

    @property
    def healthy(self) -> bool:
        """Whether others still know that this worker lives."""
        return time.monotonic() - self._last < self._pace.fence_s

    def require(self) -> None:
        """Check that no other worker can have taken over.

        Raises:
            LeaseLost: another worker may have, or is about to.
        """
        if not self.healthy:
            raise LeaseLost()

    def stop(self) -> None:
        """Stop the heartbeat, and let other workers take over remaining tasks at once."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        try:
            delete_worker(self._engine, self._worker)
        except JobsUnavailable:
            log.warning("the database is away; others will notice by themselves that we are gone")
        self._engine.dispose()

    def _run(self) -> None:
        while not self._ending.wait(self._pace.beat_s):
            try:
                self._beat()
            except JobsUnavailable:
                log.warning("no sign of life could be given; the database is not reachable")
            except Exception:  # any error: the next heartbeat may succeed
                log.exception("no sign of life could be given")

    def _beat(self) -> None:
        began = time.monotonic()  # it counts from before: a slow one must not look young
        with transaction(self._engine) as connection:
            values = {"beat": Now()}
            change = sa.update(WORKERS).where(WORKERS.c.id == self._worker).values(values)
            if connection.execute(change).rowcount == 0:
                connection.execute(sa.insert(WORKERS).values(id=self._worker, **values))
        self._last = began
