"""ExpressionsService.CreateLibrary: a library of a person's expressions."""

from __future__ import annotations

from semblant.v1.answers_pb2 import NewLibrary
from semblant.v1.expressions_pb2 import CreateLibraryRequest, CreateLibraryResponse

from gateway.deadline import Deadline
from gateway.operations.expressions import checked, create_library
from gateway.operations.schemas.libraries import EnrolOptions
from gateway.rpc.call import Call, require_files
from gateway.rpc.messages import filled, options_of


async def create_expression_library(
    call: Call, request: CreateLibraryRequest
) -> CreateLibraryResponse:
    """Create a library of a person's expressions from pictures or a video."""
    services, settings = call.services, call.services.settings
    most_s = settings.track_deadline_s
    with call.ticket("library", most_s) as ticket:
        await services.compute.run(services.expressions.check_room, call.tenant)
        frames, video = request.frames, request.video or None
        require_files("frames", frames, least=0, most=settings.max_library_entries)
        asked = options_of(request.options, EnrolOptions)
        options = checked(asked, len(frames), int(bool(video)), settings.max_library_entries)

        async def work(deadline: Deadline) -> CreateLibraryResponse:
            made = await create_library(services, call.exchange, frames, video, options, deadline)
            return CreateLibraryResponse(library=filled(NewLibrary, made))

        return await call.perform(work, most_s, ticket)
