"""Jobs as messages: orders with their files in pieces, objects, outputs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from semblant.v1.answers_pb2 import JobObject
from semblant.v1.jobs_pb2 import (
    CreateJobRequest,
    JobFile,
    JobPriority,
    ListJobsRequest,
)
from semblant.v1.jobs_pb2 import JobOrder as OrderMessage

from gateway.errors import (
    EmptyUpload,
    InvalidOptions,
    InvalidRequest,
    PayloadTooLarge,
    RequestTimeout,
)
from gateway.jobs.job import JobRecord, SentFile, Status
from gateway.jobs.protocol import JobEngine
from gateway.operations.jobs import FILES, MOST_LISTED, JobOrder, described
from gateway.operations.kept_file import KeptFile
from gateway.operations.schemas.jobs import WebhookOptions
from gateway.rpc.call import Call
from gateway.rpc.messages import document_of, filled, options_of
from gateway.settings import Settings

MAX_WAIT_S = 60.0
"""Seconds that may be waited for a job before it is answered."""
PAGE = 20
"""Jobs of a page, unless another number is asked for."""
_LOOK_S = 1.0
_PURPOSES = {
    JobFile.PURPOSE_SOURCE: "source",
    JobFile.PURPOSE_REFERENCE: "reference",
    JobFile.PURPOSE_TARGET: "target",
}
_PRIORITIES = {
    JobPriority.JOB_PRIORITY_UNSPECIFIED: None,
    JobPriority.JOB_PRIORITY_HIGH: "high",
    JobPriority.JOB_PRIORITY_NORMAL: "normal",
    JobPriority.JOB_PRIORITY_LOW: "low",
}


class Receiver:
    """The messages of an order, with limits on their bytes and the time they take."""

    def __init__(
        self, requests: AsyncIterator[CreateJobRequest], engine: JobEngine, settings: Settings
    ) -> None:
        """Take where the messages come from, and where files go."""
        self._requests = requests
        self._engine = engine
        self._settings = settings
        self._kept: dict[str, list[KeptFile]] = {name: [] for name in FILES}
        self._bytes = 0

    async def next(self) -> CreateJobRequest | None:
        """Return the next message; None after the last.

        Raises:
            RequestTimeout: it does not come.
        """
        limit_s = self._settings.upload_timeout_s
        try:
            async with asyncio.timeout(limit_s):
                return await anext(self._requests, None)
        except TimeoutError:
            raise RequestTimeout(f"No message arrived within {limit_s:g} seconds.") from None

    async def files(self) -> dict[str, list[SentFile]]:
        """Return the files of the order, all of them on disk.

        Raises:
            InvalidRequest: a message is out of place, or there are too many files.
            EmptyUpload, PayloadTooLarge, RequestTimeout, StorageFull: by name.
        """
        file: KeptFile | None = None
        loop = asyncio.get_running_loop()
        until = loop.time() + self._settings.job_upload_timeout_s
        while (message := await self.next()) is not None:
            if loop.time() > until:
                raise RequestTimeout("The files did not arrive in time.")
            kind = message.WhichOneof("kind")
            if kind == "file":
                file = self._begun(message.file)
            elif kind == "piece" and file is not None:
                self._count(message.piece)
                await asyncio.to_thread(file.write, message.piece)
            else:
                raise InvalidRequest("A file, or a piece of one that was begun, is expected.")
        return await asyncio.to_thread(self._sent)

    def close(self) -> None:
        """Remove what was not moved into a job."""
        for files in self._kept.values():
            for file in files:
                file.close()

    def _begun(self, begins: JobFile) -> KeptFile:
        purpose = _PURPOSES.get(begins.purpose)
        if purpose is None:
            raise InvalidRequest("The purpose of a file is source, reference or target.")
        most = 1 if purpose == "target" else self._settings.max_sources
        if len(self._kept[purpose]) >= most:
            raise InvalidRequest(f"There may be at most {most} {purpose} files.")
        file = KeptFile(self._engine.spool)
        self._kept[purpose].append(file)
        return file

    def _count(self, piece: bytes) -> None:
        self._bytes += len(piece)
        most = self._settings.max_job_upload_bytes
        if self._bytes > most:
            raise PayloadTooLarge(f"At most {most} bytes may be sent.", extra={"max_bytes": most})

    def _sent(self) -> dict[str, list[SentFile]]:
        for name, files in self._kept.items():
            if any(not file.size for file in files):
                raise EmptyUpload(f"A file of the field `{name}` is empty.")
        return {name: [file.sent() for file in files] for name, files in self._kept.items()}


@asynccontextmanager
async def receiving(
    call: Call, requests: AsyncIterator[CreateJobRequest]
) -> AsyncGenerator[Receiver, None]:
    """Receive an order for the time of the block; files that no job took are gone after it."""
    receiver = Receiver(requests, call.engine, call.services.settings)
    try:
        yield receiver
    finally:
        await asyncio.to_thread(receiver.close)


async def read_order(coming: Receiver) -> OrderMessage:
    """Return the order, which is the first message.

    Raises:
        InvalidRequest: it is not.
        RequestTimeout: there is none.
    """
    first = await coming.next()
    if first is None or first.WhichOneof("kind") != "order":
        raise InvalidRequest("The first message is the order.")
    key = first.order.request_id
    if first.order.HasField("request_id") and not (1 <= len(key) <= 255 and key.isprintable()):
        detail = "should be 1-255 printable characters"
        raise InvalidRequest(
            f"`request_id` {detail}.", errors=[{"pointer": "/order/request_id", "detail": detail}]
        )
    return first.order


def order_of(
    asked: OrderMessage, tenant: str, key: str | None, files: Mapping[str, Sequence[SentFile]]
) -> JobOrder:
    """Return an order that was sent, not yet checked.

    Raises:
        InvalidOptions: of its webhook.
        InvalidRequest: a value is out of range.
    """

    def optional(name: str) -> str | None:
        return getattr(asked, name) if asked.HasField(name) else None  # type: ignore[arg-type]

    for name in ("retention_s", "cancel_after_s"):
        if asked.HasField(name) and not 0 < getattr(asked, name) < 1e9:
            detail = "should be a number of seconds above 0"
            raise InvalidRequest(
                f"`{name}` {detail}.", errors=[{"pointer": f"/order/{name}", "detail": detail}]
            )
    if asked.priority not in _PRIORITIES:
        raise InvalidRequest("The priority must be high, normal or low.")
    has_webhook = asked.HasField("webhook")
    return JobOrder(
        tenant=tenant,
        options=document_of(asked.options),
        files=files,
        source_id=optional("source_id"),
        target_upload=optional("target_upload"),
        key=key,
        webhook=options_of(asked.webhook, WebhookOptions) if has_webhook else None,
        priority=_PRIORITIES[asked.priority],
        retention_s=asked.retention_s if asked.HasField("retention_s") else None,
        cancel_after_s=asked.cancel_after_s if asked.HasField("cancel_after_s") else None,
    )


async def job_message(engine: JobEngine, job: JobRecord) -> JobObject:
    """Return a job's object as a message."""
    return filled(JobObject, await described(engine, job))


