"""Files that the workers of one machine hold locks on: the kernel lets go when a process ends.

So the others of that machine know at once that a worker is dead, however it died. What happens to
workers of other machines, or before the machine was last started, only their leases can say.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path

from gateway.disk import room_on_disk

with suppress(ImportError):  # not on Windows, where no boot id is known, either
    import fcntl

log = logging.getLogger(__name__)

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
LOCK_SUFFIX = ".lock"


def boot_id() -> str | None:
    """Return an identifier of this machine since its boot; None if unknown.

    It is the same in all containers of a machine, as its locks are.
    """
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip() or None
    except OSError:
        return None


class WorkerLocks:
    """The locks of the workers that share a folder.

    Args:
        folder: Folder of the lock files; the workers of other machines may use it, too.
        boot: Identifier of this machine; without it no worker is judged.
    """

    def __init__(self, folder: Path, boot: str | None = None) -> None:
        self._folder = folder
        self._boot = boot_id() if boot is None else boot
        self._held: tuple[int, Path] | None = None

    def hold(self, worker: str) -> None:
        """Hold a worker's lock until `release`, or the end of this process.

        Where files cannot be locked, none is held, and the others wait for the lease.
        """
        if self._boot is None:
            return
        made = self._folder / f"{worker}.new"
        with room_on_disk():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(file, self._boot.encode())
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # It becomes visible only now, so it is never seen without its lock.
            made.rename(path := self._path(worker))
        except OSError:
            log.warning("files in %s cannot be locked; others notice a crash later", self._folder)
            os.close(file)
            made.unlink(missing_ok=True)
            return
        self._held = file, path

    def release(self) -> None:
        """Let go of the lock, and remove its file."""
        if self._held is not None:
            file, path = self._held
            self._held = None
            path.unlink(missing_ok=True)
            os.close(file)

    def dead(self) -> set[str]:
        """Return the workers of this machine that ended without `release`."""
        if self._boot is None:
            return set()
        own = None if self._held is None else self._held[1]
        paths = (path for path in self._folder.glob(f"*{LOCK_SUFFIX}") if path != own)
        return {path.name.removesuffix(LOCK_SUFFIX) for path in paths if self._is_dead(path)}

    def forget(self, worker: str) -> None:
        """Remove the file of a worker that is dead, once all its tasks are taken over."""
        self._path(worker).unlink(missing_ok=True)

    def _is_dead(self, path: Path) -> bool:
        with suppress(OSError):  # it is removed, or locked by a live worker
            file = os.open(path, os.O_RDONLY)
            try:
                if os.read(file, 64).decode(errors="replace") == self._boot:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                    return True
            finally:
                os.close(file)
        return False

    def _path(self, worker: str) -> Path:
        return self._folder / f"{worker}{LOCK_SUFFIX}"
