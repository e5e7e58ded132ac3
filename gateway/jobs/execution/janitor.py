"""Removal of data no longer needed: at a job's end, and at the end of its retention."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path

import sqlalchemy as sa

from gateway.errors import DeadlineExceeded, JobsUnavailable, StorageFull
from gateway.jobs.database.jobs import JobStore
from gateway.jobs.database.queues import Queues
from gateway.jobs.execution.heartbeat import delete_stale_workers, live_workers
from gateway.jobs.execution.intervals import Intervals
from gateway.jobs.execution.worker_locks import LOCK_SUFFIX
from gateway.jobs.job import Failure, JobRecord, Status
from gateway.jobs.notify.observer import Observer
from gateway.storage.objects import ObjectStore

log = logging.getLogger(__name__)

PREFIX = "jobs"
_OWN_MATTER_S = 10.0  # reserved for the process that ended a job to clean up after it
_MOST_PUT_OFF = 1000  # named in one statement


def input_key(job_id: str, token: str, field: str, number: int) -> str:
    """Return the storage key of an uploaded file; `token` distinguishes it from earlier ones."""
    return f"{PREFIX}/{job_id}/in/{token}/{field}-{number}"


def segment_key(job_id: str, index: int, attempt: str) -> str:
    """Return where a segment is kept; each attempt has a place of its own."""
    return f"{PREFIX}/{job_id}/seg/{index}/{attempt}"


def output_key(job_id: str, attempt: str, suffix: str) -> str:
    """Return where an output is kept; each attempt has a place of its own."""
    return f"{PREFIX}/{job_id}/out/{attempt}{suffix}"


class CleanupRetries:
    """Jobs whose clean-up failed recently, and the times of the next attempts; thread-safe.

    Args:
        first_s: Before the second attempt; it doubles with each further one.
        longest_s: Before any attempt.
    """

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s, self._longest_s = first_s, longest_s
        self._failed: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def put_off(self, job_id: str) -> int:
        """Record a failed attempt; return the number of consecutive failures."""
        with self._lock:
            failed = self._failed.get(job_id, (0, 0.0))[0] + 1
            pause_s = min(self._first_s * 2.0 ** min(failed - 1, 30), self._longest_s)
            self._failed[job_id] = (failed, time.monotonic() + pause_s)
        return failed

    def forget(self, job_id: str) -> None:
        """Record a successful attempt."""
        with self._lock:
            self._failed.pop(job_id, None)

    def waiting(self) -> list[str]:
        """Return the jobs whose next attempt is not due, the latest ones if there are many."""
        now = time.monotonic()
        with self._lock:
            # A job that has been due for long no longer exists: another process has cleaned it up.
            for id in [i for i, (_, due) in self._failed.items() if due < now - self._longest_s]:
                del self._failed[id]
            waiting = [id for id, (_, due) in self._failed.items() if due > now]
        return waiting[-_MOST_PUT_OFF:]


class Janitor:
    """Ends jobs whose time limit has passed and removes their data; safe in several processes.

    Args:
        store: The store of jobs.
        queues: The queues they may wait in.
        objects: The store of their files.
        engine: Connections to the database.
        folders: In which the workers of this machine have a folder or a file each, by their ids.
        pace: The polling intervals.
        observer: Told of every job that is ended here.
        further: Called at every sweep.
    """

    def __init__(
        self,
        store: JobStore,
        queues: Queues,
        objects: ObjectStore,
        engine: sa.Engine,
        *,
        folders: Sequence[Path],
        pace: Intervals,
        observer: Observer,
        further: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._queues = queues
        self._objects = objects
        self._engine = engine
        self._folders = folders
        self._pace = pace
        self._observer = observer
        self._further = further
        self._retries = CleanupRetries(pace.sweep_s, pace.longest_cleanup_pause_s)
        self._orphans_looked_for = float("-inf")
        self._unattended = False
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tidy-jobs", daemon=True)

    def start(self) -> None:
        """Look again and again, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def end(
        self, job_id: str, to: Status, *, run: str | None = None, failure: Failure | None = None
    ) -> JobRecord | None:
        """End a job without an output, and clean up after it; None if it has ended already."""
        values = {} if failure is None else {"failure": _told(failure)}
        job = self._store.move(job_id, to, run=run, **values)
        if job is not None:
            self.after(job)
        return job

    def after(self, job: JobRecord) -> None:
        """Clean up after a job that has ended; failed parts are retried later."""
        self._observer.ended(job)
        try:
            self.tidy(job)
        except Exception as error:
            self._put_off(job, error)

    def tidy(self, job: JobRecord) -> None:
        """Remove the data of an ended job that are no longer needed."""
        if job.status is not Status.SUCCEEDED:
            self._queues.cancel(job)
        place = f"{PREFIX}/{job.id}"
        found = self._objects.objects(place)
        if not self._still(job):
            return  # resumed meanwhile; had it been before, what was found might be of its new run
        kept = self._needed(job)
        for each in found:
            if each.key not in kept:
                self._objects.delete(each.key)
        if not kept:
            self._objects.delete_below(place)
        files_left = job.resumable and bool(kept)
        self._store.tidied(job, files_left=files_left)
        self._retries.forget(job.id)

    def _still(self, job: JobRecord) -> bool:
        """Return whether a job is as it was when it ended."""
        now = self._store.get(job.id)
        return now is not None and now.run == job.run and now.status is job.status

    def _needed(self, job: JobRecord) -> set[str]:
        """Return the keys of the retained files of a job that has ended."""
        if job.output is not None:
            return {job.output.key}
        full = job.failure is not None and job.failure.code == StorageFull.spec.code
        if not job.resumable or full:
            return set()
        sent = {file.key for files in job.files.values() for file in files}
        return sent | {segment.file.key for segment in self._store.segments.made(job.id)}

    def remove(self, job: JobRecord) -> None:
        """Remove a job that has ended, with all that is kept of it."""
        self._store.delete(job.id)
        self._queues.forget(job.id)
        self._objects.delete_below(f"{PREFIX}/{job.id}")
        self._retries.forget(job.id)

    def look(self) -> None:
        """End the jobs whose time is over."""
        for job in self._store.late(without=self._retries.waiting()):
            self._guarded(self._end_late, job)
        now = self._store.counts()
        self._observer.jobs_now(
            queued=now.get(Status.QUEUED, 0), running=now.get(Status.PROCESSING, 0)
        )

    def sweep(self) -> None:
        """Remove the remains of other processes, and data whose retention has expired."""
        for job in self._store.untidy(_OWN_MATTER_S, without=self._retries.waiting()):
            self._guarded(self.tidy, job)
        for job in self._store.expired(without=self._retries.waiting()):
            self._guarded(self.remove, job)
        for part in (self._sweep_orphans, self._sweep_scratch, self._sweep_workers, self._further):
            try:
                part()
            except JobsUnavailable:
                raise
            except Exception:  # the others do not depend on it, and it comes again
                log.exception("a part of the sweep failed")

    def _guarded(self, cleanup: Callable[[JobRecord], object], job: JobRecord) -> None:
        """See to one job; what fails is tried again later, and keeps no other job waiting."""
        try:
            cleanup(job)
        except JobsUnavailable:
            raise  # no job's own fault: the next look comes soon
        except Exception as error:
            self._put_off(job, error)

    def _put_off(self, job: JobRecord, error: Exception) -> None:
        """Count and log a clean-up that failed, and let some time pass before the next."""
        failed = self._retries.put_off(job.id)
        self._observer.cleanup_failed()
        log.warning("job %s: clean-up failed, %d in a row", job.id, failed, exc_info=error)

    def _end_late(self, job: JobRecord) -> None:
        to = Status.ABORTED if job.status is Status.QUEUED else Status.CANCELED
        self.end(job.id, to, run=job.run, failure=Failure.of(DeadlineExceeded()))

    def _sweep_workers(self) -> None:
        """Remove dead workers, and log once if jobs wait while no worker is alive."""
        delete_stale_workers(self._engine, self._pace)
        waiting = sum(self._store.counts().values())
        unattended = waiting > 0 and not live_workers(self._engine, self._pace)
        if unattended and not self._unattended:
            log.warning("%d jobs wait, but no worker of this database is alive", waiting)
        self._unattended = unattended

    def _sweep_orphans(self) -> None:
        """Remove old files of jobs that are not known, as a crash may leave them; not often."""
        if time.monotonic() - self._orphans_looked_for < self._pace.orphans_s:
            return
        self._orphans_looked_for = time.monotonic()
        before = time.time() - self._pace.orphan_s
        known: dict[str, bool] = {}
        for found in self._objects.objects(PREFIX):
            job_id = found.key.split("/")[1]
            if found.changed < before:
                if job_id not in known:
                    known[job_id] = self._store.get(job_id) is not None
                if not known[job_id]:
                    self._objects.delete(found.key)

    def _sweep_scratch(self) -> None:
        """Remove what workers of this machine have left that are dead."""
        living = live_workers(self._engine, self._pace)
        before = time.time() - self._pace.dead_s
        for path in chain.from_iterable(f.iterdir() for f in self._folders if f.is_dir()):
            with suppress(FileNotFoundError):
                # A recently created one may belong to a worker that has yet to send a heartbeat.
                if (
                    path.name.removesuffix(LOCK_SUFFIX) not in living
                    and path.stat().st_mtime < before
                ):
                    if path.is_dir():
                        shutil.rmtree(path, ignore_errors=True)
                    else:
                        path.unlink()

    def _run(self) -> None:
        swept = float("-inf")
        while not self._ending.wait(self._pace.keep_s):
            try:
                self.look()
                if time.monotonic() - swept >= self._pace.sweep_s:
                    swept = time.monotonic()
                    self.sweep()
            except JobsUnavailable:
                continue
            except Exception:  # any error: the next poll may succeed
                log.exception("tidying up after jobs failed")


def _told(failure: Failure) -> dict[str, str]:
    return {"code": failure.code, "detail": failure.detail}
