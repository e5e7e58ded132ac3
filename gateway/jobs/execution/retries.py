"""Carrying out a step of a job: in the right place, again if that may help, and not for nothing."""

from __future__ import annotations

import asyncio
import logging
import math
import shutil
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from gateway.disk import NO_ROOM, room_on_disk
from gateway.errors import (
    DeadlineExceeded,
    InferenceOverloaded,
    InferenceUnavailable,
    InternalError,
    JobCanceled,
    JobsUnavailable,
    LeaseLost,
    ModelNotReady,
    SemblantError,
    StorageFull,
    StorageUnavailable,
)
from gateway.jobs.database.queues import Owner
from gateway.jobs.execution.heartbeat import WorkerLease
from gateway.jobs.execution.intervals import Intervals
from gateway.jobs.execution.monitor import MonitoredStep, Watch
from gateway.jobs.notify.observer import Observer

log = logging.getLogger(__name__)

T = TypeVar("T")

_AWAY = (InferenceUnavailable, InferenceOverloaded, ModelNotReady, StorageUnavailable)
_LOOK_S = 0.1
_GRACE_S = 0.4
"""Seconds a step that does not check for cancellation continues before it is cancelled."""


class Abandoned(BaseException):
    """An attempt ends without a result, because another process will execute the step.

    Not an `Exception`, so that nothing records it as the step's outcome.
    """


class Refused(Exception):
    """A step has failed for good.

    Attributes:
        error: Why.
    """

    def __init__(self, error: SemblantError) -> None:
        self.error = error
        super().__init__(error.detail)


class Unwanted(Exception):
    """A step no longer needs to be executed."""


def _settle(outcome: Future[T], task: asyncio.Task[T]) -> None:
    """Hand the outcome of a task over to another thread."""
    if task.cancelled():
        outcome.set_exception(CancelledError())
    elif (error := task.exception()) is not None:
        outcome.set_exception(error)
    else:
        outcome.set_result(task.result())


def named(error: Exception) -> SemblantError:
    """Return the error that represents a failure in a step."""
    if isinstance(error, SemblantError):
        return error
    if isinstance(error, OSError):
        return StorageFull() if error.errno in NO_ROOM else StorageUnavailable()
    return InternalError()


