"""IdentitiesService.DeleteIdentity."""

from __future__ import annotations

from semblant.v1.identities_pb2 import DeleteIdentityRequest, DeleteIdentityResponse

from gateway.rpc.call import Call


async def delete_identity(call: Call, request: DeleteIdentityRequest) -> DeleteIdentityResponse:
    """Delete an enrolled identity and all that is kept of it."""
    await call.services.compute.run(call.services.identities.delete, call.tenant, request.id)
    call.services.guard.forget(call.tenant)
    return DeleteIdentityResponse()
