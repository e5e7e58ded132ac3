"""JobsService.ListJobs: the caller's jobs."""

from __future__ import annotations

from semblant.v1.jobs_pb2 import ListJobsRequest, ListJobsResponse

from gateway.operations.jobs import listed
from gateway.rpc.call import Call
from gateway.rpc.jobs import page_size, statuses
from gateway.rpc.messages import filled


async def list_jobs(call: Call, request: ListJobsRequest) -> ListJobsResponse:
    """List the caller's jobs, the latest first."""
    token = request.page_token if request.HasField("page_token") else None
    wanted, size = statuses(request), page_size(request)
    page = await listed(call.engine, call.tenant, wanted, size, token)
    found = filled(ListJobsResponse, {"jobs": [job.model_dump(mode="json") for job in page.jobs]})
    found.next_page_token = page.next or ""
    return found
