"""POST /v1/faces: analysis of the faces in an image."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from gateway.deadline import Deadline
from gateway.http.dependencies import (
    AnswersJson,
    MaySwap,
    RequestedLimit,
    RequestRecord,
    RunningServices,
)
from gateway.http.request.form_docs import form_body
from gateway.http.request.forms import Field, json_field, read_form
from gateway.http.request.leaving import caller_leaves
from gateway.http.request.negotiate import JSON
from gateway.http.response.error_docs import FACES_ERRORS
from gateway.http.routing import Router, responses
from gateway.operations.exchange import Exchange
from gateway.operations.execution import perform
from gateway.operations.faces import analyse
from gateway.operations.schemas.faces import FacesOptions, FacesReport
from gateway.pipeline.options.parse import read_options

FORM = {
    "image": Field("The picture to analyse.", least=1),
    "options": json_field(FacesOptions),
}
_EXAMPLE = {"image": "(bytes of group.png)", "options": {"landmarks": False}}

router = Router("faces")


@router.post(
    "/v1/faces",
    dependencies=[AnswersJson, MaySwap],
    responses=responses(*FACES_ERRORS, model=FacesReport),
    openapi_extra=form_body(FORM, _EXAMPLE),
)
async def post_faces(
    request: Request, services: RunningServices, exchange: RequestRecord, limit_s: RequestedLimit
) -> Response:
    """Find the faces of a picture: boxes, landmarks, head pose, quality.

    Send `multipart/form-data`: an `image`, and optionally `options` (JSON). A picture without a
    face is no error: `faces` is empty.

    `identity` of a face, its shape in numbers, distinguishes people. It is biometric data, and only
    answered if the option `identity` is true.
    """
    settings = services.settings
    seconds = min(limit_s, settings.request_deadline_s)
    with services.admission.ticket("faces", seconds) as ticket:
        async with read_form(request, FORM, settings) as form:
            options = read_options(FacesOptions, await form.text("options"))

            (image,) = await form.files("image")

            async def work(deadline: Deadline) -> Response:
                report = await analyse(services, exchange, image, options, deadline)
                return await services.compute.run(_rendered, report, exchange)

            leaving = caller_leaves(request)
            return await perform(services, exchange, work, seconds, ticket=ticket, leaving=leaving)


def _rendered(report: FacesReport, exchange: Exchange) -> Response:
    headers = {"Server-Timing": exchange.server_timing()}
    return Response(report.model_dump_json(), media_type=JSON, headers=headers)
