"""JobsService.CancelJob."""

from __future__ import annotations

from semblant.v1.jobs_pb2 import CancelJobRequest, CancelJobResponse

from gateway.operations.jobs import known_id
from gateway.operations.logged_jobs import cancel
from gateway.rpc.call import Call
from gateway.rpc.jobs import job_message


async def cancel_job(call: Call, request: CancelJobRequest) -> CancelJobResponse:
    """Cancel a job; one that has ended stays as it is."""
    job = await cancel(call.services, call.exchange, call.engine, known_id(request.id))
    return CancelJobResponse(job=await job_message(call.engine, job))
