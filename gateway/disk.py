"""A full disk, named."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.errors import StorageFull

NO_ROOM = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
"""Numbers of the errors of a full disk."""


@contextmanager
def room_on_disk() -> Iterator[None]:
    """Name the error of a full disk.

    Raises:
        StorageFull: in place of an `OSError` that says so.
    """
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise StorageFull() from error
        raise
