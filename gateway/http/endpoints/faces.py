"""POST /v1/faces: analysis of the faces in an image."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from gateway.deadline import Deadline
from gateway.faces.detect import DetectOptions
from gateway.faces.face import Face
from gateway.http.request.execution import allowed_seconds, perform
from gateway.http.request.forms import Field, Form, read_form
from gateway.http.request.images import decode_pictures
from gateway.http.request.negotiate import JSON, acceptable
from gateway.http.request_context import Exchange
from gateway.http.schemas import swaps as schemas
from gateway.http.schemas.faces import FacesOptions, FacesReport, analysed
from gateway.media.image import Picture
from gateway.pipeline.options.parse import read_options
from gateway.serving.services import Services

FIELDS = {"image": Field(least=1), "options": Field(file=False)}


async def post_faces(services: Services, request: Request) -> Response:
    """Read the form, analyse, and answer a report."""
    acceptable(request.headers.get("accept"), (JSON,))
    exchange = Exchange.of(request)
    seconds = allowed_seconds(request, services.settings.request_deadline_s)
    with services.admission.ticket():
        async with read_form(request, FIELDS) as form:
            options = read_options(FacesOptions, await form.text("options"))

            async def work(deadline: Deadline) -> Response:
                return await _analyse(services, exchange, form, options, deadline)

            return await perform(services, request, work, seconds)


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
        size=schemas.size_of(picture.rgb),
        faces=[analysed(face, options) for face in faces],
        models=list(schemas.ANALYSIS_MODELS),
        timings_ms=exchange.timings.milliseconds(),
        request_id=exchange.request_id,
    )
    headers = {"Server-Timing": exchange.server_timing()}
    return Response(report.model_dump_json(), media_type=JSON, headers=headers)
