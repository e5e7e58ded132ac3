"""A process that executes jobs: the durable engine, configured with the steps.

DBOS keeps what has been done and hands it on. What it leaves to a service of its maker's, to find
out which processes have died, is done here: see `WorkerLease` and `_reap`.
"""

from __future__ import annotations

import asyncio
import logging
import random
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetEnqueueOptions, SetWorkflowID

from gateway.database import make_engine
from gateway.errors import InternalError, JobsUnavailable
from gateway.jobs.database.jobs import JobStore
from gateway.jobs.database.queues import (
    APPLICATION,
    SEGMENTS,
    VIDEOS,
    WEBHOOKS,
    Queues,
    job_of,
    segment_id,
)
from gateway.jobs.execution.heartbeat import WorkerLease, delete_worker, live_workers
from gateway.jobs.execution.intervals import Intervals
from gateway.jobs.execution.janitor import Janitor
from gateway.jobs.execution.monitor import Watch
from gateway.jobs.execution.retries import Attempts
from gateway.jobs.execution.steps import Steps
from gateway.jobs.execution.tracing import StepTracing
from gateway.jobs.execution.worker_locks import WorkerLocks
from gateway.jobs.job import Failure, Status
from gateway.jobs.notify.observer import Observer
from gateway.jobs.task_files import TaskFiles
from gateway.jobs.work import JobWork
from gateway.storage.objects import ObjectStore
from gateway.telemetry.spans import Tracer

log = logging.getLogger(__name__)

VERSION = "wf1"
"""Version of the order of steps: only processes of the same version take over tasks."""
_VIDEO_RECOVERIES = 50  # a long video may outlive many processes
_SEGMENT_RECOVERIES = 5  # a step that ends this many processes is not retried
_CONNECTIONS = 10
_LEAVE_S = 10.0


def recover_pending(executors: AbstractSet[str]) -> None:
    """Requeue the work of dead processes, for any worker to take.

    The only private call of the engine's: in public it has `resume_workflow`, which also takes work
    away from its present executor, and resets the count of processes it ended.
    """
    DBOS._recover_pending_workflows(sorted(executors))


