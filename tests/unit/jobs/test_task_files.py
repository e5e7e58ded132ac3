"""Copies of jobs' files: one for all steps of a job, and no more than there is room for."""

from dataclasses import replace

import pytest

from gateway.errors import StorageFull, StorageUnavailable
from gateway.jobs.job import StoredFile
from gateway.jobs.task_files import TaskFiles
from gateway.jobs.testing import running_engine
from gateway.storage.objects import ObjectStore
from tests.unit.jobs.orders import order

pytestmark = pytest.mark.anyio


@pytest.fixture
async def make(tmp_path):
    """Make a job with a file of so many bytes, and the store it is in."""
    store = ObjectStore("memory:///", folder=tmp_path)
    async with running_engine(tmp_path, carry_out=False) as engine:
        one = (await engine.submit(order(engine))).job

    def made(name, size):
        path = tmp_path / name
        path.write_bytes(b"x" * size)
        store.put(f"jobs/{name}", path)
        return replace(one, id=name, files={"target": [StoredFile(f"jobs/{name}", "", size)]})

    return store, made


def sizes(task):
    return [path.stat().st_size for paths in task.files.values() for path in paths]


async def test_copies_are_shared_by_steps_and_gone_after_the_last(make, tmp_path):
    store, made = make
    files, job = TaskFiles(store, tmp_path / "copies"), made("a", 10)
    with files.of(job) as one:
        with files.of(job) as other:
            assert one.files == other.files
        assert sizes(one) == [10]
    assert list((tmp_path / "copies").iterdir()) == []


async def test_there_is_room_for_other_jobs_once_one_is_done(make, tmp_path):
    store, made = make
    files = TaskFiles(store, tmp_path / "copies", most_bytes=15)
    large, small, next_one = made("large", 10), made("small", 5), made("next", 6)
    # A second step of a job takes no more room.
    with files.of(large), files.of(small), files.of(large):
        refused = files.of(next_one)
        with pytest.raises(StorageUnavailable):
            refused.__enter__()
    with files.of(small), files.of(next_one) as task:
        assert sizes(task) == [6]


async def test_what_never_has_room_is_said_to_be_too_large(make, tmp_path):
    store, made = make
    files = TaskFiles(store, tmp_path / "copies", most_bytes=15)
    with pytest.raises(StorageFull), files.of(made("a", 16)):
        raise AssertionError
    with files.of(made("b", 15)) as task:
        assert sizes(task) == [15]


async def test_files_that_are_read_where_they_lie_need_no_room(tmp_path):
    async with running_engine(tmp_path, carry_out=False) as engine:
        job = (await engine.submit(order(engine))).job
        files = TaskFiles(engine.objects, tmp_path / "copies", most_bytes=1)
        with files.of(job) as task:
            assert all(path.is_relative_to(engine.objects.folder) for path in task.files["target"])
