"""IdentitiesService.CreateIdentity: enrol a person who has given consent."""

from __future__ import annotations

from semblant.v1.answers_pb2 import IdentityReport
from semblant.v1.identities_pb2 import CreateIdentityRequest, CreateIdentityResponse

from gateway.deadline import Deadline
from gateway.operations.identities import enrol, require_consent
from gateway.operations.schemas.identities import IdentityOptions
from gateway.rpc.call import Call, require_files
from gateway.rpc.messages import filled, options_of


async def create_identity(call: Call, request: CreateIdentityRequest) -> CreateIdentityResponse:
    """Enrol a person who has given consent."""
    services = call.services
    most_s = services.settings.request_deadline_s
    with call.ticket("identity", most_s) as ticket:
        await services.compute.run(services.identities.check_room, call.tenant)
        require_files("sources", request.sources, most=services.settings.max_sources)
        options = options_of(request.options, IdentityOptions)
        require_consent(options)

        async def work(deadline: Deadline) -> CreateIdentityResponse:
            kept = await enrol(services, call.exchange, request.sources, options, deadline)
            return CreateIdentityResponse(identity=filled(IdentityReport, kept))

        return await call.perform(work, most_s, ticket)
