"""The interface of jobs to the rest of the service: accept, read, cancel."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from gateway.jobs.job import JobQuery, JobRecord, JobSubmission, Output
from gateway.jobs.work import JobWork
from gateway.storage.objects import ObjectStore
from gateway.storage.uploads import UploadStore


@dataclass(frozen=True, slots=True)
class SubmitResult:
    """The outcome of a request for a job.

    Attributes:
        job: The job.
        replayed: Whether it had been accepted before.
    """

    job: JobRecord
    replayed: bool


class JobEngine(Protocol):
    """Takes jobs on. A job of another tenant is not there."""

    @property
    def work(self) -> JobWork:
        """The work that jobs execute."""
        ...

    @property
    def objects(self) -> ObjectStore:
        """The store of their files."""
        ...

    @property
    def uploads(self) -> UploadStore:
        """The store of files that are uploaded in advance."""
        ...

    @property
    def spool(self) -> Path:
        """Folder for files on their way into a job."""
        ...

    async def start(self) -> None:
        """Begin; the work is done on the loop that calls.

        Raises:
            JobsUnavailable: the database is not reachable.
        """
        ...

    async def close(self) -> None:
        """Stop; unfinished jobs are finished by other workers, or by this one after a restart."""
        ...

    def check_webhook(self, order: JobSubmission) -> None:
        """Check that the webhook of a request may be called.

        Raises:
            WebhookRefused: it may not.
        """
        ...

    def idempotency_lock(self, tenant: str, key: str | None) -> Any:
        """Hold the exclusive right to read the request of that key, for a block (async).

        Raises:
            IdempotencyInProgress: another request does.
        """
        ...

    async def submit(self, order: JobSubmission) -> SubmitResult:
        """Accept a request unless it was accepted before; its files are moved into the store.

        Raises:
            IdempotencyMismatch: its key was used for another one.
            Overloaded: too many jobs are waiting.
            StorageFull, StorageUnavailable, JobsUnavailable: it was not accepted.
        """
        ...

    async def get(self, tenant: str, id: str) -> JobRecord:
        """Return a job.

        Raises:
            JobNotFound: there is none.
        """
        ...

    async def page(self, tenant: str, asked: JobQuery) -> Sequence[JobRecord]:
        """Return jobs, the latest first."""
        ...

    async def cancel(self, tenant: str, id: str) -> JobRecord:
        """Call a job off, if it has not ended; return it.

        Raises:
            JobNotFound: there is none.
        """
        ...

    async def resume(self, tenant: str, id: str) -> JobRecord:
        """Resume a failed job from where it stopped; return it.

        Raises:
            JobNotFound: there is none.
            JobNotResumable: it did not fail, or its files are gone.
        """
        ...

    async def delete(self, tenant: str, id: str) -> None:
        """Cancel a job and remove all its stored data.

        Raises:
            JobNotFound: there is none.
        """
        ...

    async def output(self, tenant: str, id: str) -> Output:
        """Return the output of a job.

        Raises:
            JobNotFound: there is none.
            JobNotFinished: there is nothing yet.
        """
        ...

    def changes(self, tenant: str, id: str, after: int = 0) -> AsyncGenerator[JobRecord, None]:
        """Yield a job whenever it has changed since a version, until it has ended.

        Raises:
            JobNotFound: there is none, or not any more.
        """
        ...

    async def describe(self, job: JobRecord) -> dict[str, Any]:
        """Return a job's object, as JSON has it."""
        ...
