"""System shared memory for tensors, when Triton runs on the same host.

A region is a piece of memory mapped here and in the server. It has a name in /dev/shm only while it
is being registered with the server: once both have it mapped the name is removed, so that nothing
is left behind however either process ends.
"""

from __future__ import annotations

import asyncio
import logging
import mmap
import os
import secrets
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import numpy as np
from numpy.typing import NDArray
from tritonclient.grpc import service_pb2

log = logging.getLogger(__name__)

_SHM = Path("/dev/shm")
_SMALLEST = 1 << 18
_RPC_TIMEOUT_S = 2.0
_CLOSE_TIMEOUT_S = 0.5


@dataclass(eq=False, slots=True)
class SharedRegion:
    """One mapped piece of memory the server knows by `name`.

    Attributes:
        name: Name the server knows it by.
        size: Bytes.
        generation: The server instance it was registered with.
        memory: Our mapping.
    """

    name: str
    size: int
    generation: int
    memory: mmap.mmap = field(repr=False)

    def array(self, shape: tuple[int, ...], dtype: np.dtype[Any], offset: int) -> NDArray[Any]:
        """Return a view of the region; it must be released before the region is closed."""
        return np.ndarray(shape, dtype, buffer=self.memory, offset=offset)


class RegionPool:
    """Regions for requests in flight; each serves one request at a time.

    Every failure here has the same answer, None: the request then travels inline. A region whose
    request did not end properly is retired instead of used again, as the server may still write
    into it.

    Args:
        stub: Triton's gRPC stub.
        max_regions: Most regions at a time, retired ones included.
        max_bytes: Most bytes in all regions together.
    """

    def __init__(self, stub: Any, *, max_regions: int = 64, max_bytes: int = 512 << 20) -> None:
        self._stub = stub
        self._max_regions = max_regions
        self._max_bytes = max_bytes
        self._prefix = f"semblant_{os.getpid()}_{secrets.token_hex(4)}"
        self._count = 0
        self._generation = 0
        self._free: dict[int, list[SharedRegion]] = defaultdict(list)
        self._live: set[SharedRegion] = set()
        self._retired: dict[str, int] = {}
        self._refused = False

    @property
    def retired(self) -> int:
        """Regions the server may still be writing into."""
        return len(self._retired)

    async def acquire(self, nbytes: int, *, timeout_s: float) -> SharedRegion | None:
        """Return a region of at least `nbytes` for one request, or None to go inline.

        Args:
            nbytes: Bytes of all tensors of the request.
            timeout_s: Seconds the server may take when a region has to be created.
        """
        size = max(_SMALLEST, 1 << (nbytes - 1).bit_length())
        if self._free[size]:
            return self._free[size].pop()
        if self._refused:
            return None
        if self._retired:
            await self.unregister_retired(timeout_s=timeout_s)
        used = sum(region.size for region in self._live) + sum(self._retired.values())
        crowded = len(self._live) + len(self._retired) >= self._max_regions
        if crowded or used + size > self._max_bytes:
            return None
        return await self._create(size, min(timeout_s, _RPC_TIMEOUT_S))

    def release(self, region: SharedRegion) -> None:
        """Take a region back after its request was answered, with outputs or an error."""
        if region.generation == self._generation:
            self._free[region.size].append(region)
        else:
            self.retire(region)

    def retire(self, region: SharedRegion) -> None:
        """Take a region back whose request was cancelled, timed out or broke off."""
        self._drop(region)
        self._retired[region.name] = region.size

    def forget(self) -> None:
        """The server may have been restarted: no region can be relied on any more."""
        self._generation += 1
        for region in [region for regions in self._free.values() for region in regions]:
            self.retire(region)
        self._free.clear()
        self._refused = False

    async def unregister_retired(self, *, timeout_s: float = _RPC_TIMEOUT_S) -> None:
        """Tell the server of the retired regions; those still in use stay for the next time.

        Telling it of regions it does not know does no harm.
        """
        names = list(self._retired)
        timeout_s = min(timeout_s, _RPC_TIMEOUT_S)
        gone = await asyncio.gather(*(self._unregister(name, timeout_s) for name in names))
        for name, is_gone in zip(names, gone, strict=True):
            if is_gone:
                self._retired.pop(name, None)

    async def close(self) -> None:
        """Unregister and unmap everything; short and without errors even if the server is gone."""
        for region in list(self._live):
            self.retire(region)
        self._free.clear()
        await self.unregister_retired(timeout_s=_CLOSE_TIMEOUT_S)

    async def _create(self, size: int, timeout_s: float) -> SharedRegion | None:
        self._count += 1
        name = f"{self._prefix}_{self._count}"
        path = _SHM / name
        try:
            memory = _map_new(path, size)
        except OSError as error:  # full or read-only /dev/shm
            log.warning("no shared memory, tensors travel inline: %s", error)
            self._refused = True
            return None
        region = SharedRegion(name, size, self._generation, memory)
        self._live.add(region)
        request = service_pb2.SystemSharedMemoryRegisterRequest(
            name=name, key=f"/{name}", offset=0, byte_size=size
        )
        try:
            await self._stub.SystemSharedMemoryRegister(request, timeout=timeout_s)
        except grpc.aio.AioRpcError as error:
            self.retire(region)
            # Another host, another /dev/shm, or a server configured to refuse: this is permanent.
            if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                log.warning("Triton takes no shared memory, tensors travel inline: %s", error)
                self._refused = True
            return None
        except BaseException:
            self.retire(region)  # cancelled: the server may know it or not
            raise
        finally:
            path.unlink(missing_ok=True)
        return region

    def _drop(self, region: SharedRegion) -> None:
        self._live.discard(region)
        try:
            region.memory.close()
        except BufferError:
            # A view of it is still alive (in a traceback, say); its end ends the mapping.
            log.debug("region %s is unmapped later", region.name)

    async def _unregister(self, name: str, timeout_s: float) -> bool:
        request = service_pb2.SystemSharedMemoryUnregisterRequest(name=name)
        try:
            await self._stub.SystemSharedMemoryUnregister(request, timeout=timeout_s)
        except grpc.aio.AioRpcError:
            return False  # still in use, or the server is away
        return True


def _map_new(path: Path, size: int) -> mmap.mmap:
    """Create a shared memory file and map it.

    Raises:
        OSError: if there is no room; without reserving it now, writing would kill us instead.
    """
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(handle, 0, size)
        return mmap.mmap(handle, size)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)
