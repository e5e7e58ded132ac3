"""The steps of a job, as the engine calls them; each may be executed any number of times.

The reason that ends a job is recorded in the job itself, at once. A step therefore returns only
whether to continue: failures of the work are never raised as errors of the engine.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TypedDict, TypeVar

from gateway.errors import InternalError, NotFound
from gateway.jobs.database.jobs import JobStore
from gateway.jobs.database.queues import Owner, Queues, segment_id, segment_priority, video_id
from gateway.jobs.execution.intervals import Intervals
from gateway.jobs.execution.janitor import Janitor, output_key, segment_key
from gateway.jobs.execution.monitor import MonitoredStep
from gateway.jobs.execution.retries import Abandoned, Attempts, Refused, Unwanted
from gateway.jobs.execution.tracing import StepTracing
from gateway.jobs.job import (
    Failure,
    FinishedSegment,
    JobRecord,
    JobStage,
    Output,
    Status,
    StoredFile,
)
from gateway.jobs.notify.observer import Observer
from gateway.jobs.task_files import TaskFiles
from gateway.jobs.work import JobWork, Made
from gateway.storage.objects import ObjectStore
from gateway.telemetry.log_scope import log_scope

log = logging.getLogger(__name__)

T = TypeVar("T")


class Divided(TypedDict):
    """The division of a job into segments, as stored by the engine."""

    segments: int
    todo: list[int]
    turns: list[int]


def sha256_of(path: Path) -> str:
    """Return the digest of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Steps:
    """The steps a worker executes for jobs.

    Args:
        work: The work that jobs execute.
        attempts: Makes attempts at it.
        store: The store of jobs.
        queues: The engine's queues, with the owners of tasks.
        objects: The store of files.
        tidier: Ends jobs.
        observer: Notified of results.
        tracing: Traces attempts at steps.
        inputs: Makes copies of files that are kept elsewhere.
        pace: The polling intervals.
    """

    def __init__(
        self,
        work: JobWork,
        attempts: Attempts,
        *,
        store: JobStore,
        queues: Queues,
        objects: ObjectStore,
        tidier: Janitor,
        observer: Observer,
        tracing: StepTracing,
        inputs: TaskFiles,
        pace: Intervals,
    ) -> None:
        self._work = work
        self._attempts = attempts
        self._store = store
        self._queues = queues
        self._objects = objects
        self._tidier = tidier
        self._observer = observer
        self._tracing = tracing
        self._pace = pace
        self._inputs = inputs

    def begin(self, job_id: str, run: str) -> bool:
        """Record that a job has started; return whether it is to be executed."""

        def step() -> bool:
            if self._store.move(job_id, Status.PROCESSING, run=run) is not None:
                log.info("job %s: begun", job_id)
                return True
            return self._store.note(job_id, run)

        with log_scope(job_id=job_id):
            return self._attempts.patiently(step)

    def plan(self, job_id: str, run: str) -> Divided | None:
        """Divide a job, or find how it was divided; None if it has ended."""

        def step(control: MonitoredStep, folder: Path) -> Divided:
            job = self._job(job_id, run)
            plan = job.plan
            if plan is None:
                with self._inputs.of(job) as task:
                    plan = self._attempts.result(self._work.plan(task, control), control)
                if not self._store.note(
                    job_id, run, plan=asdict(plan) | {"facts": dict(plan.facts)}
                ):
                    raise Unwanted
            made = {segment.index for segment in self._store.segments.made(job_id)}
            self._store.note(job_id, run, stage=JobStage.MAKING)
            todo = [index for index in range(plan.segments) if index not in made]
            return Divided(
                segments=plan.segments,
                todo=todo,
                turns=[segment_priority(job, index) for index in todo],
            )

        return self._step("plan", job_id, run, step)

    def segment(self, job_id: str, run: str, index: int) -> bool:
        """Render a segment and record it; return whether it exists."""

        def step(control: MonitoredStep, folder: Path) -> bool:
            if self._store.segments.claim(job_id, run, index, control.attempt) is not None:
                return True
            job = self._job(job_id, run)
            assert job.plan is not None
            out = folder / "segment"
            with self._inputs.of(job) as task:
                work = self._work.segment(task, job.plan, index, out, control)
                made = self._attempts.result(work, control)
            self._keep_segment(job, index, made, out, control)
            self._observer.segment_made(frames=made.frames, seconds=time.monotonic() - began)
            return True

        began = time.monotonic()
        return bool(self._step("segment", job_id, run, step, index=index))

    def wait(self, job_id: str, run: str, segments: int) -> bool:
        """Wait for all segments; return whether all exist, or False if the job has ended."""

        def step(control: MonitoredStep, folder: Path) -> bool:
            while True:
                control.check()
                if self._store.segments.count_made(job_id) >= segments:
                    return True
                time.sleep(self._pace.watch_s)

        return bool(self._step("wait", job_id, run, step, idle=True))

    def finish(self, job_id: str, run: str) -> bool:
        """Join the segments and publish the output; return whether that was done."""

        def step(control: MonitoredStep, folder: Path) -> bool:
            job = self._job(job_id, run)
            self._store.note(job_id, run, stage=JobStage.FINISHING)
            assert job.plan is not None
            parts = [
                self._part(job, segment, folder) for segment in self._store.segments.made(job_id)
            ]
            if len(parts) != job.plan.segments:
                raise InternalError(f"{len(parts)} of {job.plan.segments} segments are there.")
            out = folder / "output"
            with self._inputs.of(job) as task:
                work = self._work.finish(task, job.plan, parts, out, control)
                done = self._attempts.result(work, control)
            key = output_key(job_id, control.attempt, done.suffix)
            output = Output(key, sha256_of(out), out.stat().st_size, done.media_type, done.suffix)
            self._objects.put(key, out)
            self._publish(job, output, dict(done.report))
            return True

        return bool(self._step("join", job_id, run, step))

    def _step(
        self,
        what: str,
        job_id: str,
        run: str,
        step: Callable[[MonitoredStep, Path], T],
        *,
        index: int | None = None,
        idle: bool = False,
    ) -> T | None:
        """Carry a step out; None if the job has ended, which it does if the step fails."""
        name = video_id(job_id, run) if index is None else segment_id(job_id, run, index)

        def owner() -> Owner | None:
            return self._queues.owner(name)

        def traced(control: MonitoredStep, folder: Path) -> T:
            with self._tracing.attempt(what, job_id, index):
                return step(control, folder)

        with log_scope(job_id=job_id):
            try:
                # Waiting is no work: it would fill a trace with nothing.
                what_is_done = step if idle else traced
                return self._attempts.carry_out(
                    job_id, run, what_is_done, owner, index=index, idle=idle
                )
            except Unwanted:
                return None
            except Refused as refused:
                failure = Failure.of(refused.error)
                self._attempts.patiently(
                    lambda: self._tidier.end(job_id, Status.FAILED, run=run, failure=failure)
                )
                return None

    def _job(self, job_id: str, run: str) -> JobRecord:
        """Return a job that is being executed in a run."""
        job = self._store.get(job_id)
        if job is None or job.run != run or job.status is not Status.PROCESSING:
            raise Unwanted
        return job

    def _keep_segment(
        self, job: JobRecord, index: int, made: Made, out: Path, control: MonitoredStep
    ) -> None:
        """Record the result, or remove it completely."""
        key = segment_key(job.id, index, control.attempt)
        file = StoredFile(key, sha256_of(out), out.stat().st_size)
        self._objects.put(key, out)
        segment = FinishedSegment(index, made.frames, file, dict(made.facts))
        counts = self._attempts.patiently(
            lambda: self._store.segments.record(job.id, job.run, control.attempt, segment)
        )
        if not counts:
            self._objects.delete(key)
            self._job(job.id, job.run)
            raise Abandoned  # another attempt began after this one, and will do

    def _part(self, job: JobRecord, segment: FinishedSegment, folder: Path) -> tuple[Path, Made]:
        """Return a segment to be joined, if it matches its record."""
        with suppress(NotFound):
            path = self._objects.local(segment.file.key, folder)
            if sha256_of(path) == segment.file.sha256:
                return path, Made(segment.frames, segment.facts)
        self._store.segments.unrecord(job.id, segment.index)
        raise InternalError(f"Segment {segment.index} is not what was recorded.")

    def _publish(self, job: JobRecord, output: Output, report: dict[str, object]) -> None:
        """Record the output, or remove it completely."""

        def publish() -> JobRecord | None:
            values = {"output": asdict(output), "report": report}
            moved = self._store.move(job.id, Status.SUCCEEDED, run=job.run, **values)
            if moved is not None:
                return moved
            found = self._store.get(job.id)  # the answer to an earlier try may have been lost
            return found if found is not None and found.output == output else None

        done = self._attempts.patiently(publish)
        if done is None:
            self._objects.delete(output.key)
            raise Unwanted
        self._tidier.after(done)
