"""What is taken from dead workers."""

import inspect
from dataclasses import replace

import pytest
import sqlalchemy as sa
from dbos import DBOS

from gateway.jobs.execution.worker import recover_pending
from gateway.jobs.testing import FAST, running_engine
from tests.unit.jobs.orders import TEXT, content, ended, order
from tests.waiting import until

pytestmark = pytest.mark.anyio


def test_the_engine_still_has_the_private_call_that_recovers():
    call = inspect.signature(DBOS._recover_pending_workflows)
    assert list(call.parameters) == ["executor_ids"]


async def test_what_a_dead_process_held_is_put_back_and_nothing_else(tmp_path):
    hold = tmp_path / "hold"
    hold.touch()
    never = replace(FAST, reap_s=1e6, reap_here_s=1e6)
    async with running_engine(tmp_path, pace=never) as engine:
        asked = {"segments": 1, "hold_file": str(hold)}
        jobs = [(await engine.submit(order(engine, **asked))).job for _ in range(2)]
        await until(lambda: len(engine.work.made) == 2)
        dead, living = (f"{job.id}.{job.run}.0" for job in jobs)
        change = sa.text(
            "UPDATE workflow_status SET executor_id = 'gone' WHERE workflow_uuid = :segment"
        )
        with engine._engine.begin() as connection:
            connection.execute(change, {"segment": dead})
        before = engine._queues.owner(living)
        assert engine._queues.held("gone") == {dead: "segments"}
        recover_pending({"gone", "never-seen"})
        assert engine._queues.held("gone") == {}
        assert engine._queues.owner(living) == before
        hold.unlink()
        for job in jobs:
            assert content(engine, await ended(engine, job)) == TEXT.upper()
