"""JobsService.DeleteJob."""

from __future__ import annotations

from semblant.v1.jobs_pb2 import DeleteJobRequest, DeleteJobResponse

from gateway.operations.jobs import known_id
from gateway.operations.logged_jobs import delete
from gateway.rpc.call import Call


async def delete_job(call: Call, request: DeleteJobRequest) -> DeleteJobResponse:
    """Cancel a job, and remove it with its files."""
    await delete(call.services, call.exchange, call.engine, known_id(request.id))
    return DeleteJobResponse()
