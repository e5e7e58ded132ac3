"""What crashes leave is found and removed, and nothing else."""

import os
from contextlib import suppress

import pytest

from gateway.errors import JobNotFound
from gateway.jobs.execution.janitor import CleanupRetries
from gateway.jobs.job import Status, job_id
from gateway.jobs.testing import FAST, running_engine
from tests.unit.jobs.orders import content, ended, order
from tests.waiting import until

pytestmark = pytest.mark.anyio

LONG_AGO = 1e9


def old(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"left")
    for each in (path, path.parent):
        os.utime(each, (LONG_AGO, LONG_AGO))
    return path


async def gone(*paths):
    await until(lambda: not any(path.exists() for path in paths))


async def test_what_dead_processes_left_is_removed(tmp_path):
    folder = tmp_path / "jobs"
    nobody = "job_" + 32 * "0"
    left = [
        old(folder / "objects" / "jobs" / nobody / "in" / "x" / "target-0"),
        old(folder / "scratch" / "dead-worker" / "part"),
        old(folder / "spool" / "half-a-form"),
        old(folder / "uploads" / "upl_x.data"),
    ]
    async with running_engine(tmp_path) as engine:
        job = await ended(engine, (await engine.submit(order(engine))).job)
        await gone(*left)
        assert content(engine, job)
        assert (folder / "scratch").exists()


@pytest.mark.logs_errors
async def test_what_was_put_off_is_done_later(tmp_path, monkeypatch):
    async with running_engine(tmp_path, carry_out=False) as engine:
        job = (await engine.submit(order(engine))).job
        files = [tmp_path / "jobs" / "objects" / f.key for f in job.files["target"]]

        def fail(*args):
            raise OSError("the disk is slow today")

        with monkeypatch.context() as patch:
            patch.setattr(engine.objects, "objects", fail)
            patch.setattr("gateway.jobs.execution.janitor._OWN_MATTER_S", 0.0)
            assert (await engine.cancel(job.tenant, job.id)).status is Status.CANCELED
            assert files[0].exists()
        monkeypatch.setattr("gateway.jobs.execution.janitor._OWN_MATTER_S", 0.0)
        await gone(*files)


@pytest.mark.parametrize("ending", ["canceled", "expired", "late"])
async def test_a_job_whose_cleanup_fails_keeps_no_other_waiting(
    tmp_path, monkeypatch, caplog, ending
):
    monkeypatch.setattr("gateway.jobs.execution.janitor._OWN_MATTER_S", 0.0)
    async with running_engine(tmp_path, carry_out=False) as engine:
        asked = {"retention_s": 0.01} if ending == "expired" else {}
        if ending == "late":
            asked["cancel_after_s"] = 0.01
        requests = [order(engine, key=f"job {n}", **asked) for n in range(3)]
        # Known in advance: a job whose time is over may be cleaned up before it is returned.
        poison, healed = job_id(requests[0].tenant, requests[0].key), False

        def unless_poisoned(call):
            def guarded(place, *rest):
                if poison in str(getattr(place, "id", place)) and not healed:
                    raise RuntimeError("this one never works")
                return call(place, *rest)

            return guarded

        for name in ("objects", "delete_below"):
            patched = unless_poisoned(getattr(engine.objects, name))
            monkeypatch.setattr(engine.objects, name, patched)
        jobs = [(await engine.submit(request)).job for request in requests]
        files = [tmp_path / "jobs" / "objects" / job.files["target"][0].key for job in jobs]
        if ending != "late":
            for job in jobs:
                with suppress(JobNotFound):  # it may be removed before it is returned
                    await engine.cancel(job.tenant, job.id)
        await gone(*files[1:])
        await until(lambda: engine._counter.cleanups_failed > 1)
        assert files[0].exists()
        assert "this one never works" in caplog.text
        healed = True
        await gone(files[0])


@pytest.mark.logs_errors
async def test_a_part_of_a_sweep_that_fails_keeps_no_other_waiting(tmp_path, monkeypatch):
    def fail():
        raise RuntimeError("never")

    left = old(tmp_path / "jobs" / "scratch" / "dead-worker" / "part")
    async with running_engine(tmp_path, carry_out=False) as engine:
        monkeypatch.setattr(engine._tidier, "_sweep_orphans", fail)
        await gone(left)


def test_a_cleanup_that_failed_is_tried_later_and_later():
    retries = CleanupRetries(first_s=100.0, longest_s=1000.0)
    assert [retries.put_off("a") for _ in range(3)] == [1, 2, 3]
    retries.put_off("b")
    assert retries.waiting() == ["a", "b"]
    retries.forget("a")
    assert retries.waiting() == ["b"]
    assert retries.put_off("a") == 1
    at_once = CleanupRetries(first_s=0.0, longest_s=3600.0)
    at_once.put_off("a")
    assert at_once.waiting() == []


async def test_tidying_up_late_takes_nothing_from_a_job_that_was_resumed(tmp_path):
    async with running_engine(tmp_path) as engine:
        counter = str(tmp_path / "n")
        asked = order(engine, fail="for_good", fail_times=1, fails_file=counter)
        failed = await ended(engine, (await engine.submit(asked)).job)
        job = await ended(engine, await engine.resume(failed.tenant, failed.id))
        engine._tidier.tidy(failed)  # by a process that was slow
        assert content(engine, job)


async def test_a_job_that_is_removed_stays_removed(tmp_path):
    hold = tmp_path / "hold"
    hold.touch()
    async with running_engine(tmp_path) as engine:
        job = (await engine.submit(order(engine, hold_file=str(hold), deaf=True))).job
        await until(lambda: engine.work.made)
        await engine.delete(job.tenant, job.id)
        hold.unlink()  # only now do its segments end, and would be recorded
        scratch = tmp_path / "jobs" / "scratch"
        await until(lambda: not [path for path in scratch.glob("*/*") if path.name != "inputs"])
        with pytest.raises(JobNotFound):
            await engine.get(job.tenant, job.id)
        assert engine.objects.objects(f"jobs/{job.id}") == []


def test_pauses_grow_up_to_a_limit():
    pauses = [FAST.pause_s(n) for n in range(1, 9)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == FAST.longest_pause_s
    assert FAST.webhook_pause_s(1) == FAST.webhook_first_pause_s
