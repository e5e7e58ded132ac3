"""The interface between the job engine and the work of a job.

The engine ensures that every step is executed, on any worker and as often as needed; the work
implements the video processing. All data passed between steps is small and can be written as JSON;
pictures and videos pass as files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

Facts = Mapping[str, Any]
"""Whatever a later step needs to know, as JSON has it."""


@dataclass(frozen=True, slots=True)
class Task:
    """The inputs of a job.

    Attributes:
        id: The job's.
        tenant: Owner of the job; identities and libraries must be its own.
        files: Of every form field (`source`, `target`, `reference`) its files, in their order.
        options: As `JobWork.accept` returned them.
        source_id: The enrolled identity that takes the sources' place.
    """

    id: str
    tenant: str
    files: Mapping[str, Sequence[Path]]
    options: Facts
    source_id: str | None = None


@dataclass(frozen=True, slots=True)
class JobPlan:
    """The division of a task.

    Attributes:
        segments: Number of parts; each can be rendered independently of the others.
        frames: Number of frames in total, as far as known.
        facts: For the later steps.
    """

    segments: int
    frames: int | None
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Made:
    """A rendered segment.

    Attributes:
        frames: Number of frames.
        facts: For the last step.
    """

    frames: int
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finished:
    """The complete output.

    Attributes:
        media_type: Of the output.
        suffix: Suffix of its file name, with the dot.
        report: For the caller.
    """

    media_type: str
    suffix: str
    report: Facts


class StepControl(Protocol):
    """The progress and cancellation interface of a long step; thread-safe."""

    def advance(self, frames: int) -> None:
        """Tell that so many more frames are done."""
        ...

    def check(self) -> None:
        """Check for cancellation; to be called often, at least several times a second.

        Raises:
            SemblantError: the job was cancelled, has timed out, or is now executed elsewhere. The
                step ends with it, leaving nothing behind.
        """
        ...


class JobWork(Protocol):
    """The work of jobs. Every step gives the same result each time it is executed."""

    def accept(self, options: bytes | str | dict[str, Any] | None) -> Facts:
        """Read the options of a job, JSON or what it says; return them in full.

        Raises:
            InvalidOptions, UnknownModel: by name.
        """
        ...

    def require(self, options: Facts, counts: Mapping[str, int], source_id: str | None) -> None:
        """Check that the files that were sent, counted by form field, are those that are needed.

        Raises:
            MissingField, InvalidRequest: by name.
        """
        ...

    async def close(self) -> None:
        """Close the resources of the steps: threads, networks. No step is being executed then."""
        ...

    async def plan(self, task: Task, control: StepControl) -> JobPlan:
        """Look at the files, and divide the work.

        Raises:
            SemblantError: they cannot be used, by name.
        """
        ...

    async def segment(
        self, task: Task, plan: JobPlan, index: int, out: Path, control: StepControl
    ) -> Made:
        """Make one part and write it to a file that is not there yet.

        Raises:
            SemblantError, OSError: by name. Those that are retryable are tried again.
        """
        ...

    async def finish(
        self,
        task: Task,
        plan: JobPlan,
        parts: Sequence[tuple[Path, Made]],
        out: Path,
        control: StepControl,
    ) -> Finished:
        """Join all parts, check the whole, and write it to a file that is not there yet.

        Raises:
            SemblantError, OSError: by name.
        """
        ...
