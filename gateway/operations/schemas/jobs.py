"""The JSON about jobs and uploads."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from gateway.jobs.job import Event, JobStage, Status
from gateway.jobs.notify.addresses import MAX_URL
from gateway.operations.schemas import examples
from gateway.operations.schemas.common import Answer, example


class WebhookOptions(BaseModel):
    """Receiver of a job's notifications."""

    model_config = ConfigDict(hide_input_in_errors=True, frozen=True, extra="forbid")

    url: str = Field(
        description="Public address to which the job's object is sent, signed.",
        min_length=1,
        max_length=MAX_URL,
    )
    events: list[Event] = Field(
        [Event.COMPLETED],
        min_length=1,
        max_length=len(Event),
        description="Events to send: `start`, processing has begun; `completed`, the job has "
        "ended, with any status.",
    )


class JobFailure(Answer):
    """Why a job ended without an output."""

    type: str = Field(description="Address of a page about it.")
    code: str = Field(description="Stable name of the error.")
    title: str
    detail: str
    retryable: bool = Field(description="Whether the same can succeed later.")


class JobOutput(Answer):
    """Output of a job."""

    media_type: str
    size: int = Field(description="In bytes.")
    sha256: str = Field(description="Of its content, hexadecimal.")


class JobWebhook(Answer):
    """Receiver of a job's notifications."""

    url: str
    events: list[Event]


class JobUrls(Answer):
    """Addresses of a job."""

    get: str
    events: str
    cancel: str
    resume: str
    output: str


class JobObject(Answer):
    """A job: the same object in every answer, event and webhook. Times are ISO 8601, UTC."""

    model_config = example(examples.JOB)

    id: str = Field(description="`job_` and 32 hexadecimal digits.", pattern="^job_[0-9a-f]{32}$")
    status: Status = Field(
        description="`queued`; `processing`; `succeeded`; `failed`; `canceled`: by request, "
        "or at its deadline; `aborted`: its deadline passed before processing "
        "began."
    )
    stage: JobStage = Field(description="Current stage of processing.")
    queue_position: int | None = Field(description="Number of jobs before it, while it is queued.")
    workers: int | None = Field(
        description="Live workers; 0: it waits for one to start; null once it has ended."
    )
    percent: float = Field(description="Progress, 0-100; 100 only when everything is done.")
    frames: int = Field(description="Frames that are done.")
    total: int | None = Field(description="Frames in total, once known.")
    fps: float | None = Field(description="Frames per second, recently.")
    eta_s: float | None = Field(
        description="Estimated seconds for the remaining frames; null if unknown."
    )
    priority: str = Field(description="`high`, `normal` or `low`.")
    created: str
    started: str | None = Field(description="Time at which processing began.")
    completed: str | None = Field(description="Time at which it ended.")
    deadline: str | None = Field(description="Time by which it has to end, by `Cancel-After`.")
    expires: str | None = Field(
        description="Time at which it is removed with its files; known once it has ended."
    )
    source_id: str | None
    options: dict[str, Any] = Field(description="In full, with defaults.")
    webhook: JobWebhook | None
    error: JobFailure | None
    resumable: bool = Field(description="Whether it failed and can be resumed.")
    output: JobOutput | None
    report: dict[str, Any] | None
    urls: JobUrls


class JobList(Answer):
    """Some of a tenant's jobs."""

    model_config = example(examples.JOB_LIST)

    jobs: list[JobObject] = Field(description="The latest first.")
    next: str | None = Field(description="`page_token` of the next ones, if there are more.")


class UploadObject(Answer):
    """An upload."""

    model_config = example(examples.UPLOAD)

    id: str = Field(description="`upl_` and 32 hexadecimal digits; a job's `target_upload`.")
    length: int = Field(description="Total size in bytes.")
    offset: int = Field(description="Bytes received.")
    expires: str = Field(description="Time at which it is removed.")
