"""A service that takes jobs of fake work, and what is sent to it."""

import json
from contextlib import asynccontextmanager

import httpx

from gateway.http.app import create_app
from gateway.serving.testing import fake_services
from tests.waiting import until

TEXT = b"the quick brown fox jumps over the lazy dog"


@asynccontextmanager
async def jobs_service(folder, **settings):
    """Serve jobs for the time of the block; gives a client, and the services."""
    services = fake_services(**{"job_execution": "embedded", "data_dir": folder, **settings})
    await services.jobs.start()
    try:
        transport = httpx.ASGITransport(app=create_app(services))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            yield http, services
    finally:
        await services.jobs.close()


def form(*, target=TEXT, source=b"face", options=None, **fields):
    """Return the parts of an order; fields that are `...` are left out."""
    parts = [("source", ("private.png", source)), ("target", ("private.mp4", target))]
    parts = [part for part in parts if part[1][1] is not ...]
    told = {"options": json.dumps(options or {}), **fields}
    return parts + [(name, (None, value)) for name, value in told.items()]


async def ended(http, job, **headers):
    """Return a job's object once it has ended."""

    async def final():
        seen = (await http.get(job["urls"]["get"], headers=headers)).json()
        return None if seen["status"] in ("queued", "processing") else seen

    return await until(final)
