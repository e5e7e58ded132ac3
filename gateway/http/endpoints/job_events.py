"""GET /v1/jobs/{id}/events: a job whenever it has changed, as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from gateway.errors import InvalidRequest, SemblantError
from gateway.http.request.jobs import engine_of, id_of, tenant_of
from gateway.http.request.negotiate import EVENTS, acceptable
from gateway.jobs.job import Event, JobRecord
from gateway.jobs.protocol import JobEngine
from gateway.serving.services import Services

HEARTBEAT_S = 15.0
"""Seconds of silence after which a comment shows that the line still stands."""
_LOOK_S = 1.0
_RETRY_MS = 1000


async def get_job_events(services: Services, request: Request) -> Response:
    """Answer a stream of the job's states; it ends with the job, or before the service does."""
    acceptable(request.headers.get("accept"), (EVENTS,))
    engine, tenant, after = engine_of(services), tenant_of(request), _last_seen(request)
    job = await engine.get(tenant, id_of(request))
    if job.final and job.version <= after:
        return Response(status_code=204)  # stops a browser from reconnecting
    stream = _stream(services, engine, job, after)
    headers = {"X-Accel-Buffering": "no"}  # a proxy is to pass each event on at once
    return StreamingResponse(stream, media_type=EVENTS, headers=headers)


def _last_seen(request: Request) -> int:
    text = request.headers.get("last-event-id", "").strip() or "0"
    if not text.isdecimal():
        raise InvalidRequest("Last-Event-ID must be the id of one of our events.")
    return int(text)


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
