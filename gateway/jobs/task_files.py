"""The files of jobs where the work can read them."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gateway.jobs.job import JobRecord
from gateway.jobs.work import Task
from gateway.storage.objects import ObjectStore


@dataclass(slots=True)
class _Copies:
    """Copies of one job's files."""

    users: int = 0
    fetching: threading.Lock = field(default_factory=threading.Lock)


class TaskFiles:
    """Fetches files that are kept elsewhere, once for all steps of a job that run here at a time.

    Args:
        objects: The store they are kept in.
        folder: For the copies.
    """

    def __init__(self, objects: ObjectStore, folder: Path) -> None:
        self._objects = objects
        self._folder = folder
        self._copies: dict[str, _Copies] = {}
        self._lock = threading.Lock()

    @contextmanager
    def of(self, job: JobRecord) -> Iterator[Task]:
        """Return a job's task, whose files exist for the duration of the block.

        Raises:
            NotFound: a file is not kept any more.
            StorageFull, StorageUnavailable: it cannot be fetched.
        """
        with self._lock:
            copies = self._copies.setdefault(job.id, _Copies())
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
