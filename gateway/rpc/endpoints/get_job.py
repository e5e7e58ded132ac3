"""JobsService.GetJob: a job, when it has ended or as it is."""

from __future__ import annotations

from semblant.v1.jobs_pb2 import GetJobRequest, GetJobResponse

from gateway.operations.jobs import known_id, waited_for
from gateway.rpc.call import Call
from gateway.rpc.jobs import MAX_WAIT_S, job_message


async def get_job(call: Call, request: GetJobRequest) -> GetJobResponse:
    """Show a job; with `wait_s` once it has ended, or as it is after so many seconds."""
    engine = call.engine
    job = await engine.get(call.tenant, known_id(request.id))
    if request.HasField("wait_s"):
        job = await waited_for(engine, job, min(max(request.wait_s, 0), MAX_WAIT_S))
    return GetJobResponse(job=await job_message(engine, job))
