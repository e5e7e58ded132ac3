"""/v1/expression-libraries: libraries of a person's expressions."""

from __future__ import annotations

from contextlib import AsyncExitStack
from fractions import Fraction

from starlette.requests import Request
from starlette.responses import Response

from gateway.deadline import Deadline
from gateway.errors import InvalidOptions, MissingField
from gateway.faces.morphable.expression import from_names, rest_of
from gateway.faces.morphable.library import find_best_match
from gateway.http.request.execution import allowed_seconds, perform
from gateway.http.request.forms import Field, Form, read_form
from gateway.http.request.json_body import read_json
from gateway.http.request.negotiate import JSON, acceptable
from gateway.http.request.videos import DAMAGED, open_video, stills
from gateway.http.request_context import Exchange
from gateway.http.schemas.libraries import (
    EnrolOptions,
    LibraryList,
    LibraryMatch,
    MatchRequest,
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


async def post_expressions(services: Services, request: Request) -> Response:
    """Read the form, find expressions, keep them, and answer the library."""
    acceptable(request.headers.get("accept"), (JSON,))
    settings = services.settings
    fields = {
        "frame": Field(most=settings.max_library_entries),
        "video": Field(),
        "options": Field(file=False),
    }
    seconds = allowed_seconds(request, settings.track_deadline_s)
    with services.admission.ticket():
        await services.compute.run(services.expressions.check_room)
        async with read_form(request, fields) as form:
            options = read_options(EnrolOptions, await form.text("options"))
            options = _checked(options, form, settings.max_library_entries)

            async def work(deadline: Deadline) -> Response:
                return await _enrol(services, Exchange.of(request), form, options, deadline)

            return await perform(services, request, work, seconds)


async def get_expressions(services: Services, request: Request) -> Response:
    """Answer all libraries."""
    acceptable(request.headers.get("accept"), (JSON,))
    infos = await services.compute.run(services.expressions.infos)
    answer = LibraryList(libraries=[library_figures(info) for info in infos])
    return Response(answer.model_dump_json(), media_type=JSON)


async def get_expression(services: Services, request: Request) -> Response:
    """Answer one library."""
    acceptable(request.headers.get("accept"), (JSON,))
    kept = await services.compute.run(services.expressions.get, request.path_params["id"])
    return Response(library(kept).model_dump_json(), media_type=JSON)


async def delete_expression(services: Services, request: Request) -> Response:
    """Forget a library."""
    await services.compute.run(services.expressions.delete, request.path_params["id"])
    return Response(status_code=204)


async def post_match(services: Services, request: Request) -> Response:
    """Answer the entry of a library that is most like an expression."""
    acceptable(request.headers.get("accept"), (JSON,))
    wanted = await read_json(request, MatchRequest)
    kept = await services.compute.run(services.expressions.get, request.path_params["id"])
    match = await services.compute.run(_match, kept, wanted)
    return Response(match.model_dump_json(), media_type=JSON)


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
) -> Response:
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
    await services.compute.run(services.expressions.add, kept)
    exchange.faces_found = len(kept.entries)
    warnings = [DAMAGED] if video and video.damaged else []
    headers = {
        "Location": f"/v1/expression-libraries/{kept.id}",
        "Server-Timing": exchange.server_timing(),
    }
    answer = new_library(kept, enrolment, warnings).model_dump_json()
    return Response(answer, status_code=201, media_type=JSON, headers=headers)


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
