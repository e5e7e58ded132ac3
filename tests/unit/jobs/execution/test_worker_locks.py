"""Who is known to be dead by the locks that the kernel lets go of."""

import pytest

from gateway.jobs.execution import worker_locks
from gateway.jobs.execution.worker_locks import WorkerLocks, boot_id

HERE, ELSEWHERE = "this-boot", "another-boot"


def crashed(folder, worker, boot=HERE):
    """Leave what a process leaves that was killed: its file, which nobody has locked."""
    folder.mkdir(exist_ok=True)
    (folder / f"{worker}.lock").write_text(boot)


def test_who_holds_a_lock_lives_and_who_let_go_is_gone(tmp_path):
    other, mine = WorkerLocks(tmp_path, HERE), WorkerLocks(tmp_path, HERE)
    other.hold("other.host-1")
    mine.hold("mine")
    assert mine.dead() == other.dead() == set()
    other.release()
    assert mine.dead() == set()
    assert [path.name for path in tmp_path.iterdir()] == ["mine.lock"]
    mine.release()
    mine.release()
    assert list(tmp_path.iterdir()) == []


def test_whose_process_ended_is_dead_until_forgotten(tmp_path):
    mine = WorkerLocks(tmp_path, HERE)
    mine.hold("mine")
    crashed(tmp_path, "my.host-1")
    crashed(tmp_path, "my.host-2")
    assert mine.dead() == {"my.host-1", "my.host-2"}
    mine.forget("my.host-1")
    mine.forget("nobody")
    assert mine.dead() == {"my.host-2"}
    mine.release()


def test_workers_of_other_machines_and_of_before_are_not_judged(tmp_path):
    crashed(tmp_path, "far", ELSEWHERE)
    crashed(tmp_path, "empty", "")
    assert WorkerLocks(tmp_path, HERE).dead() == set()


def test_without_a_boot_id_nobody_is_judged_and_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(worker_locks, "_BOOT_ID", tmp_path / "none")
    locks = WorkerLocks(tmp_path / "workers")
    locks.hold("mine")
    assert not (tmp_path / "workers").exists()
    crashed(tmp_path / "workers", "other", "")
    assert locks.dead() == set()
    locks.release()


def test_where_files_cannot_be_locked_none_is_left(tmp_path, monkeypatch):
    def refuse(*arguments):
        raise OSError("not on this drive")

    monkeypatch.setattr(worker_locks.fcntl, "flock", refuse)
    WorkerLocks(tmp_path, HERE).hold("mine")
    assert list(tmp_path.iterdir()) == []


def test_a_machine_knows_itself():
    if boot_id() is None:
        pytest.skip("this system tells no boot id")
    assert boot_id() == boot_id()
    assert len(boot_id()) > 30
