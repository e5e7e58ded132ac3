"""/v1/jobs: queued rendering of videos."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from gateway.deprecations import note, renames
from gateway.errors import InvalidRequest, MissingField
from gateway.http.request.forms import Field, Form, read_form
from gateway.http.request.jobs import (
    PageToken,
    cancel_after_s,
    duration_s,
    engine_of,
    id_of,
    job_response,
    key_of,
    tenant_of,
    wait_s,
)
from gateway.http.request.negotiate import JSON, acceptable
from gateway.http.schemas.jobs import JobList, JobObject, WebhookOptions
from gateway.jobs.database.jobs import JobQuery
from gateway.jobs.job import JobPriority, JobRecord, JobSubmission, Status, Webhook
from gateway.jobs.protocol import JobEngine
from gateway.pipeline.options.parse import read_options
from gateway.serving.services import Services
from gateway.settings import Settings

FILES = ("source", "reference", "target")
MOST_LISTED = 100
_LISTED = 20


async def post_jobs(services: Services, request: Request) -> Response:
    """Read the form to disk, take the job on, and answer it, at once or when it has ended."""
    acceptable(request.headers.get("accept"), (JSON,))
    engine, tenant, wait = engine_of(services), tenant_of(request), wait_s(request)
    key, settings = key_of(request), services.settings
    with services.intake.ticket():
        async with (
            engine.idempotency_lock(tenant, key),
            read_form(request, _fields(settings), folder=engine.spool) as form,
        ):
            order = await _order(engine, request, form, settings)
            taken = await engine.submit(order)
    headers = {"Location": f"/v1/jobs/{taken.job.id}"}
    if taken.replayed:
        headers["Idempotent-Replayed"] = "true"
    job = taken.job
    if wait is not None:
        headers["Preference-Applied"] = f"wait={wait}"
        job = await _waited(engine, job, wait)
    return await job_response(engine, job, status=200 if job.final else 202, headers=headers)


async def get_jobs(services: Services, request: Request) -> Response:
    """Answer some of the tenant's jobs."""
    acceptable(request.headers.get("accept"), (JSON,))
    engine, asked = engine_of(services), _asked(request)
    jobs = list(await engine.page(tenant_of(request), asked))
    more = len(jobs) == asked.limit
    answer = JobList(
        jobs=[JobObject(**await engine.describe(job)) for job in jobs],
        next=PageToken(jobs[-1].created, jobs[-1].id).written() if more else None,
    )
    return Response(answer.model_dump_json(), media_type=JSON)


async def get_job(services: Services, request: Request) -> Response:
    """Answer a job."""
    acceptable(request.headers.get("accept"), (JSON,))
    engine = engine_of(services)
    return await job_response(engine, await engine.get(tenant_of(request), id_of(request)))


async def cancel_job(services: Services, request: Request) -> Response:
    """Call a job off, and answer it."""
    acceptable(request.headers.get("accept"), (JSON,))
    engine = engine_of(services)
    return await job_response(engine, await engine.cancel(tenant_of(request), id_of(request)))


async def resume_job(services: Services, request: Request) -> Response:
    """Resume a failed job and return it."""
    acceptable(request.headers.get("accept"), (JSON,))
    engine = engine_of(services)
    job = await engine.resume(tenant_of(request), id_of(request))
    return await job_response(engine, job, status=202)


async def delete_job(services: Services, request: Request) -> Response:
    """Remove a job and all that is kept of it."""
    await engine_of(services).delete(tenant_of(request), id_of(request))
    return Response(status_code=204)


def _fields(settings: Settings) -> dict[str, Field]:
    return {
        "source": Field(most=settings.max_sources),
        "reference": Field(most=settings.max_sources),
        "target": Field(),
        **{name: Field(file=False) for name in ("source_id", "target_upload", "priority")},
        **{name: Field(file=False) for name in ("retention", "options", "webhook")},
    }


async def _order(
    engine: JobEngine, request: Request, form: Form, settings: Settings
) -> JobSubmission:
    """Return the request in a form, validated as far as possible without reading its files.

    Raises:
        InvalidRequest, InvalidOptions, MissingField, WebhookRefused: by name.
    """
    options = engine.work.accept(await form.text("options"))
    source_id, upload = await form.line("source_id"), await form.line("target_upload")
    counts = {name: form.count(name) for name in FILES}
    if upload is not None:
        if counts["target"]:
            raise InvalidRequest("Send either `target` or `target_upload`, not both.")
        counts["target"] = 1
    if not counts["target"]:
        raise MissingField(errors=[{"pointer": "/target", "detail": "required"}])
    engine.work.require(options, counts, source_id)
    order = JobSubmission(
        tenant=tenant_of(request),
        files={name: await form.kept(name) for name in FILES if form.has(name)},
        uploads={} if upload is None else {"target": upload},
        options=options,
        key=key_of(request),
        source_id=source_id,
        webhook=_webhook(await form.text("webhook")),
        priority=_priority(await form.line("priority")),
        cancel_after_s=cancel_after_s(request),
        retention_s=_retention_s(await form.line("retention"), settings),
    )
    engine.check_webhook(order)
    return order


def _webhook(text: bytes | str | None) -> Webhook | None:
    if not text:
        return None
    asked = read_options(WebhookOptions, text, field="webhook")
    return Webhook(asked.url, tuple(dict.fromkeys(asked.events)))


def _priority(text: str | None) -> JobPriority:
    try:
        return JobPriority[(text or "normal").upper()]
    except KeyError:
        raise InvalidRequest("The priority must be high, normal or low.") from None


def _retention_s(text: str | None, settings: Settings) -> float:
    most_s = 3600 * settings.job_retention_h
    if text is None:
        return most_s
    seconds = duration_s(text, "The retention")
    if seconds > most_s:
        raise InvalidRequest(f"Jobs are kept for at most {settings.job_retention_h:g} hours.")
    return seconds


def _asked(request: Request) -> JobQuery:
    query = request.query_params
    try:
        statuses = tuple(Status(_current(status)) for status in query.getlist("status"))
    except ValueError:
        told = ", ".join(status.value for status in Status)
        raise InvalidRequest(f"`status` must be one of {told}.") from None
    limit = query.get("limit", str(_LISTED))
    if not limit.isdecimal() or not 1 <= int(limit) <= MOST_LISTED:
        raise InvalidRequest(f"`limit` must be 1-{MOST_LISTED}.")
    token = query.get("page_token")
    after = None if token is None else PageToken.read(token)
    return JobQuery(statuses, None if after is None else (after.created, after.id), int(limit))


def _current(status: str) -> str:
    """Return the name of a status, also of one that was renamed."""
    rename = renames("job status").get(status)
    if rename is None:
        return status
    note(rename)
    return rename.new


async def _waited(engine: JobEngine, job: JobRecord, seconds: float) -> JobRecord:
    """Return a job once it has ended, or as it is after so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            async for seen in engine.changes(job.tenant, job.id):
                job = seen
    except TimeoutError:
        pass
    return job
