"""/v1/expression-libraries: libraries of a person's expressions."""

from __future__ import annotations

from contextlib import AsyncExitStack
from fractions import Fraction
from typing import Annotated

from fastapi import Depends, Path, Request
from starlette.responses import Response

from gateway.access.caller import DEFAULT_TENANT
from gateway.deadline import Deadline
from gateway.errors import InvalidOptions, MissingField
from gateway.faces.morphable.expression import from_names, rest_of
from gateway.faces.morphable.library import find_best_match
from gateway.http.dependencies import (
    AnswersJson,
    RequestedLimit,
    RequestRecord,
    RunningServices,
)
from gateway.http.request.execution import perform
from gateway.http.request.form_docs import form_body
from gateway.http.request.forms import Field, Form, json_field, read_form
from gateway.http.request.json_body import json_body, json_docs
from gateway.http.request.videos import DAMAGED, open_video, stills
from gateway.http.request_context import Exchange
from gateway.http.response.error_docs import (
    ENROL_ERRORS,
    LIBRARY_ERRORS,
    MATCH_ERRORS,
    READ_ERRORS,
    TIMING_HEADER,
)
from gateway.http.routing import Router, responses
from gateway.http.schemas.examples import LIBRARY_ID
from gateway.http.schemas.libraries import (
    EnrolOptions,
    LibraryBody,
    LibraryList,
    LibraryMatch,
    MatchRequest,
    NewLibrary,
    library,
    library_figures,
    library_match,
    new_library,
)
from gateway.pipeline.options.parse import read_options
from gateway.serving.services import Services
from gateway.storage.expressions import ExpressionLibrary

_SOURCES = ("frame", "video")
GAP_S = Fraction(1, 10)
"""Seconds between two sampled frames of a video: neighbouring frames are similar."""


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
) -> NewLibrary:
    """Create a library of a person's expressions from pictures or a video.

    Send `multipart/form-data`: pictures of one person (`frame`, several), a video of the person
    (`video`), or both, and optionally `options` (JSON). Of each picture the largest usable face
    counts, of a video the one that is followed, at most ten times a second.

    Coefficients and a small picture of each entry are kept until the library is deleted. A library
    is biometric data of a person, who must have agreed. Everybody who can reach the service can see
    all libraries.
    """
    settings = services.settings
    with services.admission.ticket():
        await services.compute.run(services.expressions.check_room, DEFAULT_TENANT)
        async with read_form(request, FORM, settings) as form:
            options = read_options(EnrolOptions, await form.text("options"))
            options = _checked(options, form, settings.max_library_entries)

            async def work(deadline: Deadline) -> NewLibrary:
                return await _enrol(services, exchange, form, options, deadline)

            seconds = min(limit_s, settings.track_deadline_s)
            made = await perform(services, request, work, seconds)
    response.headers["Location"] = f"/v1/expression-libraries/{made.id}"
    response.headers["Server-Timing"] = exchange.server_timing()
    return made


@router.get(
    "/v1/expression-libraries", dependencies=[AnswersJson], responses=responses(*READ_ERRORS)
)
async def get_expressions(services: RunningServices) -> LibraryList:
    """List the libraries of expressions."""
    infos = await services.compute.run(services.expressions.infos, DEFAULT_TENANT)
    return LibraryList(libraries=[library_figures(info) for info in infos])


@router.get(
    "/v1/expression-libraries/{id}",
    dependencies=[AnswersJson],
    responses=responses(*LIBRARY_ERRORS),
)
async def get_expression(id: LibraryId, services: RunningServices) -> LibraryBody:
    """Show a library of expressions."""
    return library(await services.compute.run(services.expressions.get, DEFAULT_TENANT, id))


@router.delete(
    "/v1/expression-libraries/{id}",
    status_code=204,
    responses=responses(*LIBRARY_ERRORS, status=204),
)
async def delete_expression(id: LibraryId, services: RunningServices) -> None:
    """Delete a library of expressions."""
    await services.compute.run(services.expressions.delete, DEFAULT_TENANT, id)


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
) -> LibraryMatch:
    """Find the entry of a library that is nearest to an expression."""
    kept = await services.compute.run(services.expressions.get, DEFAULT_TENANT, id)
    return await services.compute.run(_match, kept, wanted)


def _checked(options: EnrolOptions, form: Form, most: int) -> EnrolOptions:
    """Return the options as they can be had.

    Raises:
        MissingField: there is no input for a library.
        InvalidOptions: more entries are requested than a library may have.
    """
    if not form.has("frame") and not form.has("video"):
        raise MissingField(
            "Either `frame` or `video` is needed.",
            errors=[{"pointer": f"/{name}", "detail": "one is needed"} for name in _SOURCES],
        )
    if options.count > most and "count" in options.model_fields_set:
        raise InvalidOptions(
            errors=[{"pointer": "/count", "detail": f"should be less than or equal to {most}"}]
        )
    return options.model_copy(update={"count": min(options.count, most)})


async def _enrol(
    services: Services,
    exchange: Exchange,
    form: Form,
    options: EnrolOptions,
    deadline: Deadline,
) -> NewLibrary:
    """Look at everything, keep what differs most, render."""
    pictures, videos = [await form.files(name) for name in _SOURCES]
    async with AsyncExitStack() as stack:
        video = None
        if videos:
            video = await stack.enter_async_context(open_video(services, exchange, videos[0]))
        enrolment = await services.enroller.enrol(
            stills(services, pictures),
            video.frames(gap_s=GAP_S) if video else (),
            count=options.count,
            deadline=deadline,
            timings=exchange.timings,
        )
    kept = ExpressionLibrary.new(options.name, enrolment.entries)
    await services.compute.run(services.expressions.add, DEFAULT_TENANT, kept)
    exchange.faces_found = len(kept.entries)
    warnings = [DAMAGED] if video and video.damaged else []
    return new_library(kept, enrolment, warnings)


def _match(kept: ExpressionLibrary, wanted: MatchRequest) -> LibraryMatch:
    """Find the entry.

    Raises:
        InvalidOptions: the library has no such entry as `last`.
    """
    if wanted.last is not None and wanted.last >= len(kept.entries):
        raise InvalidOptions(errors=[{"pointer": "/last", "detail": "there is no such entry"}])
    entries = kept.expressions
    # Controls that are not named default to this person's neutral expression.
    asked = from_names(wanted.controls, rest_of(entries))
    return library_match(kept, find_best_match(entries, asked, last=wanted.last))
