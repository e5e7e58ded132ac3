"""POST /v1/verify: the marks of a file."""

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
from gateway.http.request.forms import Field, read_form
from gateway.http.request.leaving import caller_leaves
from gateway.http.request.negotiate import JSON
from gateway.http.response.error_docs import VERIFY_ERRORS
from gateway.http.routing import Router, responses
from gateway.operations.execution import perform
from gateway.operations.schemas.verify import VerifyReport
from gateway.operations.verify import verify

FORM = {"file": Field("The picture or video.", least=1)}
_EXAMPLE = {"file": "(bytes of found.jpg)"}

router = Router("trust")


@router.post(
    "/v1/verify",
    dependencies=[AnswersJson, MaySwap],
    responses=responses(*VERIFY_ERRORS, model=VerifyReport),
    openapi_extra=form_body(FORM, _EXAMPLE),
)
async def post_verify(
    request: Request, services: RunningServices, exchange: RequestRecord, limit_s: RequestedLimit
) -> Response:
    """Read the marks of a picture or video: what it is, who says so, and what was changed since.

    Send `multipart/form-data`: a `file`. Read are content credentials (C2PA), the metadata's source
    type (IPTC) and label (GB 45438-2025), and the watermark, which outlasts conversion, scaling,
    cropping and small turns. Watermarks are read by the key of the caller's tenant. A file without
    any mark is no error.
    """
    settings = services.settings
    seconds = min(limit_s, settings.request_deadline_s)
    with services.admission.ticket("verify", seconds) as ticket:
        async with read_form(request, FORM, settings) as form:
            (data,) = await form.files("file")

            async def work(deadline: Deadline) -> Response:
                report = await verify(services, exchange, data, deadline)
                headers = {"Server-Timing": exchange.server_timing()}
                return Response(report.model_dump_json(), media_type=JSON, headers=headers)

            leaving = caller_leaves(request)
            return await perform(services, exchange, work, seconds, ticket=ticket, leaving=leaving)
