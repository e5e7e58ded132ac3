"""Jobs as callers order and list them."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.errors import InvalidRequest, JobNotFound, MissingField
from gateway.jobs.job import (
    JobPriority,
    JobQuery,
    JobRecord,
    JobSubmission,
    SentFile,
    Status,
    Webhook,
)
from gateway.jobs.protocol import JobEngine
from gateway.operations.schemas.jobs import JobList, JobObject, WebhookOptions
from gateway.settings import Settings

FILES = ("source", "reference", "target")
"""What the files of a job are for."""
MOST_LISTED = 100
"""Jobs of one page of a list, at most."""
ID = re.compile("job_[0-9a-f]{32}")
_DURATION = r"(\d{1,9}(?:\.\d{1,3})?)(s|m|h|d)"
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOrder:
    """A job as it is ordered, not yet checked.

    Attributes:
        tenant: The requesting tenant.
        options: JSON, or what it says.
        files: Of each of `FILES` those that were sent, in their order.
        source_id: The enrolled identity in place of sources.
        target_upload: The finished upload in place of a target.
        key: Idempotency key.
        webhook: The receiver of notifications.
        priority: `high`, `normal` or `low`; None is normal.
        retention_s: Seconds it is kept once it has ended; None: as long as the service keeps jobs.
        cancel_after_s: Seconds it may take from now.
    """

    tenant: str
    options: str | bytes | dict[str, Any] | None
    files: Mapping[str, Sequence[SentFile]] = field(default_factory=dict)
    source_id: str | None = None
    target_upload: str | None = None
    key: str | None = None
    webhook: WebhookOptions | None = None
    priority: str | None = None
    retention_s: float | None = None
    cancel_after_s: float | None = None


def submission(engine: JobEngine, order: JobOrder, settings: Settings) -> JobSubmission:
    """Return an order, validated as far as possible without reading its files.

    Raises:
        InvalidRequest, InvalidOptions, MissingField, WebhookRefused: by name.
    """
    options = engine.work.accept(order.options)
    counts = {name: len(order.files.get(name, ())) for name in FILES}
    if order.target_upload is not None:
        if counts["target"]:
            raise InvalidRequest("Send either `target` or `target_upload`, not both.")
        counts["target"] = 1
    if not counts["target"]:
        raise MissingField(errors=[{"pointer": "/target", "detail": "required"}])
    engine.work.require(options, counts, order.source_id)
    made = JobSubmission(
        tenant=order.tenant,
        key=order.key,
        cancel_after_s=order.cancel_after_s,
        files={name: sent for name, sent in order.files.items() if sent},
        uploads={} if order.target_upload is None else {"target": order.target_upload},
        options=options,
        source_id=order.source_id,
        webhook=_webhook(order.webhook),
        priority=_priority(order.priority),
        retention_s=_retention_s(order.retention_s, settings),
    )
    engine.check_webhook(made)
    return made


def known_id(id: str) -> str:
    """Return a job's id, if it may be one.

    Raises:
        JobNotFound: none has such an id.
    """
    if not ID.fullmatch(id):
        raise JobNotFound()
    return id


def duration_s(text: str) -> float:
    """Return the seconds of a duration such as `90s`, `5m`, `2h` or `7d`.

    Raises:
        ValueError: it is none, or none at all.
    """
    match = re.fullmatch(_DURATION, text.strip())
    seconds = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if not seconds:
        raise ValueError("it must be a duration such as 90s, 5m, 2h or 7d")
    return seconds


async def described(engine: JobEngine, job: JobRecord) -> JobObject:
    """Return the object that shows a job."""
    return JobObject.model_validate(await engine.describe(job))


async def listed(
    engine: JobEngine, tenant: str, statuses: Sequence[Status], limit: int, page_token: str | None
) -> JobList:
    """Return a page of a tenant's jobs, the latest first.

    Args:
        engine: Of the jobs.
        tenant: Whose jobs.
        statuses: Only jobs in one of these; in any, if there are none.
        limit: How many at most.
        page_token: `next` of the previous page; None for the first.

    Raises:
        InvalidRequest: the token is none of ours.
    """
    after = None if page_token is None else PageToken.read(page_token)
    place = None if after is None else (after.created, after.id)
    jobs = list(await engine.page(tenant, JobQuery(tuple(statuses), place, limit)))
    more = len(jobs) == limit
    return JobList(
        jobs=[await described(engine, job) for job in jobs],
        next=PageToken(jobs[-1].created, jobs[-1].id).written() if more else None,
    )


async def waited_for(engine: JobEngine, job: JobRecord, seconds: float) -> JobRecord:
    """Return a job once it has ended, or as it is after so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            async for seen in engine.changes(job.tenant, job.id):
                job = seen
    except TimeoutError:
        pass
    return job


@dataclass(frozen=True, slots=True)
class PageToken:
    """The cursor of the next page of a list; opaque to callers.

    Attributes:
        created: Creation time of the last job that was listed.
        id: Its id.
    """

    created: float
    id: str

    def written(self) -> str:
        """Return what callers see."""
        text = json.dumps([self.created, self.id])
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> PageToken:
        """Return what it stands for.

        Raises:
            InvalidRequest: for nothing.
        """
        try:
            padded = text + "=" * (-len(text) % 4)
            created, id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
            return cls(float(created), str(id))
        except (binascii.Error, ValueError, TypeError):
            raise InvalidRequest("The page token is none of ours.") from None


def _webhook(asked: WebhookOptions | None) -> Webhook | None:
    return None if asked is None else Webhook(asked.url, tuple(dict.fromkeys(asked.events)))


def _priority(text: str | None) -> JobPriority:
    try:
        return JobPriority[(text or "normal").upper()]
    except KeyError:
        raise InvalidRequest("The priority must be high, normal or low.") from None


def _retention_s(seconds: float | None, settings: Settings) -> float:
    most_s = 3600 * settings.job_retention_h
    if seconds is None:
        return most_s
    if seconds > most_s:
        raise InvalidRequest(f"Jobs are kept for at most {settings.job_retention_h:g} hours.")
    return seconds
