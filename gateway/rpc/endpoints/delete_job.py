"""JobsService.DeleteJob."""

from __future__ import annotations

from semblant.v1.jobs_pb2 import DeleteJobRequest, DeleteJobResponse

from gateway.operations.jobs import known_id
from gateway.rpc.call import Call


async def delete_job(call: Call, request: DeleteJobRequest) -> DeleteJobResponse:
    """Cancel a job, and remove it with its files."""
    await call.engine.delete(call.tenant, known_id(request.id))
    return DeleteJobResponse()
