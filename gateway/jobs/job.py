"""A job: a frozen record, and between which states it may go."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import IntEnum, StrEnum
from pathlib import Path

from gateway.errors import ERROR_TABLE, ErrorSpec, InternalError, SemblantError
from gateway.jobs.work import Facts, JobPlan


class Status(StrEnum):
    """What has become of a job."""

    QUEUED = "queued"
    """It waits for its turn."""
    PROCESSING = "processing"
    """The job is being executed."""
    SUCCEEDED = "succeeded"
    """Its output is there."""
    FAILED = "failed"
    """It ended with an error."""
    CANCELED = "canceled"
    """The job was cancelled by a caller, or its time limit passed during execution."""
    ABORTED = "aborted"
    """Its time was over before its turn came."""


class JobStage(StrEnum):
    """What is being done for a job."""

    QUEUED = "queued"
    """Nothing yet."""
    PREPARING = "preparing"
    """Its files are looked at."""
    MAKING = "making"
    """Its segments are being rendered."""
    FINISHING = "finishing"
    """They are joined."""
    DONE = "done"
    """Nothing any more."""


class Event(StrEnum):
    """What a webhook may be told of."""

    START = "start"
    """Its turn has come."""
    COMPLETED = "completed"
    """The job has ended, in any final state."""


class JobPriority(IntEnum):
    """Whose turn comes first."""

    HIGH = 0
    NORMAL = 1
    LOW = 2


FINAL = frozenset((Status.SUCCEEDED, Status.FAILED, Status.CANCELED, Status.ABORTED))
COMES_FROM: Mapping[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset((Status.FAILED,)),  # resumed
    Status.PROCESSING: frozenset((Status.QUEUED,)),
    Status.SUCCEEDED: frozenset((Status.PROCESSING,)),
    Status.FAILED: frozenset((Status.QUEUED, Status.PROCESSING)),
    Status.CANCELED: frozenset((Status.QUEUED, Status.PROCESSING)),
    Status.ABORTED: frozenset((Status.QUEUED,)),
}
"""From which states a job may come into each; no other way is taken."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a job.

    Attributes:
        key: Storage key.
        sha256: SHA-256 of its content, hexadecimal.
        size: In bytes.
    """

    key: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Output:
    """The output of a job.

    Attributes:
        key: Storage key.
        sha256: SHA-256 of its content, hexadecimal.
        size: In bytes.
        media_type: Its media type.
        suffix: Suffix of its file name, with the dot.
    """

    key: str
    sha256: str
    size: int
    media_type: str
    suffix: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job ended without an output.

    Attributes:
        code: Of the error.
        detail: Public sentence about it.
    """

    code: str
    detail: str

    @classmethod
    def of(cls, error: SemblantError) -> Failure:
        """Return the reported form of an error: without details for internal errors."""
        ours = error.spec.http == InternalError.spec.http
        return cls(error.spec.code, error.spec.title if ours else error.detail)

    @property
    def title(self) -> str:
        """The sentence of the error's row."""
        return self._spec.title

    @property
    def retryable(self) -> bool:
        """Whether the same can succeed later."""
        return self._spec.retryable

    @property
    def _spec(self) -> ErrorSpec:
        return ERROR_TABLE.get(self.code, InternalError.spec)


