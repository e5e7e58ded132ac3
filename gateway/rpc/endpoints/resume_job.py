"""JobsService.ResumeJob."""

from __future__ import annotations

from semblant.v1.jobs_pb2 import ResumeJobRequest, ResumeJobResponse

from gateway.operations.jobs import known_id
from gateway.rpc.call import Call
from gateway.rpc.jobs import job_message


async def resume_job(call: Call, request: ResumeJobRequest) -> ResumeJobResponse:
    """Resume a failed job; finished segments are not rendered again."""
    job = await call.engine.resume(call.tenant, known_id(request.id))
    return ResumeJobResponse(job=await job_message(call.engine, job))
