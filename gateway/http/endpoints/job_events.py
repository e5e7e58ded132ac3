"""GET /v1/jobs/{id}/events: a job whenever it has changed, as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

from fastapi import Depends, Header
from starlette.responses import Response, StreamingResponse

from gateway.errors import SemblantError
from gateway.http.dependencies import JobsTenant, RunningServices, accepting
from gateway.http.request.jobs import Engine, JobId
from gateway.http.request.negotiate import EVENTS
from gateway.http.response.error_docs import STREAM_ERRORS
from gateway.http.routing import Router, responses
from gateway.jobs.job import Event, JobRecord
from gateway.jobs.protocol import JobEngine
from gateway.serving.services import Services

HEARTBEAT_S = 15.0
"""Seconds of silence after which a comment shows that the line still stands."""
_LOOK_S = 1.0
_RETRY_MS = 1000


_CONTENT = {
    EVENTS: {
        "schema": {},  # of one event: its `data` is the job's object
        "example": 'id: 7\nevent: progress\ndata: {"id": "job_…", "percent": 41.7}\n\n',
    }
}
LastEvent = Annotated[
    int,
    Header(
        alias="Last-Event-ID", ge=0, description="The last event that was received.", examples=[7]
    ),
]

router = Router("jobs")


@router.get(
    "/v1/jobs/{id}/events",
    dependencies=[Depends(accepting(EVENTS))],
    responses=responses(*STREAM_ERRORS, content=_CONTENT, also={204: "Nothing more will come."}),
)
async def get_job_events(
    id: JobId,
    services: RunningServices,
    engine: Engine,
    tenant: JobsTenant,
    last_event: LastEvent = 0,
) -> Response:
    """Stream the progress of a job.

    The job's object whenever it has changed: events `progress`, and at last `completed`, with which
    the stream ends. `Last-Event-ID` resumes a broken stream after that event; 204 says that nothing
    more will come. The stream also ends before the service stops.
    """
    job = await engine.get(tenant, id)
    if job.final and job.version <= last_event:
        return Response(status_code=204)  # stops a browser from reconnecting
    stream = _stream(services, engine, job, last_event)
    headers = {"X-Accel-Buffering": "no"}  # a proxy is to pass each event on at once
    return StreamingResponse(stream, media_type=EVENTS, headers=headers)


async def _stream(
    services: Services, engine: JobEngine, job: JobRecord, after: int
) -> AsyncIterator[str]:
    yield f"retry: {_RETRY_MS}\n\n"
    loop = asyncio.get_running_loop()
    spoken = loop.time()
    async with aclosing(engine.changes(job.tenant, job.id, after)) as changes:
        coming = asyncio.ensure_future(anext(changes, None))
        try:
            while not services.health.leaving:
                await asyncio.wait({coming}, timeout=_LOOK_S)
                if coming.done():
                    seen = coming.result()
                    if seen is None:
                        return
                    yield await _event(engine, seen)
                    spoken = loop.time()
                    coming = asyncio.ensure_future(anext(changes, None))
                elif loop.time() - spoken >= HEARTBEAT_S:
                    yield ": still here\n\n"
                    spoken = loop.time()
        except SemblantError as error:  # the response has begun: it can only be sent as an event
            yield f"event: error\ndata: {json.dumps({'code': error.spec.code})}\n\n"
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)


async def _event(engine: JobEngine, job: JobRecord) -> str:
    name = Event.COMPLETED.value if job.final else "progress"
    data = json.dumps(await engine.describe(job))
    return f"id: {job.version}\nevent: {name}\ndata: {data}\n\n"
