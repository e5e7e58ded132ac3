"""The seam between the engine of jobs and what a job makes.

The engine sees to it that every step is carried out, wherever and however often that takes; the
work knows videos. All that passes from one step to the next is small and can be written as JSON;
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
    """What is to be made.

    Attributes:
        id: The job's.
        files: Of every form field (`source`, `target`, `reference`) its files, in their order.
        options: As `JobWork.accept` returned them.
        source_id: The enrolled identity that takes the sources' place.
    """

    id: str
    files: Mapping[str, Sequence[Path]]
    options: Facts
    source_id: str | None = None


@dataclass(frozen=True, slots=True)
class JobPlan:
    """How a task is divided.

    Attributes:
        segments: How many parts there are; each can be made without the others.
        frames: How many frames that will be, as far as is known.
        facts: For the later steps.
    """

    segments: int
    frames: int | None
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Made:
    """A segment that was made.

    Attributes:
        frames: How many it has.
        facts: For the last step.
    """

    frames: int
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finished:
    """The whole that was made.

    Attributes:
        media_type: Of the output.
        suffix: Of a file's name for it, with the dot.
        report: For the caller.
    """

    media_type: str
    suffix: str
    report: Facts


class StepControl(Protocol):
    """What a step that takes long talks to; safe to use from any thread."""

    def advance(self, frames: int) -> None:
        """Tell that so many more frames are done."""
        ...

    def check(self) -> None:
        """Be told to stop; to be asked often, at least several times a second.

        Raises:
            SemblantError: the job was cancelled, is out of time, or is carried out elsewhere by
                now. The step ends with it, leaving nothing behind.
        """
        ...


class JobWork(Protocol):
    """What jobs make. Every step gives the same result each time it is carried out."""

    def accept(self, options: bytes | str | None) -> Facts:
        """Read the options of a job that is to be taken on; return them in full.

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
        """End what steps were done with: threads, networks. No step is being carried out then."""
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
