"""/v1/jobs: queued rendering of videos."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Query, Request
from pydantic import BeforeValidator
from pydantic.json_schema import SkipJsonSchema
from starlette.responses import Response

from gateway.access.caller import DEFAULT_TENANT
from gateway.deprecations import note, renames
from gateway.errors import InvalidRequest, MissingField
from gateway.http.dependencies import AnswersJson, RunningServices
from gateway.http.request.form_docs import form_body
from gateway.http.request.forms import Field, Form, json_field, read_form, text_field
from gateway.http.request.jobs import (
    CancelAfter,
    Engine,
    IdempotencyKey,
    JobId,
    PageToken,
    Tenant,
    WaitSeconds,
    duration_s,
)
from gateway.http.response.error_docs import (
    JOB_ERRORS,
    JOBS_ERRORS,
    LIST_ERRORS,
    RESUME_ERRORS,
)
from gateway.http.routing import Router, responses
from gateway.http.schemas.jobs import JobList, JobObject, WebhookOptions
from gateway.jobs.job import JobPriority, JobQuery, JobRecord, JobSubmission, Status, Webhook
from gateway.jobs.protocol import JobEngine
from gateway.pipeline.options.parse import read_options
from gateway.settings import Settings


def _current(status: str) -> str:
    """Return the name of a status, also of one that was renamed."""
    rename = renames("job status").get(status)
    if rename is None:
        return status
    note(rename)
    return rename.new


StatusName = Annotated[Status, BeforeValidator(_current)]
FILES = ("source", "reference", "target")
MOST_LISTED = 100
FORM = {
    "source": Field("Pictures of the new face.", most=lambda settings: settings.max_sources),
    "source_id": text_field("An enrolled identity."),
    "reference": Field(most=lambda settings: settings.max_sources),
    "target": Field(),
    "target_upload": text_field("A finished upload."),
    "options": Field(file=False, schema={"type": "object"}),
    "webhook": json_field(WebhookOptions),
    "priority": text_field(enum=["high", "normal", "low"]),
    "retention": text_field(example="6h"),
}
_EXAMPLE = {"source": ["(bytes of alice.jpg)"], "target": "(bytes of video.mp4)"}
_HEADERS = {
    "Location": "Address of the job.",
    "Idempotent-Replayed": "`true` if the job had been submitted before.",
    "Preference-Applied": "The seconds the answer was allowed to wait.",
}

router = Router("jobs")


@router.post(
    "/v1/jobs",
    status_code=202,
    dependencies=[AnswersJson],
    responses=responses(*JOBS_ERRORS, status=202, headers=_HEADERS),
    openapi_extra=form_body(FORM, _EXAMPLE),
)
async def post_jobs(
    *,
    request: Request,
    response: Response,
    services: RunningServices,
    engine: Engine,
    wait_s: WaitSeconds,
    tenant: Tenant = DEFAULT_TENANT,
    key: IdempotencyKey = None,
    cancel_after_s: CancelAfter = None,
) -> JobObject:
    """Submit a video or picture to be rendered.

    Send `multipart/form-data`: `source` pictures or `source_id`, the video as `target`, or the id
    of a finished upload as `target_upload`; and optionally `reference` pictures, `options` (JSON),
    `webhook` (JSON), `priority` (`high`, `normal`, `low`) and `retention` (such as `6h`; at most
    the service's own). Files are written to disk as they arrive.

    The answer is the job, with status 202 and its address in `Location`. An accepted job is
    executed, even if processes die meanwhile.

    `Idempotency-Key` makes it safe to send the same again: as long as the job is kept it is
    answered with `Idempotent-Replayed: true`, and nothing is done twice. `Prefer: wait=30` waits up
    to so many seconds (1-60) for the job to end, and answers 200 if it has. `Cancel-After: 5m` (or
    `90s`, `2h`) cancels it if it has not ended by then. `X-Semblant-Tenant` names its owner; jobs
    of other tenants are not found.
    """
    settings = services.settings
    with services.intake.ticket():
        async with (
            engine.idempotency_lock(tenant, key),
            read_form(request, FORM, settings, folder=engine.spool) as form,
        ):
            order = await _order(
                engine, form, settings, tenant=tenant, key=key, cancel_after_s=cancel_after_s
            )
            taken = await engine.submit(order)
    response.headers["Location"] = f"/v1/jobs/{taken.job.id}"
    if taken.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    job = taken.job
    if wait_s is not None:
        response.headers["Preference-Applied"] = f"wait={wait_s}"
        job = await _waited(engine, job, wait_s)
        response.status_code = 200 if job.final else 202
    return await described(engine, job)


@router.get("/v1/jobs", dependencies=[AnswersJson], responses=responses(*LIST_ERRORS))
async def get_jobs(
    engine: Engine,
    tenant: Tenant = DEFAULT_TENANT,
    status: Annotated[
        list[StatusName],
        Query(description="Only jobs in this state; may be there several times."),
    ] = [],  # noqa: B006 - FastAPI copies it
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED, description="How many at most.")] = 20,
    page_token: Annotated[
        str | SkipJsonSchema[None], Query(description="`next` of the previous list.")
    ] = None,
) -> JobList:
    """List the tenant's jobs."""
    after = None if page_token is None else PageToken.read(page_token)
    place = None if after is None else (after.created, after.id)
    jobs = list(await engine.page(tenant, JobQuery(tuple(status), place, limit)))
    more = len(jobs) == limit
    return JobList(
        jobs=[await described(engine, job) for job in jobs],
        next=PageToken(jobs[-1].created, jobs[-1].id).written() if more else None,
    )


@router.get("/v1/jobs/{id}", dependencies=[AnswersJson], responses=responses(*JOB_ERRORS))
async def get_job(id: JobId, engine: Engine, tenant: Tenant = DEFAULT_TENANT) -> JobObject:
    """Show a job."""
    return await described(engine, await engine.get(tenant, id))


@router.post("/v1/jobs/{id}/cancel", dependencies=[AnswersJson], responses=responses(*JOB_ERRORS))
async def cancel_job(id: JobId, engine: Engine, tenant: Tenant = DEFAULT_TENANT) -> JobObject:
    """Cancel a job.

    Its processing stops within a second. A job that has ended stays as it is.
    """
    return await described(engine, await engine.cancel(tenant, id))


@router.post(
    "/v1/jobs/{id}/resume",
    status_code=202,
    dependencies=[AnswersJson],
    responses=responses(*RESUME_ERRORS, status=202),
)
async def resume_job(id: JobId, engine: Engine, tenant: Tenant = DEFAULT_TENANT) -> JobObject:
    """Resume a failed job.

    Only a failed job, as long as its files are kept. Finished segments are not rendered again.
    """
    return await described(engine, await engine.resume(tenant, id))


@router.delete("/v1/jobs/{id}", status_code=204, responses=responses(*JOB_ERRORS, status=204))
async def delete_job(id: JobId, engine: Engine, tenant: Tenant = DEFAULT_TENANT) -> None:
    """Delete a job and all that is kept of it.

    A job that has not ended is canceled first. Its files are removed.
    """
    await engine.delete(tenant, id)


async def described(engine: JobEngine, job: JobRecord) -> JobObject:
    """Return the object that shows a job."""
    return JobObject.model_validate(await engine.describe(job))


async def _order(
    engine: JobEngine,
    form: Form,
    settings: Settings,
    *,
    tenant: str,
    key: str | None,
    cancel_after_s: float | None,
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
        tenant=tenant,
        key=key,
        cancel_after_s=cancel_after_s,
        files={name: await form.kept(name) for name in FILES if form.has(name)},
        uploads={} if upload is None else {"target": upload},
        options=options,
        source_id=source_id,
        webhook=_webhook(await form.text("webhook")),
        priority=_priority(await form.line("priority")),
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
    try:
        seconds = duration_s(text)
    except ValueError as error:
        raise InvalidRequest(f"`retention`: {error}.") from None
    if seconds > most_s:
        raise InvalidRequest(f"Jobs are kept for at most {settings.job_retention_h:g} hours.")
    return seconds


async def _waited(engine: JobEngine, job: JobRecord, seconds: float) -> JobRecord:
    """Return a job once it has ended, or as it is after so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            async for seen in engine.changes(job.tenant, job.id):
                job = seen
    except TimeoutError:
        pass
    return job
