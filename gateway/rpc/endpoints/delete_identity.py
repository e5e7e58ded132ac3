"""IdentitiesService.DeleteIdentity."""

from __future__ import annotations

from semblant.v1.identities_pb2 import DeleteIdentityRequest, DeleteIdentityResponse

from gateway.operations.identities import delete
from gateway.rpc.call import Call


async def delete_identity(call: Call, request: DeleteIdentityRequest) -> DeleteIdentityResponse:
    """Delete an enrolled identity and all that is kept of it."""
    await delete(call.services, call.exchange, request.id)
    return DeleteIdentityResponse()
