"""IdentitiesService.ListIdentities: the enrolled identities."""

from __future__ import annotations

from semblant.v1.answers_pb2 import IdentityFigures
from semblant.v1.identities_pb2 import ListIdentitiesRequest, ListIdentitiesResponse

from gateway.operations.schemas.identities import identity_figures
from gateway.rpc.call import Call
from gateway.rpc.messages import filled


async def list_identities(call: Call, request: ListIdentitiesRequest) -> ListIdentitiesResponse:
    """List the enrolled identities, the latest first."""
    infos = await call.services.compute.run(call.services.identities.infos, call.tenant)
    figures = [filled(IdentityFigures, identity_figures(info)) for info in infos]
    return ListIdentitiesResponse(identities=figures)