def statuses(request: ListJobsRequest) -> list[Status]:
    """Return the states that are asked for.

    Raises:
        InvalidOptions: there is no such state.
    """
    names = document_of(request).get("statuses", [])
    if "" in names:
        raise InvalidOptions(errors=[{"pointer": "/statuses", "detail": "unspecified"}])
    return [Status(name) for name in names]


def page_size(request: ListJobsRequest) -> int:
    """Return how many jobs are asked for.

    Raises:
        InvalidRequest: more than a page may have, or fewer than one.
    """
    if not 0 <= request.page_size <= MOST_LISTED:
        detail = f"should be 0-{MOST_LISTED}"
        raise InvalidRequest(
            f"`page_size` {detail}.", errors=[{"pointer": "/page_size", "detail": detail}]
        )
    return request.page_size or PAGE


async def until_leaving(
    call: Call, changes: AsyncGenerator[JobRecord, None]
) -> AsyncGenerator[JobRecord, None]:
    """Yield changes of a job until it has ended, or the service begins to stop."""
    coming = asyncio.ensure_future(anext(changes, None))
    try:
        while not call.services.health.leaving:
            await asyncio.wait({coming}, timeout=_LOOK_S)
            if coming.done():
                seen = coming.result()
                if seen is None:
                    return
                yield seen
                coming = asyncio.ensure_future(anext(changes, None))
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
        with suppress(RuntimeError):
            await changes.aclose()


async def pieces(read: Iterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Yield what an iterator reads, in a thread."""
    while (piece := await asyncio.to_thread(next, read, None)) is not None:
        yield piece
