"""/v1/jobs: queued rendering of videos."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from pydantic import BeforeValidator
from pydantic.json_schema import SkipJsonSchema
from starlette.responses import Response

from gateway.deprecations import note, renames
from gateway.errors import InvalidRequest
from gateway.http.dependencies import AnswersJson, JobsTenant, RequestRecord, RunningServices
from gateway.http.request.form_docs import form_body
from gateway.http.request.forms import Field, Form, json_field, read_form, text_field
from gateway.http.request.jobs import (
    CancelAfter,
    Engine,
    IdempotencyKey,
    JobId,
    WaitSeconds,
)
from gateway.http.response.error_docs import (
    JOB_ERRORS,
    JOBS_ERRORS,
    LIST_ERRORS,
    RESUME_ERRORS,
)
from gateway.http.routing import Router, responses
from gateway.jobs.job import Status
from gateway.operations import logged_jobs
from gateway.operations.jobs import (
    FILES,
    MOST_LISTED,
    JobOrder,
    described,
    duration_s,
    listed,
    submission,
    waited_for,
)
from gateway.operations.schemas.jobs import JobList, JobObject, WebhookOptions
from gateway.pipeline.options.parse import read_options


def _current(status: str) -> str:
    """Return the name of a status, also of one that was renamed."""
    rename = renames("job status").get(status)
    if rename is None:
        return status
    note(rename)
    return rename.new


StatusName = Annotated[Status, BeforeValidator(_current)]
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
    responses=responses(
        *JOBS_ERRORS,
        status=202,
        model=JobObject,
        headers=_HEADERS,
        also={200: "The job has ended; with `Prefer: wait` only."},
    ),
    openapi_extra=form_body(FORM, _EXAMPLE),
)
async def post_jobs(
    *,
    request: Request,
    response: Response,
    services: RunningServices,
    exchange: RequestRecord,
    engine: Engine,
    wait_s: WaitSeconds,
    tenant: JobsTenant,
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
            order = await _order(form, tenant=tenant, key=key, cancel_after_s=cancel_after_s)
            made = submission(engine, order, settings)
            taken = await logged_jobs.accept(services, exchange, engine, made)
    response.headers["Location"] = f"/v1/jobs/{taken.job.id}"
    if taken.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    job = taken.job
    if wait_s is not None:
        response.headers["Preference-Applied"] = f"wait={wait_s}"
        job = await waited_for(engine, job, wait_s)
        response.status_code = 200 if job.final else 202
    return await described(engine, job)


@router.get("/v1/jobs", dependencies=[AnswersJson], responses=responses(*LIST_ERRORS))
async def get_jobs(
    engine: Engine,
    tenant: JobsTenant,
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
    return await listed(engine, tenant, status, limit, page_token)


@router.get("/v1/jobs/{id}", dependencies=[AnswersJson], responses=responses(*JOB_ERRORS))
async def get_job(id: JobId, engine: Engine, tenant: JobsTenant) -> JobObject:
    """Show a job."""
    return await described(engine, await engine.get(tenant, id))


@router.post("/v1/jobs/{id}/cancel", dependencies=[AnswersJson], responses=responses(*JOB_ERRORS))
async def cancel_job(
    id: JobId,
    services: RunningServices,
    exchange: RequestRecord,
    engine: Engine,
    tenant: JobsTenant,
) -> JobObject:
    """Cancel a job.

    Its processing stops within a second. A job that has ended stays as it is.
    """
    return await described(engine, await logged_jobs.cancel(services, exchange, engine, id))


@router.post(
    "/v1/jobs/{id}/resume",
    status_code=202,
    dependencies=[AnswersJson],
    responses=responses(*RESUME_ERRORS, status=202),
)
async def resume_job(id: JobId, engine: Engine, tenant: JobsTenant) -> JobObject:
    """Resume a failed job.

    Only a failed job, as long as its files are kept. Finished segments are not rendered again.
    """
    return await described(engine, await engine.resume(tenant, id))


@router.delete("/v1/jobs/{id}", status_code=204, responses=responses(*JOB_ERRORS, status=204))
async def delete_job(
    id: JobId,
    services: RunningServices,
    exchange: RequestRecord,
    engine: Engine,
    tenant: JobsTenant,
) -> None:
    """Delete a job and all that is kept of it.

    A job that has not ended is canceled first. Its files are removed.
    """
    await logged_jobs.delete(services, exchange, engine, id)


async def _order(
    form: Form, *, tenant: str, key: str | None, cancel_after_s: float | None
) -> JobOrder:
    """Return the order in a form.

    Raises:
        InvalidRequest, InvalidOptions, EmptyUpload: by name.
    """
    webhook, retention = await form.text("webhook"), await form.line("retention")
    return JobOrder(
        tenant=tenant,
        options=await form.text("options"),
        files={name: await form.kept(name) for name in FILES},
        source_id=await form.line("source_id"),
        target_upload=await form.line("target_upload"),
        key=key,
        webhook=read_options(WebhookOptions, webhook, field="webhook") if webhook else None,
        priority=await form.line("priority"),
        retention_s=None if retention is None else _retention_s(retention),
        cancel_after_s=cancel_after_s,
    )


def _retention_s(text: str) -> float:
    try:
        return duration_s(text)
    except ValueError as error:
        raise InvalidRequest(f"`retention`: {error}.") from None
