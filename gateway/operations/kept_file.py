"""Files that arrive for a job, written to disk a piece at a time."""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from pathlib import Path

from gateway.disk import room_on_disk
from gateway.jobs.job import SentFile


class KeptFile:
    """A file that arrives, on disk and with its digest, as far as a parser needs to know it.

    Args:
        folder: Destination folder.

    Raises:
        StorageFull: there is no room.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / secrets.token_hex(16)
        self._digest = hashlib.sha256()
        self.size = 0
        """In bytes."""
        with room_on_disk():
            self._file = self._path.open("x+b")

    def write(self, data: bytes) -> int:
        """Append received data."""
        self._digest.update(data)
        self.size += len(data)
        with room_on_disk():
            return self._file.write(data)

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Seek, after all data have been received."""
        with room_on_disk():
            return self._file.seek(offset, whence)

    def sent(self) -> SentFile:
        """Return where it lies, all of it."""
        with room_on_disk():
            self._file.flush()
        return SentFile(self._path, self._digest.hexdigest(), self.size)

    def close(self) -> None:
        """Remove it, if it is still there."""
        with suppress(OSError):  # what could not be written is not wanted any more
            self._file.close()
        self._path.unlink(missing_ok=True)
