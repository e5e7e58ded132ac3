"""Work for tests: slow enough to be interrupted, simple enough to know what must come of it."""

from __future__ import annotations

import asyncio
import errno
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from gateway.errors import (
    DeadlineExceeded,
    InferenceFailed,
    InferenceUnavailable,
    InvalidOptions,
    MissingField,
    NoFaceInTarget,
    NoMatchingFace,
    SemblantError,
)
from gateway.jobs.engine import DurableEngine
from gateway.jobs.execution.intervals import Intervals
from gateway.jobs.work import Facts, Finished, JobPlan, Made, StepControl, Task
from gateway.settings import Settings
from gateway.telemetry.spans import NO_TRACER, Tracer

DEFAULTS: Mapping[str, Any] = {
    "segments": 3,  # how many
    "frames": 4,  # of each
    "frame_s": 0.0,  # seconds each takes
    "fail": "",  # what happens: "passing", "late", "away", "for_good", "disk", "bug"
    "fail_in": "segment",  # in which step
    "fail_at": 1,  # in which segment
    "fail_times": 10**9,  # how often
    "fails_file": "",  # a file that counts the failures, across processes
    "hold_file": "",  # a file; as long as it exists a step does not go on
    "hold_in": "segment",  # which step
    "deaf": False,  # whether it never checks for cancellation
}
FAST = Intervals(
    beat_s=0.2,
    fence_s=2.0,
    dead_s=3.0,
    reap_s=0.3,
    reap_here_s=0.1,
    queue_s=0.05,
    watch_s=0.05,
    progress_s=0.05,
    keep_s=0.1,
    sweep_s=0.2,
    longest_cleanup_pause_s=0.4,
    orphans_s=0.2,
    first_pause_s=0.05,
    longest_pause_s=0.2,
    webhook_first_pause_s=0.05,
    webhook_longest_pause_s=0.2,
)
"""A rhythm for tests."""


