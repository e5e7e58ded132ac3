"""Jobs from order to output, and what may come in between."""

import asyncio
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace

import pytest
import sqlalchemy as sa

from gateway.errors import (
    IdempotencyInProgress,
    IdempotencyMismatch,
    JobCanceled,
    JobNotFinished,
    JobNotFound,
    JobNotResumable,
    Overloaded,
    UploadNotFound,
)
from gateway.jobs.execution.intervals import Intervals
from gateway.jobs.job import JobPriority, JobQuery, JobStage, Status
from gateway.jobs.testing import FAST, running_engine
from tests.unit.jobs.orders import TEXT, content, ended, order
from tests.waiting import until

pytestmark = pytest.mark.anyio


async def is_processing(engine, job):
    return (await engine.get(job.tenant, job.id)).stage is JobStage.MAKING


def left(engine, job):
    return [found.key for found in engine.objects.objects(f"jobs/{job.id}")]


async def test_at_the_start_it_waits_for_a_database_that_is_away(tmp_path, caplog):
    (folder := tmp_path / "jobs").mkdir()
    (folder / "jobs.sqlite").mkdir()  # cannot be opened

    async def mend():
        await until(lambda: "not reachable" in caplog.text)
        (folder / "jobs.sqlite").rmdir()

    mending = asyncio.create_task(mend())
    async with running_engine(tmp_path) as engine:
        await mending
        job = await ended(engine, (await engine.submit(order(engine))).job)
        assert job.status is Status.SUCCEEDED, job.failure


async def test_a_job_is_carried_out_and_only_its_output_is_kept(tmp_path):
    async with running_engine(tmp_path) as engine:
        taken = await engine.submit(order(engine))
        assert taken.job.status is Status.QUEUED
        job = await ended(engine, taken.job)
        assert job.status is Status.SUCCEEDED, job.failure
        assert content(engine, job) == TEXT.upper()
        assert (job.percent, job.frames, job.report) == (100, 12, {"sources": 1})

        async def tidy():
            return left(engine, job) == [job.output.key]

        await until(tidy)
        assert not list((tmp_path / "jobs" / "scratch").rglob("*.*"))
        assert not list(engine.spool.iterdir())


async def test_what_may_pass_is_tried_again(tmp_path):
    async with running_engine(tmp_path) as engine:
        asked = order(engine, fail="passing", fail_times=2, fails_file=str(tmp_path / "n"))
        job = await ended(engine, (await engine.submit(asked)).job)
        assert content(engine, job) == TEXT.upper()
        assert engine.work.made.count((job.id, 1)) == 3
        assert engine.work.made.count((job.id, 0)) == 1


async def test_what_does_not_pass_fails_after_some_attempts(tmp_path):
    async with running_engine(tmp_path, job_attempts=2) as engine:
        job = await ended(engine, (await engine.submit(order(engine, fail="passing"))).job)
        assert job.status is Status.FAILED
        assert job.failure.code == "inference_failed"
        assert engine.work.made.count((job.id, 1)) == 2


async def test_a_call_that_takes_too_long_is_tried_again_and_ends_the_job_at_last(tmp_path):
    async with running_engine(tmp_path, job_attempts=2) as engine:
        fails = {"fails_file": str(tmp_path / "n"), "fail_times": 3}
        job = await ended(engine, (await engine.submit(order(engine, fail="late", **fails))).job)
        assert (job.status, job.failure.code) == (Status.FAILED, "deadline_exceeded")
        resumed = await engine.resume(job.tenant, job.id)
        assert content(engine, await ended(engine, resumed)) == TEXT.upper()


async def test_networks_that_are_away_are_waited_for(tmp_path):
    async with running_engine(tmp_path, job_attempts=1) as engine:
        asked = order(engine, fail="away", fail_times=9, fails_file=str(tmp_path / "n"))
        job = await ended(engine, (await engine.submit(asked)).job)
        assert content(engine, job) == TEXT.upper()


async def test_patience_has_an_end(tmp_path):
    async with running_engine(tmp_path, job_attempts=1, dependency_wait_s=0.3) as engine:
        job = await ended(engine, (await engine.submit(order(engine, fail="away"))).job)
        assert (job.status, job.failure.code) == (Status.FAILED, "inference_unavailable")
        assert engine.work.made.count((job.id, 1)) == 3  # after 50 and 100 ms; 200 more do not fit


