"""What the first bytes of a video's container tell, without decoding anything."""

from __future__ import annotations

import io
from typing import BinaryIO

_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
_BOXES = frozenset((b"ftyp", b"moov", b"mdat", b"moof", b"free", b"skip", b"wide", b"styp"))
_TS_SYNC, _TS_PACKET = 0x47, 188
HEAD = _TS_PACKET + 1
"""Bytes from which a container can be told."""


def starts_like_a_video(head: bytes) -> bool:
    """Return whether the first `HEAD` bytes are those of a container that is read."""
    return (
        head[4:8] in _BOXES
        or head.startswith(_EBML)
        or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")
        or (head[0] == _TS_SYNC and head[_TS_PACKET:] == bytes([_TS_SYNC]))
    )


def ends_early(file: BinaryIO) -> bool:
    """Return whether a file is shorter than its container says; False where it does not say."""
    length = file.seek(0, io.SEEK_END)
    file.seek(0)
    head = file.read(12)
    if head.startswith(_EBML):
        return _end_of_matroska(file) > length
    if head[:4] == b"RIFF":
        return _end_of_riff(file, length) > length
    if head[4:8] in _BOXES:
        return _end_of_boxes(file, length) > length
    return False


def _end_of_boxes(file: BinaryIO, length: int) -> int:
    """Return where the last known box of an MP4 or QuickTime file ends (ISO/IEC 14496-12, 4.2)."""
    end = 0
    while end < length:
        file.seek(end)
        head = file.read(16)
        if len(head) < 8:
            return end + 8
        size = int.from_bytes(head[:4], "big")
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        if head[4:8] not in _BOXES or size < 8:  # something else, or "up to the end"
            break
        end += size
    return end


def _end_of_riff(file: BinaryIO, length: int) -> int:
    """Return where the last RIFF chunk of an AVI file ends; large ones have several."""
    end = 0
    while end < length:
        file.seek(end)
        head = file.read(8)
        size = int.from_bytes(head[4:8], "little")
        if head[:4] != b"RIFF" or not size:
            break
        end += 8 + size
    return end


def _end_of_matroska(file: BinaryIO) -> int:
    """Return where a Matroska file's segment ends (RFC 8794, 9.2); 0 if it does not say."""
    file.seek(4)
    size = _vint(file)
    if size is None:
        return 0
    file.seek(size, io.SEEK_CUR)
    if file.read(4) != _SEGMENT:
        return 0
    size = _vint(file)
    return 0 if size is None else file.tell() + size


def _vint(file: BinaryIO) -> int | None:
    """Read an EBML size (RFC 8794, 4); None for "unknown"."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    more = 8 - first[0].bit_length()
    bits = 7 * (more + 1)
    value = int.from_bytes(first + file.read(more), "big") & ((1 << bits) - 1)
    return None if value == (1 << bits) - 1 else value
