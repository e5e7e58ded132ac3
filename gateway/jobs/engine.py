"""The job engine: jobs in a database, executed here or by workers elsewhere."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any

import httpx

from gateway.database import database_url, make_engine
from gateway.errors import (
    IdempotencyMismatch,
    JobNotFinished,
    JobNotFound,
    JobNotResumable,
    JobsUnavailable,
    Overloaded,
)
from gateway.jobs.database.jobs import JobStore
from gateway.jobs.database.queues import Queues
from gateway.jobs.database.upgrade import prepare_database
from gateway.jobs.describe import describe
from gateway.jobs.execution.heartbeat import live_workers
from gateway.jobs.execution.intervals import Intervals
from gateway.jobs.execution.janitor import Janitor, input_key
from gateway.jobs.execution.steps import sha256_of
from gateway.jobs.execution.worker import Worker
from gateway.jobs.execution.worker_locks import WorkerLocks
from gateway.jobs.job import (
    JobQuery,
    JobRecord,
    JobSubmission,
    Output,
    SentFile,
    Status,
    StoredFile,
    job_id,
)
from gateway.jobs.notify.addresses import Guard
from gateway.jobs.notify.observer import Counter, Observer
from gateway.jobs.notify.webhooks import Webhooks
from gateway.jobs.protocol import SubmitResult
from gateway.jobs.work import JobWork
from gateway.settings import Settings
from gateway.storage.folder_uploads import FolderUploadStore
from gateway.storage.objects import ObjectStore
from gateway.storage.shared_uploads import SharedUploadStore
from gateway.storage.uploads import UploadStore
from gateway.telemetry.spans import NO_TRACER, Tracer, current

log = logging.getLogger(__name__)

_CONNECTIONS = 8
_TAKING_SPARE_S = 60.0


class DurableEngine:
    """Jobs in a database, executed here or by workers elsewhere; see `JobEngine`.

    Args:
        settings: Of the service.
        work: The work that jobs execute.
        counter: Counts them.
        carry_out: Whether to do so here.
        pace: The intervals of periodic actions.
        transport: In place of the network for webhooks, for tests.
        sweep: Called whenever remains are looked for.
        tracer: Traces the steps of jobs.

    Raises:
        SetupIncomplete: a URL or a secret in the settings cannot be used.
    """

    def __init__(
        self,
        settings: Settings,
        work: JobWork,
        counter: Counter,
        *,
        carry_out: bool,
        pace: Intervals | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        sweep: Callable[[], None] = lambda: None,
        tracer: Tracer = NO_TRACER,
    ) -> None:
        self._settings = settings
        self._sweep_more = sweep
        self._work = work
        self._pace = pace or Intervals()
        folder = settings.data_dir / "jobs"
        self._scratch = folder / "scratch"
        self._spool = folder / "spool"
        self._locks = folder / "workers"
        self._url = database_url(settings.jobs_database_url, folder)
        self._engine = make_engine(self._url, connections=_CONNECTIONS)
        self._queues = Queues(self._engine)
        self._store = JobStore(self._engine, self._queues)
        self._objects = ObjectStore(
            settings.object_store_url,
            folder=folder / "objects",
            timeout_s=settings.object_store_timeout_s,
            retry_s=settings.object_store_retry_s,
        )
        self._uploads = self._make_uploads(folder / "uploads")
        self._counter = counter
        observer = Observer(counter)
        self._tidier = Janitor(
            self._store,
            self._queues,
            self._objects,
            self._engine,
            folders=(self._scratch, self._locks),
            pace=self._pace,
            observer=observer,
            further=self._sweep,
        )
        self._webhooks = Webhooks(
            tuple(secret.get_secret_value() for secret in settings.webhook_secrets),
            Guard(settings.webhook_schemes, settings.webhook_ports, settings.webhook_allow),
            timeout_s=settings.webhook_timeout_s,
            job=self._store.get,
            render=self._render,
            transport=transport,
        )
        self._worker = self._make_worker(observer, tracer) if carry_out else None
        self._started = False

    def _make_uploads(self, folder: Path) -> UploadStore:
        """Return where uploads are kept: in the database, if other gateways may share that."""
        most, max_bytes = self._settings.max_uploads, self._settings.max_job_upload_bytes
        keep_s = 3600 * self._settings.upload_retention_h
        if not self._settings.jobs_database_url:
            return FolderUploadStore(folder, most=most, max_bytes=max_bytes, keep_s=keep_s)
        return SharedUploadStore(
            self._engine,
            self._objects,
            folder,
            most=most,
            max_bytes=max_bytes,
            keep_s=keep_s,
            part_bytes=self._settings.upload_part_bytes,
        )

    @property
    def work(self) -> JobWork:
        """The work that jobs execute."""
        return self._work

    @property
    def objects(self) -> ObjectStore:
        """The store of their files."""
        return self._objects

    @property
    def uploads(self) -> UploadStore:
        """The store of files that are uploaded in advance."""
        return self._uploads

    @property
    def spool(self) -> Path:
        """Folder for files on their way into a job."""
        return self._spool

    async def start(self) -> None:
        """Begin; see `JobEngine.start`. A database that is away is waited for."""
        await prepare_database(
            self._engine,
            upgrade=self._settings.jobs_database_upgrade == "auto",
            wait_s=self._settings.jobs_database_wait_s,
            pause_s=self._pace.first_pause_s,
        )
        await asyncio.to_thread(self._start, asyncio.get_running_loop())

    async def close(self) -> None:
        """End; see `JobEngine.close`. Segments have `worker_drain_s` to be finished in."""
        await asyncio.to_thread(self._close)

    def check_webhook(self, order: JobSubmission) -> None:
        """Check the webhook of a request; see `JobEngine.check_webhook`."""
        if order.webhook is not None:
            self._webhooks.check(order.webhook)

    @asynccontextmanager
    async def idempotency_lock(self, tenant: str, key: str | None) -> AsyncIterator[None]:
        """Hold the exclusive right to read a request; see `JobEngine.taking`."""
        if key is None:
            yield
            return
        id, token = job_id(tenant, key), secrets.token_hex(8)
        most_s = self._settings.job_upload_timeout_s + _TAKING_SPARE_S
        await asyncio.to_thread(self._store.take, id, token, at_most_s=most_s)
        try:
            yield
        finally:
            try:
                await asyncio.to_thread(self._store.let_go, id, token)
            except JobsUnavailable:
                log.warning("job %s: its key stays taken for a while", id)

    async def submit(self, order: JobSubmission) -> SubmitResult:
        """Accept a request; see `JobEngine.submit`."""
        return await asyncio.to_thread(self._submit, order)

    async def get(self, tenant: str, id: str) -> JobRecord:
        """Return a job; see `JobEngine.get`."""
        return await asyncio.to_thread(self._get, tenant, id)

    async def page(self, tenant: str, asked: JobQuery) -> Sequence[JobRecord]:
        """Return jobs; see `JobEngine.page`."""
        return await asyncio.to_thread(self._store.page, tenant, asked)

    async def cancel(self, tenant: str, id: str) -> JobRecord:
        """Call a job off; see `JobEngine.cancel`."""

        def cancel() -> JobRecord:
            self._get(tenant, id)
            self._tidier.end(id, Status.CANCELED)
            return self._get(tenant, id)

        return await asyncio.to_thread(cancel)

    async def resume(self, tenant: str, id: str) -> JobRecord:
        """Resume a failed job; see `JobEngine.resume`."""

        def resume() -> JobRecord:
            job = self._get(tenant, id)
            if job.resumable:
                self._tidier.tidy(job)  # in case that was put off
            resumed = self._store.move(id, Status.QUEUED, run=job.run)
            if resumed is None:
                raise JobNotResumable()
            return resumed

        return await asyncio.to_thread(resume)

    async def delete(self, tenant: str, id: str) -> None:
        """Remove a job; see `JobEngine.delete`."""

        def delete() -> None:
            self._get(tenant, id)
            self._tidier.end(id, Status.CANCELED)
            self._tidier.remove(self._get(tenant, id))

        await asyncio.to_thread(delete)

    async def output(self, tenant: str, id: str) -> Output:
        """Return the output of a job; see `JobEngine.output`."""
        job = await self.get(tenant, id)
        if job.output is None:
            raise JobNotFinished(f"The job's status is {job.status}.")
        return job.output

    async def changes(
        self, tenant: str, id: str, after: int = 0
    ) -> AsyncGenerator[JobRecord, None]:
        """Yield a job whenever it has changed; see `JobEngine.changes`."""
        while True:
            job = await self.get(tenant, id)
            if job.version > after:
                after = job.version
                yield job
            if job.final:
                return
            await asyncio.sleep(self._pace.watch_s)

    async def describe(self, job: JobRecord) -> dict[str, Any]:
        """Return a job's object; see `JobEngine.describe`."""
        return await asyncio.to_thread(self._described, job)

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._started = True
        self._tidier.start()
        if self._worker is not None:
            self._worker.start(loop)

    def _close(self) -> None:
        if self._started:
            if self._worker is not None:
                self._worker.stop(self._settings.worker_drain_s)
            self._tidier.stop()
        self._queues.close()
        self._engine.dispose()

    def _make_worker(self, observer: Observer, tracer: Tracer) -> Worker:
        settings = self._settings
        return Worker(
            self._url,
            store=self._store,
            queues=self._queues,
            objects=self._objects,
            tidier=self._tidier,
            work=self._work,
            tell=self._webhooks.tell,
            observer=observer,
            tracer=tracer,
            scratch=self._scratch,
            most_copied_bytes=settings.max_input_copies_bytes,
            locks=WorkerLocks(self._locks),
            jobs=settings.jobs_concurrency,
            segments=settings.segments_concurrency,
            tenant_jobs=settings.tenant_jobs,
            attempts=settings.job_attempts,
            patience_s=settings.dependency_wait_s,
            webhook_attempts=settings.webhook_attempts,
            pace=self._pace,
        )

    def _get(self, tenant: str, id: str) -> JobRecord:
        job = self._store.get(id, tenant)
        if job is None:
            raise JobNotFound()
        return job

    def _submit(self, order: JobSubmission) -> SubmitResult:
        id = job_id(order.tenant, order.key)
        if order.key is not None and (known := self._store.get(id)) is not None:
            return _replayed(known, order)
        waiting = self._store.counts().get(Status.QUEUED, 0)
        if waiting >= self._settings.max_queued_jobs:
            raise Overloaded("Too many jobs are waiting.", retry_after_s=30)
        kept: dict[str, list[StoredFile]] = {}
        job: JobRecord | None = None
        with ExitStack() as stack:
            files = {name: list(sent) for name, sent in order.files.items()}
            for name, upload in order.uploads.items():
                files.setdefault(name, []).append(self._uploaded(stack, order.tenant, upload))
            try:
                self._keep(id, files, kept)
                job = self._store.add(id, order, kept, current().headers().get("traceparent"))
            finally:
                if job is None:
                    for stored in chain(*kept.values()):
                        self._objects.delete(stored.key)
        if job is None:  # a request with the same key came first
            return _replayed(self._get(order.tenant, id), order)
        log.info("job %s: taken on", id)
        return SubmitResult(job, replayed=False)

    def _keep(
        self,
        id: str,
        files: Mapping[str, Sequence[SentFile]],
        kept: dict[str, list[StoredFile]],
    ) -> None:
        """Move files into the store; `kept` lists those stored, even after an error."""
        token = secrets.token_hex(8)
        for field, sent in files.items():
            for number, file in enumerate(sent):
                key = input_key(id, token, field, number)
                kept.setdefault(field, []).append(StoredFile(key, file.sha256, file.size))
                self._objects.put(key, file.path)

    def _uploaded(self, stack: ExitStack, tenant: str, upload: str) -> SentFile:
        """Return the file of an upload, which is gone once the stack ends well."""
        path = stack.enter_context(self._uploads.claim(tenant, upload))
        link = self._spool / f"{upload}-{secrets.token_hex(4)}"
        os.link(path, link)
        stack.callback(link.unlink, missing_ok=True)
        return SentFile(link, sha256_of(link), link.stat().st_size)

    def _described(self, job: JobRecord) -> dict[str, Any]:
        return describe(
            job,
            position=self._store.position(job),
            workers=0 if job.final else len(live_workers(self._engine, self._pace)),
            public_url=self._settings.public_url,
        )

    def _render(self, job: JobRecord) -> bytes:
        return json.dumps(self._described(job)).encode()

    def _sweep(self) -> None:
        """Remove files that were on their way into a job when a process died."""
        self._uploads.sweep()
        self._sweep_more()
        before = time.time() - self._settings.job_upload_timeout_s - _TAKING_SPARE_S
        for path in self._spool.glob("*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    path.unlink()


def _replayed(known: JobRecord, order: JobSubmission) -> SubmitResult:
    if known.fingerprint != order.fingerprint:
        raise IdempotencyMismatch()
    return SubmitResult(known, replayed=True)
