"""ExpressionsService.ListLibraries: the libraries of expressions."""

from __future__ import annotations

from semblant.v1.answers_pb2 import LibraryFigures
from semblant.v1.expressions_pb2 import ListLibrariesRequest, ListLibrariesResponse

from gateway.operations.schemas.libraries import library_figures
from gateway.rpc.call import Call
from gateway.rpc.messages import filled


async def list_libraries(call: Call, request: ListLibrariesRequest) -> ListLibrariesResponse:
    """List the libraries of expressions, the latest first."""
    infos = await call.services.compute.run(call.services.expressions.infos, call.tenant)
    figures = [filled(LibraryFigures, library_figures(info)) for info in infos]
    return ListLibrariesResponse(libraries=figures)
