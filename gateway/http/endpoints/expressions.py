"""/v1/expression-libraries: libraries of a person's expressions."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Request
from starlette.responses import Response

from gateway.deadline import Deadline
from gateway.http.dependencies import (
    AnswersJson,
    IdentitiesTenant,
    RequestedLimit,
    RequestRecord,
    RunningServices,
)
from gateway.http.request.form_docs import form_body
from gateway.http.request.forms import Field, json_field, read_form
from gateway.http.request.json_body import json_body, json_docs
from gateway.http.request.leaving import caller_leaves
from gateway.http.response.error_docs import (
    ENROL_ERRORS,
    LIBRARY_ERRORS,
    MATCH_ERRORS,
    READ_ERRORS,
    TIMING_HEADER,
)
from gateway.http.routing import Router, responses
from gateway.operations.execution import perform
from gateway.operations.expressions import SOURCES, checked, create_library, match
from gateway.operations.schemas.examples import LIBRARY_ID
from gateway.operations.schemas.libraries import (
    EnrolOptions,
    LibraryBody,
    LibraryList,
    LibraryMatch,
    MatchRequest,
    NewLibrary,
    library,
    library_figures,
)
from gateway.pipeline.options.parse import read_options

FORM = {
    "frame": Field("Pictures of one person.", most=lambda settings: settings.max_library_entries),
    "video": Field("A video of the person."),
    "options": json_field(EnrolOptions),
}
_EXAMPLE = {"video": "(bytes of interview.mp4)", "options": {"name": "Alice", "count": 12}}
_HEADERS = {"Location": "Address of the library.", **TIMING_HEADER}

router = Router("expressions")
LibraryId = Annotated[
    str, Path(json_schema_extra={"pattern": "^exp_[0-9a-f]{32}$"}, examples=[LIBRARY_ID])
]


@router.post(
    "/v1/expression-libraries",
    status_code=201,
    dependencies=[AnswersJson],
    responses=responses(*ENROL_ERRORS, status=201, headers=_HEADERS),
    openapi_extra=form_body(FORM, _EXAMPLE),
)
async def post_expressions(
    request: Request,
    response: Response,
    services: RunningServices,
    exchange: RequestRecord,
    limit_s: RequestedLimit,
    tenant: IdentitiesTenant,
) -> NewLibrary:
    """Create a library of a person's expressions from pictures or a video.

    Send `multipart/form-data`: pictures of one person (`frame`, several), a video of the person
    (`video`), or both, and optionally `options` (JSON). Of each picture the largest usable face
    counts, of a video the one that is followed, at most ten times a second.

    Coefficients and a small picture of each entry are kept until the library is deleted. A library
    is biometric data of a person, who must have agreed. Whoever may use identities of the tenant
    can see it.
    """
    settings = services.settings
    seconds = min(limit_s, settings.track_deadline_s)
    with services.admission.ticket("library", seconds) as ticket:
        await services.compute.run(services.expressions.check_room, tenant)
        async with read_form(request, FORM, settings) as form:
            options = read_options(EnrolOptions, await form.text("options"))
            frames, videos = (form.count(name) for name in SOURCES)
            options = checked(options, frames, videos, settings.max_library_entries)
            pictures, video = await form.files("frame"), await form.file("video")

            async def work(deadline: Deadline) -> NewLibrary:
                return await create_library(services, exchange, pictures, video, options, deadline)

            leaving = caller_leaves(request)
            made = await perform(services, exchange, work, seconds, ticket=ticket, leaving=leaving)
    response.headers["Location"] = f"/v1/expression-libraries/{made.id}"
    response.headers["Server-Timing"] = exchange.server_timing()
    return made


@router.get(
    "/v1/expression-libraries", dependencies=[AnswersJson], responses=responses(*READ_ERRORS)
)
async def get_expressions(services: RunningServices, tenant: IdentitiesTenant) -> LibraryList:
    """List the libraries of expressions."""
    infos = await services.compute.run(services.expressions.infos, tenant)
    return LibraryList(libraries=[library_figures(info) for info in infos])


@router.get(
    "/v1/expression-libraries/{id}",
    dependencies=[AnswersJson],
    responses=responses(*LIBRARY_ERRORS),
)
async def get_expression(
    id: LibraryId, services: RunningServices, tenant: IdentitiesTenant
) -> LibraryBody:
    """Show a library of expressions."""
    return library(await services.compute.run(services.expressions.get, tenant, id))


@router.delete(
    "/v1/expression-libraries/{id}",
    status_code=204,
    responses=responses(*LIBRARY_ERRORS, status=204),
)
async def delete_expression(
    id: LibraryId, services: RunningServices, tenant: IdentitiesTenant
) -> None:
    """Delete a library of expressions."""
    await services.compute.run(services.expressions.delete, tenant, id)


@router.post(
    "/v1/expression-libraries/{id}/match",
    dependencies=[AnswersJson],
    responses=responses(*MATCH_ERRORS),
    openapi_extra=json_docs(MatchRequest),
)
async def post_match(
    id: LibraryId,
    wanted: Annotated[MatchRequest, Depends(json_body(MatchRequest))],
    services: RunningServices,
    tenant: IdentitiesTenant,
) -> LibraryMatch:
    """Find the entry of a library that is nearest to an expression."""
    kept = await services.compute.run(services.expressions.get, tenant, id)
    return await services.compute.run(match, kept, wanted)