class FakeWork:
    """Turns a file into capital letters, a piece at a time.

    Simulated failures are requested by its options; see `DEFAULTS`.
    """

    def __init__(self) -> None:
        self.made: list[tuple[str, int]] = []
        """The job and index of each segment that was begun."""

    def accept(self, options: bytes | str | dict[str, Any] | None) -> Facts:
        """Read the options; see `Work.accept`."""
        try:
            asked = options if isinstance(options, dict) else json.loads(options or "{}")
        except ValueError:
            raise InvalidOptions() from None
        unknown = [name for name in asked if name not in DEFAULTS]
        if unknown:
            findings = [{"pointer": f"/{name}", "detail": "unknown option"} for name in unknown]
            raise InvalidOptions(errors=findings)
        return {**DEFAULTS, **asked}

    def require(self, options: Facts, counts: Mapping[str, int], source_id: str | None) -> None:
        """Check the files; see `Work.require`."""
        if not counts.get("target"):
            raise MissingField(errors=[{"pointer": "/target", "detail": "required"}])
        if not counts.get("source") and source_id is None:
            raise MissingField(errors=[{"pointer": "/source", "detail": "required"}])

    async def close(self) -> None:
        """End nothing; see `Work.close`."""

    async def plan(self, task: Task, control: StepControl) -> JobPlan:
        """Divide the work; see `Work.plan`."""
        self._fail(task, "plan")
        segments, frames = task.options["segments"], task.options["frames"]
        return JobPlan(segments, segments * frames, {"bytes": _target(task).stat().st_size})

    async def segment(
        self, task: Task, plan: JobPlan, index: int, out: Path, control: StepControl
    ) -> Made:
        """Make one part; see `Work.segment`."""
        self.made.append((task.id, index))
        options = task.options
        for frame in range(options["frames"]):
            await asyncio.sleep(options["frame_s"])
            await self._hold("segment", options, control)
            self._ask(options, control)
            if frame == options["frames"] // 2 and index == options["fail_at"]:
                self._fail(task, "segment")
            control.advance(1)
        size = plan.facts["bytes"]
        start, end = (size * n // plan.segments for n in (index, index + 1))
        out.write_bytes(_target(task).read_bytes()[start:end].upper())
        return Made(options["frames"], {"index": index})

    async def finish(
        self,
        task: Task,
        plan: JobPlan,
        parts: Sequence[tuple[Path, Made]],
        out: Path,
        control: StepControl,
    ) -> Finished:
        """Join all parts; see `Work.finish`."""
        self._fail(task, "finish")
        out.write_bytes(b"half of it")
        await self._hold("finish", task.options, control)
        assert [made.facts["index"] for _, made in parts] == list(range(plan.segments))
        out.write_bytes(b"".join(path.read_bytes() for path, _ in parts))
        return Finished("text/plain", ".txt", {"sources": len(task.files.get("source", ()))})

    async def _hold(self, step: str, options: Facts, control: StepControl) -> None:
        """Wait while the file is there, in the step it is for."""
        while options["hold_in"] == step and Path(options["hold_file"] or "/none").exists():
            self._ask(options, control)
            await asyncio.sleep(0.01)

    def _ask(self, options: Facts, control: StepControl) -> None:
        if not options["deaf"]:
            control.check()

    def _fail(self, task: Task, step: str) -> None:
        options = task.options
        if not options["fail"] or options["fail_in"] != step:
            return
        counter = Path(options["fails_file"]) if options["fails_file"] else None
        failed = counter.stat().st_size if counter is not None and counter.exists() else 0
        if failed >= options["fail_times"]:
            return
        if counter is not None:
            with counter.open("ab") as file:
                file.write(b".")
        raise _ERRORS[options["fail"]]


class Counted:
    """Counts jobs in lists."""

    def __init__(self) -> None:
        self.jobs: list[tuple[str, str]] = []
        self.frames = 0
        self.failed: list[str] = []
        self.cleanups_failed = 0
        self.now = (0, 0)

    def job_ended(
        self,
        *,
        status: str,
        code: str,
        waited_s: float,
        took_s: float | None,
        trace_id: str | None = None,
    ) -> None:
        """Count a job; see `Counter.job_ended`."""
        self.jobs.append((status, code))

    def segment_made(self, *, frames: int, seconds: float) -> None:
        """Count a segment; see `Counter.segment_made`."""
        self.frames += frames

    def attempt_failed(self, code: str) -> None:
        """Count a failure; see `Counter.attempt_failed`."""
        self.failed.append(code)

    def cleanup_failed(self) -> None:
        """Count a failure; see `Counter.cleanup_failed`."""
        self.cleanups_failed += 1

    def jobs_now(self, *, queued: int, running: int) -> None:
        """Record how many there are; see `Counter.jobs_now`."""
        self.now = (queued, running)


@asynccontextmanager
async def running_engine(
    folder: Path,
    *,
    carry_out: bool = True,
    pace: Intervals = FAST,
    transport: httpx.AsyncBaseTransport | None = None,
    tracer: Tracer = NO_TRACER,
    **settings: Any,
) -> AsyncIterator[DurableEngine]:
    """Run an engine over fake work, with settings by name, for the time of the block.

    Its `work` is a `FakeWork`; webhooks go to `transport`, if there is one. Only one engine that
    executes jobs may run in a process.
    """
    chosen = Settings(**{"data_dir": folder, "worker_drain_s": 0, **settings})
    engine = DurableEngine(
        chosen,
        FakeWork(),
        Counted(),
        carry_out=carry_out,
        pace=pace,
        transport=transport,
        tracer=tracer,
    )
    await engine.start()
    try:
        yield engine
    finally:
        await engine.close()


def _target(task: Task) -> Path:
    return task.files["target"][0]


_ERRORS: Mapping[str, Exception | SemblantError] = {
    "passing": InferenceFailed(),
    "late": DeadlineExceeded(),
    "away": InferenceUnavailable(),
    "for_good": NoFaceInTarget(),
    "other": NoMatchingFace(),
    "disk": OSError(errno.ENOSPC, "No space left on device"),
    "bug": RuntimeError("something nobody foresaw"),
}
