"""Secrets that the service makes for itself, each in a file that nobody else can read."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from gateway.errors import SetupIncomplete

SECRET_BYTES: Final = 32


def secret_in(path: Path) -> bytes:
    """Return the secret of a file, 32 random bytes; it is made if there is none.

    Processes that begin at the same time agree on one.

    Raises:
        SetupIncomplete: the file cannot be read or made, is no secret, or others can read it.
    """
    try:
        if not path.exists():
            _make(path)
        if path.stat().st_mode & 0o077:
            raise SetupIncomplete(f"{path} can be read by others; its mode must be 0600.")
        found = path.read_bytes()
    except OSError as error:
        raise SetupIncomplete(f"{path} cannot be read: {error.strerror}.") from error
    if len(found) != SECRET_BYTES:
        raise SetupIncomplete(f"{path} is no secret: it does not have {SECRET_BYTES} bytes.")
    return found


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was quicker
            os.link(name, path)
    finally:
        os.unlink(name)