@pytest.mark.parametrize("step", ["plan", "segment", "finish"])
async def test_what_cannot_pass_fails_at_once_with_its_code(tmp_path, step):
    async with running_engine(tmp_path) as engine:
        asked = order(engine, fail="for_good", fail_in=step)
        job = await ended(engine, (await engine.submit(asked)).job)
        assert (job.status, job.failure.code) == (Status.FAILED, "no_face_in_target")
        assert engine.work.made.count((job.id, 1)) <= 1


async def test_what_nobody_foresaw_is_told_to_the_log_only(tmp_path):
    async with running_engine(tmp_path) as engine:
        job = await ended(engine, (await engine.submit(order(engine, fail="bug"))).job)
        assert job.failure.code == "internal"
        assert "nobody foresaw" not in job.failure.detail


async def test_a_full_disk_ends_the_job_frees_its_room_and_nothing_else(tmp_path):
    async with running_engine(tmp_path) as engine:
        job = await ended(engine, (await engine.submit(order(engine, fail="disk"))).job)
        assert (job.status, job.failure.code) == (Status.FAILED, "storage_full")

        async def freed():
            return left(engine, job) == []

        await until(freed)
        with pytest.raises(JobNotResumable):
            await engine.resume(job.tenant, job.id)
        assert content(engine, await ended(engine, (await engine.submit(order(engine))).job))


async def test_a_failed_job_goes_on_where_it_failed(tmp_path):
    async with running_engine(tmp_path) as engine:
        asked = order(
            engine,
            fail="for_good",
            fail_times=1,
            fail_at=2,
            fails_file=str(tmp_path / "n"),
            frame_s=0.01,
        )
        job = await ended(engine, (await engine.submit(asked)).job)
        assert job.status is Status.FAILED
        recorded = len(left(engine, job)) - 2  # beside source and target
        resumed = await engine.resume(job.tenant, job.id)
        assert (resumed.status, resumed.failure) == (Status.QUEUED, None)
        job = await ended(engine, resumed)
        assert content(engine, job) == TEXT.upper()
        assert len(engine.work.made) == 3 + (3 - recorded)


async def test_only_failed_jobs_are_resumed(tmp_path):
    async with running_engine(tmp_path) as engine:
        job = await ended(engine, (await engine.submit(order(engine))).job)
        with pytest.raises(JobNotResumable):
            await engine.resume(job.tenant, job.id)


@pytest.mark.parametrize("deaf", [False, True])
async def test_a_job_is_called_off_in_the_middle_of_a_segment(tmp_path, deaf):
    hold = tmp_path / "hold"
    hold.touch()
    async with running_engine(tmp_path) as engine:
        asked = order(engine, hold_file=str(hold), deaf=deaf)
        job = (await engine.submit(asked)).job
        await until(lambda: is_processing(engine, job))

        async def begun():
            return engine.work.made

        await until(begun)
        cancelled = await engine.cancel(job.tenant, job.id)
        assert cancelled.status is Status.CANCELED
        scratch = tmp_path / "jobs" / "scratch"

        async def nothing_left():
            attempts = [path for path in scratch.glob("*/*") if path.name != "inputs"]
            return not left(engine, job) and not attempts

        await until(nothing_left)  # the hold is still there: it was stopped, not finished
        assert (await engine.get(job.tenant, job.id)).status is Status.CANCELED


async def test_a_job_is_called_off_before_its_turn(tmp_path):
    async with running_engine(tmp_path, carry_out=False) as engine:
        job = (await engine.submit(order(engine))).job
        assert (await engine.describe(job))["queue_position"] == 0
        assert (await engine.cancel(job.tenant, job.id)).status is Status.CANCELED
        assert left(engine, job) == []


async def test_time_that_is_over_before_a_jobs_turn_aborts_it(tmp_path):
    async with running_engine(tmp_path, carry_out=False) as engine:
        job = await ended(engine, (await engine.submit(order(engine, cancel_after_s=0.1))).job)
        assert (job.status, job.failure.code) == (Status.ABORTED, "deadline_exceeded")


async def test_time_that_is_over_later_cancels_it(tmp_path):
    hold = tmp_path / "hold"
    hold.touch()
    async with running_engine(tmp_path) as engine:
        asked = order(engine, hold_file=str(hold), cancel_after_s=5.0)
        job = await ended(engine, (await engine.submit(asked)).job)
        assert (job.status, job.failure.code) == (Status.CANCELED, "deadline_exceeded")


