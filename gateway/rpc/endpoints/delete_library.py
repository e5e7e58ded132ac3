"""ExpressionsService.DeleteLibrary."""

from __future__ import annotations

from semblant.v1.expressions_pb2 import DeleteLibraryRequest, DeleteLibraryResponse

from gateway.rpc.call import Call


async def delete_library(call: Call, request: DeleteLibraryRequest) -> DeleteLibraryResponse:
    """Delete a library of expressions."""
    await call.services.compute.run(call.services.expressions.delete, call.tenant, request.id)
    return DeleteLibraryResponse()
