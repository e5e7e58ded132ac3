"""TrustService.Verify: the marks of a file."""

from __future__ import annotations

from semblant.v1.answers_pb2 import VerifyReport
from semblant.v1.trust_pb2 import VerifyRequest, VerifyResponse

from gateway.deadline import Deadline
from gateway.errors import MissingField
from gateway.operations.verify import verify
from gateway.rpc.call import Call
from gateway.rpc.messages import filled


async def verify_file(call: Call, request: VerifyRequest) -> VerifyResponse:
    """Read the marks of a picture or video."""
    if not request.file:
        raise MissingField(errors=[{"pointer": "/file", "detail": "required"}])

    async def work(deadline: Deadline) -> VerifyResponse:
        found = await verify(call.services, call.exchange, request.file, deadline)
        return VerifyResponse(report=filled(VerifyReport, found))

    most_s = call.services.settings.request_deadline_s
    with call.ticket("verify", most_s) as ticket:
        return await call.perform(work, most_s, ticket)