async def test_the_same_order_with_the_same_key_is_one_job(tmp_path):
    async with running_engine(tmp_path, carry_out=False) as engine:
        first = await engine.submit(order(engine, key="k"))
        again = await engine.submit(order(engine, key="k"))
        assert (again.job.id, again.replayed) == (first.job.id, True)
        assert (await engine.submit(order(engine, key="k", tenant="other"))).replayed is False
        with pytest.raises(IdempotencyMismatch):
            await engine.submit(order(engine, key="k", text=b"another"))
        with pytest.raises(IdempotencyMismatch):
            await engine.submit(order(engine, key="k", frames=9))


async def test_a_key_is_taken_by_one_at_a_time(tmp_path):
    async with running_engine(tmp_path, carry_out=False) as engine:
        async with engine.idempotency_lock("t", "k"):
            with pytest.raises(IdempotencyInProgress):
                async with engine.idempotency_lock("t", "k"):
                    raise AssertionError
            async with engine.idempotency_lock("t", "other"), engine.idempotency_lock("t", None):
                pass
        async with engine.idempotency_lock("t", "k"):
            pass


async def test_an_upload_becomes_a_jobs_file_and_a_replay_does_not_need_it(tmp_path):
    async with running_engine(tmp_path) as engine:
        upload = engine.uploads.create("default", len(TEXT))
        with engine.uploads.writing("default", upload.id, 0) as writer:
            writer.write(TEXT)

        def asked():
            made = order(engine, key="k")
            return replace(
                made, files={"source": made.files["source"]}, uploads={"target": upload.id}
            )

        job = await ended(engine, (await engine.submit(asked())).job)
        assert content(engine, job) == TEXT.upper()
        with pytest.raises(UploadNotFound):
            engine.uploads.get("default", upload.id)
        assert (await engine.submit(asked())).replayed


async def test_jobs_of_other_tenants_are_not_there(tmp_path):
    async with running_engine(tmp_path, carry_out=False) as engine:
        job = (await engine.submit(order(engine, tenant="mine"))).job
        for call in (engine.get, engine.cancel, engine.resume, engine.delete, engine.output):
            with pytest.raises(JobNotFound):
                await call("yours", job.id)
        assert await engine.page("yours", JobQuery()) == []
        with pytest.raises(JobNotFinished):
            await engine.output("mine", job.id)


async def test_jobs_are_listed_a_page_at_a_time(tmp_path):
    async with running_engine(tmp_path, carry_out=False) as engine:
        ids = [(await engine.submit(order(engine))).job.id for _ in range(5)]
        await engine.cancel("default", ids[0])
        first = await engine.page("default", JobQuery(limit=3))
        last = first[-1]
        second = await engine.page("default", JobQuery(after=(last.created, last.id), limit=3))
        assert [job.id for job in [*first, *second]] == ids[::-1]
        waiting = await engine.page("default", JobQuery(statuses=(Status.QUEUED,)))
        assert [job.id for job in waiting] == ids[:0:-1]


async def test_more_jobs_than_may_wait_are_refused(tmp_path):
    async with running_engine(tmp_path, carry_out=False, max_queued_jobs=1) as engine:
        await engine.submit(order(engine))
        with pytest.raises(Overloaded):
            await engine.submit(order(engine))


async def test_high_priority_comes_first(tmp_path):
    async with running_engine(tmp_path, carry_out=False) as engine:
        low = (await engine.submit(order(engine, priority=JobPriority.LOW))).job
        high = (await engine.submit(order(engine, priority=JobPriority.HIGH))).job
        positions = [(await engine.describe(job))["queue_position"] for job in (high, low)]
        assert positions == [0, 1]


async def test_nothing_is_left_of_a_deleted_job(tmp_path):
    async with running_engine(tmp_path) as engine:
        job = await ended(engine, (await engine.submit(order(engine, key="k"))).job)
        await engine.delete(job.tenant, job.id)
        assert left(engine, job) == []
        with pytest.raises(JobNotFound):
            await engine.get(job.tenant, job.id)
        again = await engine.submit(order(engine, key="k"))  # its key is free again
        assert again.job.id == job.id
        assert content(engine, await ended(engine, again.job)) == TEXT.upper()


