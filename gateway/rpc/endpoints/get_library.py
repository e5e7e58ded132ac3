"""ExpressionsService.GetLibrary: a library of expressions."""

from __future__ import annotations

from semblant.v1.answers_pb2 import LibraryBody
from semblant.v1.expressions_pb2 import GetLibraryRequest, GetLibraryResponse

from gateway.operations.schemas.libraries import library
from gateway.rpc.call import Call
from gateway.rpc.messages import filled


async def get_library(call: Call, request: GetLibraryRequest) -> GetLibraryResponse:
    """Show a library of expressions."""
    kept = await call.services.compute.run(call.services.expressions.get, call.tenant, request.id)
    return GetLibraryResponse(library=filled(LibraryBody, library(kept)))
