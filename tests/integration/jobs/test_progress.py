"""Frames are added up rightly, whoever counts at the same time."""

import threading

import pytest
import sqlalchemy as sa

from gateway.jobs.job import FinishedSegment, Status, StoredFile
from gateway.jobs.testing import running_engine
from tests.unit.jobs.orders import order
from tests.waiting import LIMIT_S, blocking_until

pytestmark = [pytest.mark.jobs, pytest.mark.anyio]


async def test_progress_noted_while_another_segment_is_recorded(tmp_path, server):
    url = server.new_database("progress")
    async with running_engine(tmp_path, carry_out=False, jobs_database_url=url) as engine:
        job = (await engine.submit(order(engine))).job
        job = engine._store.move(job.id, Status.PROCESSING, run=job.run)
        segments = engine._store.segments
        for index, attempt in enumerate("ab"):
            segments.claim(job.id, job.run, index, attempt)
        waiting = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        noting = threading.Thread(target=segments.advance, args=(job.id, {(1, "b"): 3}, None))

        def one_waits():
            with engine._engine.connect() as connection:
                return connection.execute(waiting).scalar_one()

        def meanwhile(connection, cursor, statement, *_):
            if threading.current_thread() is threading.main_thread() and "sum(" in statement:
                noting.start()
                blocking_until(one_waits)

        sa.event.listen(engine._engine, "before_cursor_execute", meanwhile)
        file = StoredFile("key", "0" * 64, 1)
        segments.record(job.id, job.run, "a", FinishedSegment(0, 10, file, {}))
        sa.event.remove(engine._engine, "before_cursor_execute", meanwhile)
        noting.join(LIMIT_S)
        assert (await engine.get(job.tenant, job.id)).frames == 13
