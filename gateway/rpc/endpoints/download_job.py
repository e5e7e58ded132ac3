"""JobsService.DownloadJob: the output's bytes."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from semblant.v1.answers_pb2 import JobOutput
from semblant.v1.jobs_pb2 import DownloadJobRequest, DownloadJobResponse

from gateway.errors import RangeNotSatisfiable
from gateway.operations.identities import require_live
from gateway.operations.jobs import known_id
from gateway.rpc.call import Call
from gateway.rpc.jobs import pieces


async def download_job(
    call: Call, request: DownloadJobRequest
) -> AsyncGenerator[DownloadJobResponse, None]:
    """Answer with the output of a job in pieces, from `offset` on."""
    id = known_id(request.id)
    await require_live(call.services, call.tenant, await call.engine.get(call.tenant, id))
    output = await call.engine.output(call.tenant, id)
    if request.offset and not 0 < request.offset < output.size:
        raise RangeNotSatisfiable(extra={"size": output.size})
    about = JobOutput(media_type=output.media_type, size=output.size, sha256=output.sha256)
    yield DownloadJobResponse(output=about)
    async for piece in pieces(call.engine.objects.read(output.key, request.offset, output.size)):
        yield DownloadJobResponse(piece=piece)
