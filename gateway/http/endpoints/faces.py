"""POST /v1/faces: analysis of the faces in an image."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from gateway.deadline import Deadline
from gateway.faces.detect import DetectOptions
from gateway.faces.face import Face
from gateway.http.dependencies import (
    AnswersJson,
    RequestedLimit,
    RequestRecord,
    RunningServices,
)
from gateway.http.request.execution import perform
from gateway.http.request.form_docs import form_body
from gateway.http.request.forms import Field, Form, json_field, read_form
from gateway.http.request.images import decode_pictures
from gateway.http.request.negotiate import JSON
from gateway.http.request_context import Exchange
from gateway.http.response.error_docs import FACES_ERRORS
from gateway.http.routing import Router, responses
from gateway.http.schemas.common import ANALYSIS_MODELS, size_of
from gateway.http.schemas.faces import FacesOptions, FacesReport, analysed
from gateway.media.image import Picture
from gateway.pipeline.options.parse import read_options
from gateway.serving.services import Services

FORM = {
    "image": Field("The picture to analyse.", least=1),
    "options": json_field(FacesOptions),
}
_EXAMPLE = {"image": "(bytes of group.png)", "options": {"landmarks": False}}

router = Router("faces")


@router.post(
    "/v1/faces",
    dependencies=[AnswersJson],
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
    with services.admission.ticket():
        async with read_form(request, FORM, settings) as form:
            options = read_options(FacesOptions, await form.text("options"))

            async def work(deadline: Deadline) -> Response:
                return await _analyse(services, exchange, form, options, deadline)

            return await perform(services, request, work, min(limit_s, settings.request_deadline_s))


async def _analyse(
    services: Services,
    exchange: Exchange,
    form: Form,
    options: FacesOptions,
    deadline: Deadline,
) -> Response:
    """Decode, analyse, render."""
    files = [("The image", data) for data in await form.files("image")]
    (picture,) = await decode_pictures(services, exchange, files)
    detect = DetectOptions(
        # A request for all faces includes the small ones too, unless specified otherwise.
        thorough=options.detector.thorough is not False,
        angles=options.detector.angles,
        min_score=options.detector.min_score,
        precise=options.expression,
    )
    with exchange.timings.stage("analyse"):
        faces = await services.analyser.analyse(picture.rgb, deadline=deadline, options=detect)
    exchange.faces_found = len(faces)
    return await services.compute.run(_report, picture, faces, exchange, options)


def _report(
    picture: Picture, faces: list[Face], exchange: Exchange, options: FacesOptions
) -> Response:
    report = FacesReport(
        size=size_of(picture.rgb),
        faces=[analysed(face, options) for face in faces],
        models=list(ANALYSIS_MODELS),
        timings_ms=exchange.timings.milliseconds(),
        request_id=exchange.request_id,
    )
    headers = {"Server-Timing": exchange.server_timing()}
    return Response(report.model_dump_json(), media_type=JSON, headers=headers)