class Worker:
    """Carries jobs out, in threads; there can be only one in a process.

    Args:
        url: Of the database.
        store: The store of jobs.
        queues: The queues they wait in.
        objects: The store of their files.
        tidier: Ends them.
        work: The work the jobs execute.
        tell: Calls a job's webhook and returns whether delivery is settled: takes the message's id,
            the job's, and the event.
        observer: Notified of events.
        tracer: Traces the steps.
        scratch: Folder of the folders of all workers of this machine.
        most_copied_bytes: Bytes of jobs' files that are copied to it at the same time; 0: any.
        locks: Locks by which the workers of this machine detect each other.
        jobs: Maximum number of jobs executed concurrently.
        segments: Maximum number of segments rendered concurrently.
        tenant_jobs: Maximum number of one tenant's jobs executed concurrently, by all workers.
        attempts: Maximum number of failed attempts at a step.
        patience_s: Total seconds that a step waits for unavailable services.
        webhook_attempts: Maximum number of failed calls of a webhook.
        pace: The intervals of periodic actions.
    """

    def __init__(
        self,
        url: str,
        *,
        store: JobStore,
        queues: Queues,
        objects: ObjectStore,
        tidier: Janitor,
        work: JobWork,
        tell: Callable[[str, str, str], bool],
        observer: Observer,
        tracer: Tracer,
        scratch: Path,
        most_copied_bytes: int,
        locks: WorkerLocks,
        jobs: int,
        segments: int,
        tenant_jobs: int,
        attempts: int,
        patience_s: float,
        webhook_attempts: int,
        pace: Intervals,
    ) -> None:
        self.id = f"{socket.gethostname()}-{uuid4().hex[:8]}"
        self._store = store
        self._queues = queues
        self._objects = objects
        self._tidier = tidier
        self._work = work
        self._tell = tell
        self._observer = observer
        self._tracing = StepTracing(tracer, store)
        self._scratch = scratch / self.id
        self._inputs = TaskFiles(objects, self._scratch / "inputs", most_bytes=most_copied_bytes)
        self._locks = locks
        self._jobs = jobs
        self._segments = segments
        self._tenant_jobs = tenant_jobs
        self._most_attempts = attempts
        self._patience_s = patience_s
        self._webhook_attempts = webhook_attempts
        self._pace = pace
        self._heart = WorkerLease(url, self.id, pace)
        self._watch = Watch(store, self._heart, pace)
        self._engine = make_engine(url, connections=_CONNECTIONS)
        self._in_hand: set[str] = set()
        self._lost: set[str] = set()
        self._ending = threading.Event()
        self._reaping = threading.Thread(target=self._reap, name="reap-jobs", daemon=True)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to take jobs; the work is done on `loop`, which must not be this thread's.

        Raises:
            JobsUnavailable: the database is not reachable.
        """
        self._scratch.mkdir(mode=0o700, parents=True)
        self._locks.hold(self.id)
        self._heart.start()  # before any work is taken: no worker may consider this one dead
        self._watch.start()
        attempts = Attempts(
            loop,
            self._watch,
            self._heart,
            self._scratch,
            most=self._most_attempts,
            patience_s=self._patience_s,
            pace=self._pace,
            observer=self._observer,
        )
        steps = Steps(
            self._work,
            attempts,
            store=self._store,
            queues=self._queues,
            objects=self._objects,
            tidier=self._tidier,
            observer=self._observer,
            tracing=self._tracing,
            inputs=self._inputs,
            pace=self._pace,
        )
        self._queues.register(
            pace=self._pace,
            videos=self._jobs,
            segments=self._segments,
            tenant_videos=self._tenant_jobs,
        )
        self._launch(steps)
        self._reaping.start()

    def stop(self, drain_s: float) -> None:
        """Accept no more work, let segments finish for a while, and leave the rest to others."""
        self._ending.set()
        # Waiting steps stop at once; rendering steps get time to finish and record the result.
        self._watch.drain()
        leaving = threading.Timer(drain_s, self._watch.leave)
        leaving.start()
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=round(drain_s))
        leaving.cancel()
        self._watch.leave()
        if not self._watch.wait_until_left(_LEAVE_S):
            log.warning("a step did not end in time; whoever takes over will do it again")
        if self._reaping.is_alive():
            self._reaping.join()
        self._watch.stop()
        self._heart.stop()
        self._locks.release()
        self._engine.dispose()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _launch(self, steps: Steps) -> None:
        """Tell the engine what there is to do, and let it begin."""
        config = DBOSConfig(
            name=APPLICATION,
            system_database_url=self._engine.url.render_as_string(hide_password=False),
            system_database_engine=self._engine,
            executor_id=self.id,
            application_version=VERSION,
            run_migrations=False,
            serializer=DBOSPortableJSONSerializer(),
            log_level="ERROR",
            notification_listener_polling_interval_sec=self._pace.queue_s,
        )
        DBOS(config=config)
        self._register(steps)
        DBOS.listen_queues([VIDEOS, SEGMENTS, WEBHOOKS])
        DBOS.launch()

    def _reap(self) -> None:
        """Take over from dead workers, at once and then again and again."""
        pause_s, due = 0.0, time.monotonic()
        while not self._ending.wait(pause_s):
            pause_s = self._pace.reap_here_s
            try:
                dead_here = self._locks.dead()
                if dead_here:
                    self._look_for_dead(dead_here)
                if time.monotonic() >= due:
                    due = time.monotonic() + self._pace.reap_s * random.uniform(0.9, 1.1)
                    self._look_for_dead()
                    self._look_for_lost()
                    self._look_for_broken()
            except JobsUnavailable:
                continue
            except Exception:  # any error: the next poll may succeed
                log.exception("looking for dead workers failed")

    def _look_for_dead(self, here: AbstractSet[str] = frozenset()) -> None:
        """Take over from workers whose lease is over, and from those of this machine by name."""
        if not self._heart.healthy:
            return
        running = self._queues.executors()
        live = live_workers(self._engine, self._pace) - here
        dead = running - live - {self.id}
        if dead:
            log.info("taking over from %s", ", ".join(sorted(dead)))
            recover_pending(dead)
        for worker in here:
            delete_worker(self._engine, worker)
            self._locks.forget(worker)

    def _look_for_lost(self) -> None:
        """Requeue tasks that are recorded as ours twice in a row although none is executed here.

        This remains where an attempt was abandoned to another process that did not exist.
        """
        held = self._queues.held(self.id)
        lost = held.keys() - self._in_hand
        for name in lost & self._lost:
            log.warning("putting %s back", name)
            self._queues.again(name, held[name])
        self._lost = lost

    def _look_for_broken(self) -> None:
        """Fail jobs that the engine has abandoned: they end every process that executes them."""
        for name in self._queues.broken():
            job_id, run = job_of(name)
            job = self._store.get(job_id)
            if job is None or job.run != run or job.final:
                continue
            failure = Failure.of(InternalError())
            log.error("job %s: given up at %s", job_id, name)
            self._tidier.end(job_id, Status.FAILED, run=run, failure=failure)

    def _register(self, steps: Steps) -> None:
        """Register the steps of jobs with the engine; `VERSION` identifies the order of steps."""

        @DBOS.workflow(name=SEGMENTS, max_recovery_attempts=_SEGMENT_RECOVERIES)
        def segment(job_id: str, run: str, index: int) -> bool:
            with self._carrying_out():
                return DBOS.run_step({"name": "segment"}, steps.segment, job_id, run, index)

        @DBOS.workflow(name=VIDEOS, max_recovery_attempts=_VIDEO_RECOVERIES)
        def video(job_id: str, run: str) -> bool:
            with self._carrying_out():
                if not DBOS.run_step({"name": "begin"}, steps.begin, job_id, run):
                    return False
                divided = DBOS.run_step({"name": "plan"}, steps.plan, job_id, run)
                if divided is None:
                    return False
                for index, turn in zip(divided["todo"], divided["turns"], strict=True):
                    name, priority = (
                        segment_id(job_id, run, index),
                        SetEnqueueOptions(priority=turn),
                    )
                    with SetWorkflowID(name), priority:
                        DBOS.enqueue_workflow(SEGMENTS, segment, job_id, run, index)
                segments = divided["segments"]
                if not DBOS.run_step({"name": "wait"}, steps.wait, job_id, run, segments):
                    return False
                return DBOS.run_step({"name": "finish"}, steps.finish, job_id, run)

        @DBOS.workflow(name=WEBHOOKS, max_recovery_attempts=_VIDEO_RECOVERIES)
        def webhook(name: str, job_id: str, event: str, attempt: int) -> bool:
            with self._carrying_out():
                if DBOS.run_step({"name": "call"}, self._tell, name, job_id, event):
                    return True
                if attempt >= self._webhook_attempts:
                    log.warning("job %s: its webhook was called %d times in vain", job_id, attempt)
                    return False
                # Another one, later: waiting in here would keep a place that others need.
                later = SetEnqueueOptions(delay_seconds=self._pace.webhook_pause_s(attempt))
                with SetWorkflowID(f"{name}.{attempt + 1}"), later:
                    DBOS.enqueue_workflow(WEBHOOKS, webhook, name, job_id, event, attempt + 1)
                return False

    @contextmanager
    def _carrying_out(self) -> Iterator[None]:
        """Register, for the duration of the block, the work being executed."""
        name = DBOS.workflow_id
        assert name is not None
        self._in_hand.add(name)
        try:
            yield
        finally:
            self._in_hand.discard(name)
