"""The JSON about jobs and uploads."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from gateway.http.schemas import examples
from gateway.http.schemas.common import Answer, example
from gateway.jobs.job import Event, JobStage, Status
from gateway.jobs.notify.addresses import MAX_URL


class WebhookOptions(BaseModel):
    """Who is to be told of a job."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(
        description="Where the job's object is sent, signed; an address outside.",
        min_length=1,
        max_length=MAX_URL,
    )
    events: list[Event] = Field(
        [Event.COMPLETED],
        min_length=1,
        max_length=len(Event),
        description="When: `start`, its turn has come; `completed`, it has ended in whatever way.",
    )


class JobFailure(Answer):
    """Why a job ended without an output."""

    type: str = Field(description="Address of a page about it.")
    code: str = Field(description="Stable name of the error.")
    title: str
    detail: str
    retryable: bool = Field(description="Whether the same can succeed later.")


class JobOutput(Answer):
    """What a job made."""

    media_type: str
    size: int = Field(description="In bytes.")
    sha256: str = Field(description="Of its content, hexadecimal.")


class JobWebhook(Answer):
    """Who is told of a job."""

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
        description="`queued`: it waits for its turn; `processing`; `succeeded`; `failed`; "
        "`canceled`: called off, or out of time; `aborted`: out of time before its turn."
    )
    stage: JobStage = Field(description="What is being done for it.")
    queue_position: int | None = Field(description="How many come before it, while it waits.")
    percent: float = Field(description="How much is done, 0-100; 100 only when all is.")
    frames: int = Field(description="How many are done.")
    total: int | None = Field(description="How many there will be, once known.")
    fps: float | None = Field(description="Frames a second, lately.")
    eta_s: float | None = Field(description="Seconds the frames still need, if that can be told.")
    priority: str = Field(description="`high`, `normal` or `low`.")
    created: str
    started: str | None = Field(description="When its turn came.")
    completed: str | None = Field(description="When it ended.")
    deadline: str | None = Field(description="When it is to have ended, by `Cancel-After`.")
    expires: str | None = Field(description="When all of it is removed; known once it has ended.")
    source_id: str | None
    options: dict[str, Any] = Field(description="In full, with defaults.")
    webhook: JobWebhook | None
    error: JobFailure | None
    resumable: bool = Field(description="Whether it failed and can go on from there.")
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
    length: int = Field(description="Bytes it will have.")
    offset: int = Field(description="Bytes that are there.")
    expires: str = Field(description="When it is removed.")
