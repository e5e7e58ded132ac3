"""A backup by the operations manual: the database first, then the files; nothing is missing."""

import asyncio
import os
import shutil

import pytest

from gateway.jobs.job import Status
from tests.integration.jobs.test_kills import SLOW, begun, check_undisturbed, service
from tests.unit.jobs.orders import TEXT, content, ended, order

pytestmark = [pytest.mark.jobs, pytest.mark.anyio]


async def test_what_is_restored_has_every_job_and_goes_on_with_it(tmp_path, server):
    name = f"t{os.urandom(4).hex()}"
    url, old, new = server.new_database(name), tmp_path / "old", tmp_path / "new"
    old.mkdir()
    async with service(old, url) as (engine, workers):
        await asyncio.to_thread(workers.start)
        done = await ended(engine, (await engine.submit(order(engine))).job)
        running = (await engine.submit(order(engine, **SLOW))).job
        await begun(engine, running)
        restored = await asyncio.to_thread(server.copied, url, f"{name}_copy")
        await asyncio.to_thread(shutil.copytree, old, new)
    async with service(new, restored) as (engine, workers):
        again = await engine.get(done.tenant, done.id)
        assert (again.status, again.output) == (Status.SUCCEEDED, done.output)
        assert content(engine, again) == TEXT.upper()
        await asyncio.to_thread(workers.start)
        found = await engine.get(running.tenant, running.id)
        await check_undisturbed(engine, await ended(engine, found))
