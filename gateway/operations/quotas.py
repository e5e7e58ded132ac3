"""What a tenant's quotas say to what it wants to keep, before that is accepted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Protocol

from gateway.access.entry import Book
from gateway.access.standing import Quota
from gateway.errors import JobNotFound, VideoError
from gateway.jobs.job import JobQuery, JobRecord, JobSubmission, Status, job_id
from gateway.jobs.protocol import JobEngine, SubmitResult
from gateway.media.video import VideoSource
from gateway.serving.services import Services

_PAGE = 100


class SizedStore(Protocol):
    """A store of what a tenant keeps."""

    def bytes_of(self, tenant: str) -> int:
        """Return the bytes that are a tenant's."""
        ...


async def submit_within_quotas(
    services: Services, engine: JobEngine, order: JobSubmission
) -> SubmitResult:
    """Submit an order that its tenant's quotas permit; what is not accepted is not charged.

    Raises:
        QuotaExceeded: the tenant has as many jobs, bytes or seconds of video as it may have.
        SemblantError: from submitting.
    """
    book = services.entry.book
    if book is None or await _is_replay(engine, order):
        return await engine.submit(order)
    await _within_jobs(book, engine, order.tenant)
    await _within_bytes(services, book, order, engine)
    max_pixels = services.settings.max_pixels
    async with _video_seconds(book, engine, order, max_pixels):
        return await engine.submit(order)


async def _is_replay(engine: JobEngine, order: JobSubmission) -> bool:
    """Return whether a job of the order's key was accepted before: that costs nothing."""
    if order.key is None:
        return False
    with suppress(JobNotFound):
        await engine.get(order.tenant, job_id(order.tenant, order.key))
        return True
    return False


async def _within_jobs(book: Book, engine: JobEngine, tenant: str) -> None:
    limit = (await asyncio.to_thread(book.standing, tenant, Quota.JOBS)).limit
    if limit:
        asked = JobQuery((Status.QUEUED, Status.PROCESSING), limit=int(limit) + 1)
        running = len(await engine.page(tenant, asked))
        await book.admit(tenant, Quota.JOBS, in_use=running)


async def _within_bytes(
    services: Services, book: Book, order: JobSubmission, engine: JobEngine
) -> None:
    sent = sum(file.size for files in order.files.values() for file in files)
    await _require_bytes(services, book, order.tenant, sent, engine)


async def require_bytes(services: Services, tenant: str, more: int) -> None:
    """Check that a tenant may keep so many bytes more.

    Raises:
        QuotaExceeded: it may not.
    """
    if services.entry.book is not None:
        await _require_bytes(services, services.entry.book, tenant, more, services.jobs)


async def _require_bytes(
    services: Services, book: Book, tenant: str, more: int, engine: JobEngine | None
) -> None:
    standing = await asyncio.to_thread(book.standing, tenant, Quota.BYTES)
    if standing.unlimited:
        return
    stores: list[SizedStore] = [services.identities, services.expressions]
    if engine is not None:
        stores.append(engine.uploads)
    kept = sum([await asyncio.to_thread(store.bytes_of, tenant) for store in stores])
    if engine is not None:
        async for job in _all_jobs(engine, tenant):
            kept += sum(file.size for files in job.files.values() for file in files)
            kept += 0 if job.output is None else job.output.size
    await book.admit(tenant, Quota.BYTES, more, in_use=kept)


async def _all_jobs(engine: JobEngine, tenant: str) -> AsyncIterator[JobRecord]:
    after: tuple[float, str] | None = None
    while page := await engine.page(tenant, JobQuery((), after, _PAGE)):
        for job in page:
            yield job
        after = page[-1].created, page[-1].id


@asynccontextmanager
async def _video_seconds(
    book: Book, engine: JobEngine, order: JobSubmission, max_pixels: int
) -> AsyncIterator[None]:
    """Charge the length of an order's video for the block; if that fails it is given back."""
    tenant, quota = order.tenant, Quota.VIDEO_SECONDS
    if (await asyncio.to_thread(book.standing, tenant, quota)).unlimited:
        yield
        return
    seconds = await asyncio.to_thread(_seconds, engine, order, max_pixels)
    standing = await book.admit(tenant, quota, seconds)
    try:
        yield
    except BaseException:
        await asyncio.shield(
            asyncio.to_thread(book.refund, tenant, quota, seconds, window=standing.window)
        )
        raise


def _seconds(engine: JobEngine, order: JobSubmission, max_pixels: int) -> float:
    upload = order.uploads.get("target")
    if upload is None:
        return _length_s(order.files["target"][0].path, order, max_pixels)
    with engine.uploads.reading(order.tenant, upload) as path:
        return _length_s(path, order, max_pixels)


def _length_s(path: Path, order: JobSubmission, max_pixels: int) -> float:
    """Return the seconds of video that an order asks for; 0 of a picture."""
    with suppress(VideoError):  # what cannot be read is refused by its job
        whole = float(VideoSource(path, max_pixels).probe().timing.duration_s)
        output = order.options.get("video") or {}
        end_s = min(whole, output.get("end_s") or whole)
        return max(0.0, end_s - (output.get("start_s") or 0.0))
    return 0.0