async def test_a_job_is_removed_when_its_time_is_over(tmp_path):
    async with running_engine(tmp_path) as engine:
        job = (await engine.submit(order(engine, retention_s=0.1))).job

        async def gone():
            return await engine.page("default", JobQuery()) == [] and left(engine, job) == []

        await until(gone)


async def test_changes_end_with_the_job_and_go_on_after_a_version(tmp_path):
    async with running_engine(tmp_path) as engine:
        job = (await engine.submit(order(engine, frame_s=0.05))).job
        seen = [seen async for seen in engine.changes(job.tenant, job.id)]
        versions = [job.version for job in seen]
        assert versions == sorted(set(versions))
        assert seen[-1].status is Status.SUCCEEDED
        later = [s.version async for s in engine.changes(job.tenant, job.id, versions[-2])]
        assert later == versions[-1:]
        assert max(s.fps or 0 for s in seen) > 0


async def test_a_tenant_has_only_so_many_jobs_carried_out(tmp_path):
    hold = tmp_path / "hold"
    hold.touch()
    async with running_engine(tmp_path, tenant_jobs=1) as engine:
        held = {"hold_file": str(hold), "segments": 1, "fail_at": 0}
        mine = [(await engine.submit(order(engine, **held))).job for _ in range(2)]
        yours = (await engine.submit(order(engine, tenant="other"))).job
        assert (await ended(engine, yours)).status is Status.SUCCEEDED
        states = [(await engine.get(job.tenant, job.id)).status for job in mine]
        assert sorted(states) == [Status.PROCESSING, Status.QUEUED]
        hold.unlink()
        for job in mine:
            assert (await ended(engine, job)).status is Status.SUCCEEDED


async def test_a_worker_that_ends_leaves_the_rest_to_the_next(tmp_path):
    hold = tmp_path / "hold"
    hold.touch()
    async with running_engine(tmp_path) as engine:
        job = (await engine.submit(order(engine, hold_file=str(hold)))).job
        await until(lambda: is_processing(engine, job))
    hold.unlink()
    assert not list((tmp_path / "jobs" / "scratch").iterdir())
    async with running_engine(tmp_path) as engine:
        assert content(engine, await ended(engine, job)) == TEXT.upper()


async def test_nothing_changes_a_job_while_its_segment_is_recorded(tmp_path):
    async with running_engine(tmp_path, carry_out=False) as engine:
        job = (await engine.submit(order(engine))).job
        job = engine._store.move(job.id, Status.PROCESSING, run=job.run)
        path = tmp_path / "jobs" / "jobs.sqlite"
        with closing(sqlite3.connect(path, timeout=0)) as other:
            tried, ours = [], threading.get_ident()

            def meanwhile(connection, cursor, statement, *_):
                # The janitor's thread looks at the database, too.
                if threading.get_ident() == ours and statement.startswith("SELECT"):
                    with pytest.raises(sqlite3.OperationalError, match="locked"):
                        other.execute("BEGIN IMMEDIATE")
                    tried.append(statement)

            sa.event.listen(engine._engine, "before_cursor_execute", meanwhile)
            engine._store.segments.claim(job.id, job.run, 0, "attempt")
            sa.event.remove(engine._engine, "before_cursor_execute", meanwhile)
            assert len(tried) == 1
            other.execute("BEGIN IMMEDIATE")
            other.rollback()
        engine._tidier.end(job.id, Status.CANCELED)
        with pytest.raises(JobCanceled):
            engine._store.segments.claim(job.id, job.run, 0, "attempt")


async def test_the_database_holds_no_content(tmp_path):
    async with running_engine(tmp_path) as engine:
        await ended(engine, (await engine.submit(order(engine))).job)
    kept = b"".join(path.read_bytes() for path in (tmp_path / "jobs").glob("jobs.sqlite*"))
    assert TEXT not in kept
    assert TEXT.upper() not in kept


def test_the_rhythm_lets_a_worker_stop_before_others_take_over():
    for pace in (FAST, Intervals()):
        assert pace.beat_s < pace.fence_s < pace.dead_s


async def test_a_job_says_how_many_workers_are_alive(tmp_path):
    async with running_engine(tmp_path, carry_out=False) as engine:
        job = (await engine.submit(order(engine))).job
        assert (await engine.describe(job))["workers"] == 0
        async with running_engine(tmp_path) as other:
            done = await ended(other, job)
            assert done.status is Status.SUCCEEDED
        assert (await engine.describe(done))["workers"] is None
