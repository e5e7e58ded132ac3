"""JobsService.WatchJob: a job whenever it has changed."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from semblant.v1.jobs_pb2 import WatchJobRequest, WatchJobResponse

from gateway.operations.jobs import known_id
from gateway.rpc.call import Call
from gateway.rpc.jobs import job_message, until_leaving


async def watch_job(call: Call, request: WatchJobRequest) -> AsyncGenerator[WatchJobResponse, None]:
    """Answer with a job whenever it has changed, until it has ended or the service stops."""
    engine, id = call.engine, known_id(request.id)
    after = max(0, request.after_version)
    async with aclosing(until_leaving(call, engine.changes(call.tenant, id, after))) as changes:
        async for job in changes:
            yield WatchJobResponse(job=await job_message(engine, job), version=job.version)
