"""Workers are scaled by what the database of jobs says, in KEDA's query."""

import os

import pytest
import sqlalchemy as sa
import yaml

from gateway.database import database_url, make_engine
from gateway.jobs.testing import running_engine
from tests.unit.jobs.orders import ended, order
from tests.unit.structure.tree import ROOT
from tests.waiting import until

pytestmark = [pytest.mark.jobs, pytest.mark.anyio]

FILE = ROOT / "k8s" / "components" / "keda" / "worker.yaml"


@pytest.fixture
def wanted(tmp_path, server):
    """Return the URL of a database, and a function that asks as KEDA does."""
    url = server.new_database(f"scaling{os.urandom(4).hex()}")
    scaled, _ = yaml.safe_load_all(FILE.read_text(encoding="utf-8"))
    query = scaled["spec"]["triggers"][0]["metadata"]["query"]
    engine = make_engine(database_url(url, tmp_path), connections=1)

    def ask() -> float:
        with engine.connect() as connection:
            return float(connection.execute(sa.text(query)).scalar_one())

    yield url, ask
    engine.dispose()


async def test_workers_are_wanted_from_the_first_job_to_the_last_segment(tmp_path, wanted):
    url, ask = wanted
    async with running_engine(tmp_path, carry_out=False, jobs_database_url=url) as engine:
        assert ask() == 0
        jobs = [(await engine.submit(order(engine))).job for _ in range(3)]
        assert ask() == 0.75  # a quarter of a place each, until their segments are known
        await engine.cancel(jobs[2].tenant, jobs[2].id)
        assert ask() == 0.5
    async with running_engine(tmp_path, jobs_database_url=url) as engine:
        for job in jobs:
            await ended(engine, job)
        await until(lambda: ask() == 0)


async def test_each_segment_and_each_due_webhook_counts(tmp_path, wanted):
    url, ask = wanted
    async with running_engine(tmp_path, carry_out=False, jobs_database_url=url) as engine:
        for _ in range(2):
            await engine.submit(order(engine))
        change = sa.text("UPDATE dbos.workflow_status SET queue_name = :queue, status = :status")
        later = sa.text("UPDATE dbos.workflow_status SET delay_until_epoch_ms = :until")
        with engine._engine.begin() as connection:
            connection.execute(change, {"queue": "segments", "status": "PENDING"})
        assert ask() == 2
        with engine._engine.begin() as connection:
            connection.execute(change, {"queue": "webhooks", "status": "DELAYED"})
            connection.execute(later, {"until": 2**52})
        assert ask() == 0
        with engine._engine.begin() as connection:
            connection.execute(later, {"until": 1})
        assert ask() == 0.5
