"""IdentitiesService.GetIdentity: an enrolled identity."""

from __future__ import annotations

from semblant.v1.answers_pb2 import IdentityReport
from semblant.v1.identities_pb2 import GetIdentityRequest, GetIdentityResponse

from gateway.operations.schemas.identities import identity_report
from gateway.rpc.call import Call
from gateway.rpc.messages import filled


async def get_identity(call: Call, request: GetIdentityRequest) -> GetIdentityResponse:
    """Show an enrolled identity."""
    kept = await call.services.compute.run(call.services.identities.get, call.tenant, request.id)
    return GetIdentityResponse(identity=filled(IdentityReport, identity_report(kept)))
