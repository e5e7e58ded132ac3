"""Regions: reused after an answer, retired after anything else, never left in /dev/shm."""

import os
import sys

import grpc
import numpy as np
import pytest
from grpc.aio import AioRpcError, Metadata

from gateway.inference.shared_memory import RegionPool

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="system shared memory is Linux's")

SMALL = 1000


class FakeStub:
    """Remembers registrations; `problem` is raised by the next calls."""

    def __init__(self):
        self.known = {}
        self.busy = set()
        self.problem = None

    def _check(self):
        if self.problem:
            raise AioRpcError(self.problem, Metadata(), Metadata())

    async def SystemSharedMemoryRegister(self, request, timeout):  # noqa: N802
        self._check()
        assert os.path.getsize(f"/dev/shm{request.key}") == request.byte_size
        self.known[request.name] = request.byte_size

    async def SystemSharedMemoryUnregister(self, request, timeout):  # noqa: N802
        self._check()
        if request.name in self.busy:
            raise AioRpcError(grpc.StatusCode.INTERNAL, Metadata(), Metadata())
        self.known.pop(request.name, None)


@pytest.fixture
def stub():
    return FakeStub()


@pytest.fixture
async def pool(stub):
    made = RegionPool(stub, max_regions=3, max_bytes=4 << 20)
    yield made
    stub.problem = None
    await made.close()
    assert not stub.known or stub.busy


async def acquire(pool, nbytes=SMALL):
    return await pool.acquire(nbytes, timeout_s=1)


async def test_a_region_is_reused_after_its_answer(pool, stub):
    region = await acquire(pool)
    region.array((4,), np.dtype(np.float32), 64)[:] = 7
    pool.release(region)
    assert await acquire(pool) is region
    assert len(stub.known) == 1


async def test_no_file_remains_while_a_region_lives(pool):
    region = await acquire(pool)
    assert not os.path.exists(f"/dev/shm/{region.name}")


async def test_larger_requests_get_larger_regions(pool):
    assert (await acquire(pool, 1 << 20)).size == 1 << 20
    assert (await acquire(pool, (1 << 20) + 1)).size == 1 << 21


async def test_a_retired_region_is_not_used_again(pool, stub):
    region = await acquire(pool)
    stub.busy.add(region.name)
    pool.retire(region)
    other = await acquire(pool)
    assert other.name != region.name
    assert pool.retired == 1
    stub.busy.clear()
    await pool.unregister_retired()
    assert pool.retired == 0


async def test_past_its_bounds_requests_go_inline(pool):
    assert await acquire(pool, 8 << 20) is None
    taken = [await acquire(pool) for _ in range(3)]
    assert all(taken)
    assert await acquire(pool) is None
    pool.release(taken[0])
    assert await acquire(pool) is taken[0]


async def test_after_a_restart_old_regions_are_not_used(pool):
    free, in_use = await acquire(pool), await acquire(pool)
    pool.release(free)
    pool.forget()
    pool.release(in_use)
    assert (await acquire(pool)).name not in (free.name, in_use.name)


async def test_a_server_that_refuses_is_not_asked_again(pool, stub, caplog):
    stub.problem = grpc.StatusCode.INTERNAL
    assert await acquire(pool) is None
    stub.problem = None
    assert await acquire(pool) is None
    assert "inline" in caplog.text
    pool.forget()
    assert await acquire(pool) is not None


async def test_a_server_that_is_away_is_asked_again(pool, stub):
    stub.problem = grpc.StatusCode.UNAVAILABLE
    assert await acquire(pool) is None
    stub.problem = None
    assert await acquire(pool) is not None


async def test_without_room_in_dev_shm_requests_go_inline(pool, monkeypatch, caplog):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    assert await acquire(pool) is None
    assert not [name for name in os.listdir("/dev/shm") if name.startswith(pool._prefix)]