@dataclass(frozen=True, slots=True)
class Webhook:
    """The webhook that is notified of a job.

    Attributes:
        url: Its URL.
        events: The events to send.
    """

    url: str
    events: tuple[Event, ...] = (Event.COMPLETED,)


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job, as of the time it was read. Times are in seconds since 1970, UTC.

    Attributes:
        id: `job_` and 32 hexadecimal digits.
        tenant: Its owner.
        status: Its state.
        stage: Its processing stage.
        run: Identifier of its current run; resuming starts a new one.
        version: Rises with each change.
        fingerprint: Fingerprint of the request.
        priority: Its queue priority.
        options: In full, as the work understands them.
        source_id: The enrolled identity in place of source files.
        files: The files of every form field; empty once they are removed.
        webhook: The webhook to notify.
        created: When it was accepted.
        started: When its execution started.
        completed: When it ended.
        deadline: When it is to have ended.
        expires: When all of it is removed; known once it has ended.
        retention_s: Seconds it is kept once it has ended.
        plan: Its division into segments, once known.
        frames: Number of finished frames.
        fps: Frames a second, lately.
        failure: Why it failed or timed out.
        output: Its output.
        report: The report for the caller.
        traceparent: W3C's, of the span in which it was accepted; None if nothing was traced.
    """

    id: str
    tenant: str
    status: Status
    stage: JobStage
    run: str
    version: int
    fingerprint: str
    priority: JobPriority
    options: Facts
    source_id: str | None
    files: Mapping[str, Sequence[StoredFile]]
    webhook: Webhook | None
    created: float
    started: float | None
    completed: float | None
    deadline: float | None
    expires: float | None
    retention_s: float
    plan: JobPlan | None
    frames: int
    fps: float | None
    failure: Failure | None
    output: Output | None
    report: Facts | None
    traceparent: str | None = None

    @property
    def final(self) -> bool:
        """Whether it has ended."""
        return self.status in FINAL

    @property
    def resumable(self) -> bool:
        """Whether it failed and can be resumed."""
        return self.status is Status.FAILED and bool(self.files)

    @property
    def total(self) -> int | None:
        """Total number of frames, if known."""
        return None if self.plan is None else self.plan.frames

    @property
    def percent(self) -> float:
        """Progress, 0-100; 100 only when complete."""
        if self.status is Status.SUCCEEDED:
            return 100.0
        done = self.frames / self.total if self.total else 0.0
        return min(99.0, round(100.0 * done, 1))

    @property
    def eta_s(self) -> float | None:
        """The estimated remaining seconds for the frames, if known."""
        if self.final or not self.fps or not self.total:
            return None
        return round(max(0, self.total - self.frames) / self.fps, 1)


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that was sent for a job, and is moved into the store if the job is accepted.

    Attributes:
        path: Path of the file.
        sha256: SHA-256 of its content, hexadecimal.
        size: In bytes.
    """

    path: Path
    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSubmission:
    """A request for a job.

    Attributes:
        tenant: The requesting tenant.
        files: Of every form field its files, in their order.
        options: As the work returned them.
        uploads: Of form fields the upload whose file takes a file's place.
        key: Idempotency key of this request, unique within the tenant.
        source_id: The enrolled identity in place of source files.
        webhook: The webhook to notify.
        priority: Its queue priority.
        cancel_after_s: Seconds it may take from now.
        retention_s: Seconds it is kept once it has ended.
    """

    tenant: str
    files: Mapping[str, Sequence[SentFile]]
    options: Facts
    uploads: Mapping[str, str] = field(default_factory=dict)
    key: str | None = None
    source_id: str | None = None
    webhook: Webhook | None = None
    priority: JobPriority = JobPriority.NORMAL
    cancel_after_s: float | None = None
    retention_s: float = 86400.0

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the request, equal only for equal requests, hexadecimal."""
        asked = {
            "files": {name: [file.sha256 for file in sent] for name, sent in self.files.items()},
            "uploads": dict(self.uploads),
            "options": self.options,
            "source_id": self.source_id,
            "webhook": None if self.webhook is None else asdict(self.webhook),
            "priority": self.priority,
            "cancel_after_s": self.cancel_after_s,
            "retention_s": self.retention_s,
        }
        text = json.dumps(asked, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def job_id(tenant: str, key: str | None) -> str:
    """Return the id of a tenant's request: the same for the same key, new without one."""
    if key is None:
        return f"job_{secrets.token_hex(16)}"
    return f"job_{hashlib.sha256(json.dumps([tenant, key]).encode()).hexdigest()[:32]}"


def new_run() -> str:
    """Return the unique identifier of a run of a job."""
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class FinishedSegment:
    """A rendered segment.

    Attributes:
        index: Its index.
        frames: Number of frames.
        file: The rendered file.
        facts: Data for the last step.
    """

    index: int
    frames: int
    file: StoredFile
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobQuery:
    """Filter of the jobs to list.

    Attributes:
        statuses: In one of which they are; none: in any.
        after: The creation time and id of the last one that was listed before.
        limit: Maximum number.
    """

    statuses: tuple[Status, ...] = ()
    after: tuple[float, str] | None = None
    limit: int = 50
