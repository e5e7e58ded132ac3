"""Cancellation and progress of long steps: one database poll for all of them at a time."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gateway.errors import DeadlineExceeded, JobCanceled, JobsUnavailable, LeaseLost
from gateway.jobs.database.jobs import JobStore
from gateway.jobs.execution.heartbeat import WorkerLease
from gateway.jobs.execution.intervals import Intervals
from gateway.jobs.job import Status

log = logging.getLogger(__name__)

_SMOOTHING = 0.3
_LOOK_S = 0.05


class MonitoredStep:
    """The control of one attempt at a step; see `Control`.

    Args:
        heart: Reports whether other workers may have taken over.
        job_id: The job of the step.
        run: Identifier of the run.
        attempt: Unique identifier of the attempt.
        index: Index of the segment; None for another step, whose frames do not count.
        idle: Whether it only waits.
    """

    def __init__(
        self,
        heart: WorkerLease,
        job_id: str,
        run: str,
        attempt: str,
        *,
        index: int | None = None,
        idle: bool = False,
    ) -> None:
        self._heart = heart
        self.job_id, self.run, self.attempt = job_id, run, attempt
        self.index, self.idle = index, idle
        self._why: type[JobCanceled | DeadlineExceeded | LeaseLost] | None = None
        self._frames = 0
        self._lock = threading.Lock()

    @property
    def frames(self) -> int:
        """Number of finished frames."""
        return self._frames

    @property
    def unwanted(self) -> bool:
        """Whether the step is to end."""
        return self._why is not None or not self._heart.healthy

    @property
    def ended(self) -> bool:
        """Whether the step is to end because its job has."""
        return self._why is not None and self._why is not LeaseLost

    def stop(self, why: type[JobCanceled | DeadlineExceeded | LeaseLost]) -> None:
        """Let the next check fail."""
        self._why = self._why or why

    def advance(self, frames: int) -> None:
        """Tell that so many more frames are done; see `Control.advance`."""
        with self._lock:
            self._frames += frames

    def check(self) -> None:
        """Check for cancellation; see `Control.check`.

        Raises:
            JobCanceled, DeadlineExceeded, LeaseLost: by name.
        """
        if self._why is not None:
            raise self._why()
        self._heart.require()


@dataclass(slots=True)
class _Pulse:
    """Processing speed of a job."""

    frames: int
    at: float
    fps: float | None = None

    def renewed(self, frames: int, at: float) -> float | None:
        """Return the frames a second after another look."""
        seconds = at - self.at
        if seconds > 0 and frames >= self.frames:
            now = (frames - self.frames) / seconds
            before = now if self.fps is None else self.fps
            self.fps = before + _SMOOTHING * (now - before)
        self.frames, self.at = frames, at
        return self.fps


class Watch:
    """Looks after all steps of a worker: whether they are wanted, and how far they are.

    Args:
        store: The store of jobs, which is polled and updated.
        heart: Heartbeat of the worker.
        pace: The intervals.
    """

    def __init__(self, store: JobStore, heart: WorkerLease, pace: Intervals) -> None:
        self._store = store
        self._heart = heart
        self._pace = pace
        self._controls: set[MonitoredStep] = set()
        self._pulses: dict[str, _Pulse] = {}
        self._told: dict[str, float] = {}
        self._draining = False
        self._leaving = False
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch-jobs", daemon=True)

    def start(self) -> None:
        """Look again and again, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def drain(self) -> None:
        """Let every step end that only waits, now and from now on."""
        with self._lock:
            self._draining = True
            self._stop_leaving()

    def leave(self) -> None:
        """Stop every current and future step: other workers will execute the jobs."""
        with self._lock:
            self._draining = self._leaving = True
            self._stop_leaving()

    def wait_until_left(self, most_s: float) -> bool:
        """Wait until no step is being executed; return whether that state was reached."""
        until = time.monotonic() + most_s
        while self._controls and time.monotonic() < until:
            time.sleep(_LOOK_S)
        return not self._controls

    @property
    def leaving(self) -> bool:
        """Whether steps are to end because the worker does."""
        return self._leaving

    @contextmanager
    def over(
        self,
        job_id: str,
        run: str,
        attempt: str,
        *,
        index: int | None = None,
        idle: bool = False,
    ) -> Iterator[MonitoredStep]:
        """Look after an attempt at a step for the time of the block."""
        control = MonitoredStep(self._heart, job_id, run, attempt, index=index, idle=idle)
        with self._lock:
            self._controls.add(control)
            self._stop_leaving()
        try:
            yield control
        finally:
            with self._lock:
                self._controls.discard(control)

    def _stop_leaving(self) -> None:
        for control in self._controls:
            if self._leaving or (self._draining and control.idle):
                control.stop(LeaseLost)

    def _run(self) -> None:
        while not self._ending.wait(self._pace.watch_s):
            try:
                self.look()
            except JobsUnavailable:
                continue  # the heartbeat limits how long this may last
            except Exception:  # any error: the next poll may succeed
                log.exception("looking after the jobs in hand failed")

    def look(self) -> None:
        """Look once."""
        with self._lock:
            by_job: dict[str, list[MonitoredStep]] = defaultdict(list)
            for control in self._controls:
                by_job[control.job_id].append(control)
        for gone in self._pulses.keys() - by_job.keys():
            del self._pulses[gone], self._told[gone]
        if not by_job:
            return
        states = self._store.states(list(by_job))
        for job_id, controls in by_job.items():
            run, status, failure = states.get(job_id, ("", None, None))
            late = failure is not None and failure.code == DeadlineExceeded.spec.code
            for control in controls:
                if status is not Status.PROCESSING or run != control.run:
                    control.stop(DeadlineExceeded if late else JobCanceled)
            self._note(job_id, controls)

    def _note(self, job_id: str, controls: list[MonitoredStep]) -> None:
        """Note how far a job's segments are, if that was not done just now."""
        now = time.monotonic()
        if now - self._told.get(job_id, float("-inf")) < self._pace.progress_s:
            return
        frames = {
            (control.index, control.attempt): control.frames
            for control in controls
            if control.index is not None and not control.unwanted
        }
        if not frames:
            return
        pulse = self._pulses.get(job_id)
        total = self._store.segments.advance(job_id, frames, pulse.fps if pulse else None)
        if pulse is None:
            self._pulses[job_id] = _Pulse(total, now)
        else:
            pulse.renewed(total, now)
        self._told[job_id] = now
