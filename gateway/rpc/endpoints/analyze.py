"""FusionService.Analyze: the faces of a picture."""

from __future__ import annotations

from semblant.v1.answers_pb2 import FacesReport
from semblant.v1.fusion_pb2 import AnalyzeRequest, AnalyzeResponse

from gateway.deadline import Deadline
from gateway.errors import MissingField
from gateway.operations.faces import analyse
from gateway.operations.schemas.faces import FacesOptions
from gateway.rpc.call import Call
from gateway.rpc.messages import filled, options_of


async def analyze(call: Call, request: AnalyzeRequest) -> AnalyzeResponse:
    """Find the faces of a picture: boxes, landmarks, head pose, quality."""
    options = options_of(request.options, FacesOptions)
    if not request.image:
        raise MissingField(errors=[{"pointer": "/image", "detail": "required"}])

    async def work(deadline: Deadline) -> AnalyzeResponse:
        found = await analyse(call.services, call.exchange, request.image, options, deadline)
        report = await call.services.compute.run(filled, FacesReport, found)
        return AnalyzeResponse(report=report)

    most_s = call.services.settings.request_deadline_s
    with call.ticket("faces", most_s) as ticket:
        return await call.perform(work, most_s, ticket)
