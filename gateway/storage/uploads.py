"""Files that are sent a piece at a time, for as long as it takes."""

from __future__ import annotations

import base64
import binascii
import hashlib
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gateway.errors import (
    InvalidRequest,
    Overloaded,
    PayloadTooLarge,
    UploadChecksumMismatch,
)
from gateway.storage.folder import id_pattern

PREFIX = "upl_"
ID = id_pattern(PREFIX)
"""The format of an id."""
ALGORITHMS = ("sha1", "sha256", "md5")
"""Of checksums; the first one is the one that every client knows."""


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload.

    Attributes:
        id: `upl_` and 32 hexadecimal digits.
        tenant: Its owner.
        length: Bytes it will have.
        expires: When it is removed, in seconds since 1970, UTC.
        metadata: Metadata from its sender, unparsed.
        offset: Bytes that are there.
    """

    id: str
    tenant: str
    length: int
    expires: float
    metadata: str = ""
    offset: int = 0

    @property
    def complete(self) -> bool:
        """Whether all of it is there."""
        return self.offset == self.length


class Checksum:
    """The expected checksum of the bytes of one chunk.

    Args:
        header: Name of the algorithm and the digest in base64.

    Raises:
        InvalidRequest: it is not a valid checksum.
    """

    def __init__(self, header: str) -> None:
        name, _, digest = header.partition(" ")
        if name not in ALGORITHMS:
            raise InvalidRequest(f"The checksum must be one of {', '.join(ALGORITHMS)}.")
        try:
            self._wanted = base64.b64decode(digest, validate=True)
        except binascii.Error:
            raise InvalidRequest("The checksum must be base64.") from None
        self._hash = hashlib.new(name, usedforsecurity=False)

    def update(self, data: bytes) -> None:
        """Take more bytes into account."""
        self._hash.update(data)

    def check(self) -> None:
        """Compare.

        Raises:
            UploadChecksumMismatch: these are other bytes.
        """
        if self._hash.digest() != self._wanted:
            raise UploadChecksumMismatch()


class Writer(Protocol):
    """Appends to an upload; see `UploadStore.writing`."""

    def write(self, data: bytes) -> None:
        """Append a piece. May wait for the disk, the store and the database.

        Raises:
            PayloadTooLarge: it would be longer than was said.
            StorageFull: there is no room.
        """
        ...


class UploadStore(Protocol):
    """A store of uploads. Calls may block: make them in a thread."""

    max_bytes: int
    """Maximum size of an upload."""

    def create(self, tenant: str, length: int, metadata: str = "") -> Upload:
        """Begin an upload.

        Raises:
            PayloadTooLarge: it would be longer than may be.
            Overloaded: as many are kept as may be.
        """
        ...

    def get(self, tenant: str, id: str) -> Upload:
        """Return an upload.

        Raises:
            UploadNotFound: there is none, or only one of another tenant.
        """
        ...

    def reading(self, tenant: str, id: str) -> AbstractContextManager[Path]:
        """Give the file of a complete upload for the duration of the block.

        Raises:
            UploadNotFound: there is none.
            UploadIncomplete: not all of it is there.
        """
        ...

    def bytes_of(self, tenant: str) -> int:
        """Return the bytes that a tenant's uploads have or will have."""
        ...

    def writing(
        self, tenant: str, id: str, offset: int, checksum: Checksum | None = None
    ) -> AbstractContextManager[Writer]:
        """Append to an upload for the duration of the block; bytes received so far are always kept.

        Only what does not come to its checksum is taken back.

        Raises:
            UploadNotFound: there is none.
            UploadLocked: another caller is writing to it.
            UploadOffsetMismatch: it has got elsewhere.
            UploadChecksumMismatch: at the end of the block.
        """
        ...

    def claim(self, tenant: str, id: str) -> AbstractContextManager[Path]:
        """Give the file of a complete upload, to be linked elsewhere; after the block it is gone.

        If the block fails, it is kept.

        Raises:
            UploadNotFound: there is none.
            UploadIncomplete: not all of it is there.
            UploadLocked: another caller is using it.
        """
        ...

    def delete(self, tenant: str, id: str) -> None:
        """Remove an upload.

        Raises:
            UploadNotFound: there is none.
            UploadLocked: a caller is writing to it.
        """
        ...

    def sweep(self) -> None:
        """Remove abandoned uploads, and the remains of others left by crashes."""
        ...


def check_length(length: int, most: int) -> None:
    """Check the announced length of an upload.

    Raises:
        PayloadTooLarge: it would be longer than may be.
    """
    if length > most:
        raise PayloadTooLarge(f"At most {most} bytes may be sent.", extra={"max_bytes": most})


def check_count(count: int, most: int) -> None:
    """Check that one more upload may be begun where there are `count`.

    Raises:
        Overloaded: as many are kept as may be.
    """
    if count >= most:
        raise Overloaded("Too many uploads are under way.", retry_after_s=60)


def check_piece(data: bytes, left: int) -> None:
    """Check that a piece is not longer than what is left of an upload.

    Raises:
        PayloadTooLarge: it is.
    """
    if len(data) > left:
        raise PayloadTooLarge("These are more bytes than were announced.")
