"""JobsService.CreateJob: queued rendering of a video or picture."""

from __future__ import annotations

from collections.abc import AsyncIterator

from semblant.v1.jobs_pb2 import CreateJobRequest, CreateJobResponse

from gateway.operations.jobs import submission
from gateway.operations.logged_jobs import accept
from gateway.rpc.call import Call
from gateway.rpc.jobs import job_message, order_of, read_order, receiving


async def create_job(call: Call, requests: AsyncIterator[CreateJobRequest]) -> CreateJobResponse:
    """Submit a video or picture to be rendered; files are written to disk as they arrive."""
    engine, settings = call.engine, call.services.settings
    with call.services.intake.ticket():
        async with receiving(call, requests) as coming:
            asked = await read_order(coming)
            key = asked.request_id if asked.HasField("request_id") else None
            async with engine.idempotency_lock(call.tenant, key):
                files = await coming.files()
                order = order_of(asked, call.tenant, key, files)
                made = submission(engine, order, settings)
                taken = await accept(call.services, call.exchange, engine, made)
    return CreateJobResponse(job=await job_message(engine, taken.job), replayed=taken.replayed)