class Attempts:
    """Executes attempts at steps, in the calling threads, with the work itself on its own loop.

    Args:
        loop: Of the work.
        watch: Looks after the attempts.
        heart: Reports whether other workers may have taken over.
        scratch: Folder for temporary files; each attempt has its own subfolder.
        most: Maximum number of failed attempts at a step.
        patience_s: Seconds that a step waits, in all, for networks or a store that are away.
        pace: The pauses between them.
        observer: Told of those that fail.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        watch: Watch,
        heart: WorkerLease,
        scratch: Path,
        *,
        most: int,
        patience_s: float,
        pace: Intervals,
        observer: Observer,
    ) -> None:
        self._loop = loop
        self._watch = watch
        self._heart = heart
        self._scratch = scratch
        self._most = most
        self._patience_s = patience_s
        self._pace = pace
        self._observer = observer

    def carry_out(
        self,
        job_id: str,
        run: str,
        step: Callable[[MonitoredStep, Path], T],
        owner: Callable[[], Owner | None],
        *,
        index: int | None = None,
        idle: bool = False,
    ) -> T:
        """Return the result of a step, after at most the permitted number of attempts.

        An attempt that ends because the database or this process was away for too long does not
        count. Nor does one that finds networks or a store away, as long as there is patience.

        Args:
            job_id: The job of the step.
            run: Identifier of the run.
            step: Takes its control and a folder that is gone afterwards.
            owner: The executor of the step; if it changes meanwhile, this process no longer owns
                it.
            index: Index of the segment.
            idle: Whether it only waits.

        Raises:
            Refused: it has failed for good.
            Unwanted: the job has ended.
            Abandoned: it is executed elsewhere.
        """
        ours = self.patiently(owner)
        failed, absences, waited_s = 0, 0, 0.0
        while True:
            try:
                attempt = uuid4().hex
                with self._watch.over(job_id, run, attempt, index=index, idle=idle) as control:
                    return self._once(control, step)
            except Unwanted:
                raise
            except JobCanceled as error:
                raise Unwanted from error
            except (LeaseLost, JobsUnavailable):
                self._regain(ours, owner)
            except Exception as error:
                if isinstance(error, DeadlineExceeded) and control.ended:
                    raise Unwanted from error  # the job's time; else it was that of a call
                told = self._noted(job_id, error)
                pause_s = self._pace.pause_s(absences + 1)
                if isinstance(error, _AWAY) and waited_s + pause_s <= self._patience_s:
                    absences, waited_s = absences + 1, waited_s + pause_s
                else:
                    failed += 1
                    final = isinstance(told, StorageFull) or not told.spec.retryable
                    if final or failed >= self._most:
                        raise Refused(told) from error
                    pause_s = self._pace.pause_s(failed)
                self._pause(job_id, run, pause_s)

    def _noted(self, job_id: str, error: Exception) -> SemblantError:
        """Count and log what an attempt failed of; return it by name."""
        told = named(error)
        self._observer.attempt_failed(told.spec.code)
        log.warning(
            "job %s: an attempt failed: %s",
            job_id,
            told.spec.code,
            exc_info=error if isinstance(told, InternalError) else None,
        )
        return told

    def result(self, work: Coroutine[Any, Any, T], control: MonitoredStep) -> T:
        """Return what work on its own loop returns; work that is not wanted any more is cancelled.

        Raises:
            JobCanceled, DeadlineExceeded, LeaseLost: it was.
        """
        outcome: Future[T] = Future()
        tasks: list[asyncio.Task[T]] = []

        def begin() -> None:
            tasks.append(self._loop.create_task(work))
            tasks[0].add_done_callback(lambda task: _settle(outcome, task))

        self._loop.call_soon_threadsafe(begin)
        until: float | None = None
        while True:
            try:
                return outcome.result(timeout=_LOOK_S)
            except TimeoutError:
                if outcome.done():
                    raise  # the work's own
            except CancelledError:
                control.check()
                raise LeaseLost() from None  # its loop is ending
            if self._loop.is_closed():
                raise LeaseLost()
            if control.unwanted:
                until = until or time.monotonic() + _GRACE_S
                if time.monotonic() >= until and tasks:
                    # It ends when it has released its files: they are removed with the attempt.
                    self._loop.call_soon_threadsafe(tasks[0].cancel)
                    until = math.inf

    def patiently(self, call: Callable[[], T]) -> T:
        """Return the result of a call, retried as long as the database is unavailable.

        Raises:
            Abandoned: this worker ends meanwhile.
        """
        while True:
            try:
                return call()
            except JobsUnavailable:
                self._sleep(self._pace.first_pause_s)

    def _once(self, control: MonitoredStep, step: Callable[[MonitoredStep, Path], T]) -> T:
        control.check()
        folder = self._scratch / control.attempt
        with room_on_disk():
            folder.mkdir(mode=0o700, parents=True)
        try:
            return step(control, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _regain(self, ours: Owner | None, owner: Callable[[], Owner | None]) -> None:
        """Wait until no worker can take over any more, and verify that none has."""
        self._sleep(_LOOK_S)
        while not self._heart.healthy:
            self._sleep(_LOOK_S)
        if self.patiently(owner) != ours:
            raise Abandoned

    def _pause(self, job_id: str, run: str, seconds: float) -> None:
        """Let time pass before another attempt, as long as there is to be one."""
        until = time.monotonic() + seconds
        with self._watch.over(job_id, run, attempt="", idle=True) as control:
            while time.monotonic() < until:
                if control.unwanted:
                    return  # the next attempt will say why
                self._sleep(_LOOK_S)

    def _sleep(self, seconds: float) -> None:
        if self._watch.leaving:
            raise Abandoned
        time.sleep(seconds)
