"""The files of jobs where the work can read them."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gateway.errors import StorageFull, StorageUnavailable
from gateway.jobs.job import JobRecord
from gateway.jobs.work import Task
from gateway.storage.objects import ObjectStore


@dataclass(slots=True)
class _Copies:
    """Copies of one job's files."""

    size: int
    users: int = 0
    fetching: threading.Lock = field(default_factory=threading.Lock)


class TaskFiles:
    """Fetches files that are kept elsewhere, once for all steps of a job that run here at a time.

    Args:
        objects: The store they are kept in.
        folder: For the copies.
        most_bytes: Bytes that copies may take at the same time; 0: any number.
    """

    def __init__(self, objects: ObjectStore, folder: Path, *, most_bytes: int = 0) -> None:
        self._objects = objects
        self._folder = folder
        self._most_bytes = 0 if objects.folder is not None else most_bytes
        self._copies: dict[str, _Copies] = {}
        self._lock = threading.Lock()

    @contextmanager
    def of(self, job: JobRecord) -> Iterator[Task]:
        """Return a job's task, whose files exist for the duration of the block.

        Raises:
            NotFound: a file is not kept any more.
            StorageFull: a copy has no room, even if there were no other.
            StorageUnavailable: it cannot be fetched, or has no room until other jobs' are gone.
        """
        with self._lock:
            if job.id not in self._copies:
                self._copies[job.id] = _Copies(self._room_for(job))
            copies = self._copies[job.id]
            copies.users += 1
        folder = self._folder / job.id
        try:
            with copies.fetching:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                files = {
                    name: [self._objects.local(file.key, folder) for file in kept]
                    for name, kept in job.files.items()
                }
            yield Task(job.id, job.tenant, files, job.options, job.source_id)
        finally:
            with self._lock:
                copies.users -= 1
                if not copies.users:
                    del self._copies[job.id]
                    shutil.rmtree(folder, ignore_errors=True)

    def _room_for(self, job: JobRecord) -> int:
        """Return the bytes of a job's files, if there is room for them."""
        size = sum(file.size for kept in job.files.values() for file in kept)
        if self._most_bytes and size > self._most_bytes:
            raise StorageFull("A job's files are larger than what may be copied here.")
        if self._most_bytes and size + sum(one.size for one in self._copies.values()) > (
            self._most_bytes
        ):
            raise StorageUnavailable("Other jobs' files take the room for copies.", retry_after_s=5)
        return size
