"""Container format detection from a video's first bytes, without decoding anything."""

from __future__ import annotations

import io
from typing import BinaryIO

_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
_BOXES = frozenset((b"ftyp", b"moov", b"mdat", b"moof", b"free", b"skip", b"wide", b"styp"))
_TS_SYNC, _TS_PACKET = 0x47, 188
_GIF, _PNG = (b"GIF87a", b"GIF89a"), b"\x89PNG\r\n\x1a\n"
_OTHERS = (
    b"\x00\x00\x01\xba",  # MPEG-PS: a pack
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF: the header's identifier
    b"FLV\x01",
    b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01",  # MXF: a partition
)
HEAD = _TS_PACKET + 1
"""Bytes from which a container can be identified."""


_STILL = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"avif")
"""Brands of files whose picture is a still one (ISO/IEC 23008-12, annex B; AVIF, section 6)."""
_MOVING = (b"hevc", b"hevx", b"msf1", b"avis")


def is_heif(head: bytes) -> bool:
    """Return whether the first bytes are those of a still picture in HEIC or AVIF."""
    return head[4:8] == b"ftyp" and head[8:12] in _STILL


def starts_like_an_animation(head: bytes) -> bool:
    """Return whether the first `HEAD` bytes are those of a picture that moves, or of any GIF."""
    return head.startswith(_GIF) or is_moving_webp(head) or is_moving_avif(head)


def is_moving_webp(head: bytes) -> bool:
    """Return whether the first bytes are those of an animated WebP (RFC 9649, 2.7)."""
    return (
        head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and len(head) > 20 and bool(head[20] & 2)
    )


def is_moving_avif(head: bytes) -> bool:
    """Return whether the first bytes are those of an image sequence in AVIF or HEIC."""
    return head[4:8] == b"ftyp" and head[8:12] in _MOVING


def moves(file: BinaryIO) -> bool:
    """Return whether a file is a picture that moves: GIF, PNG, WebP or AVIF with several frames."""
    file.seek(0)
    head = file.read(HEAD)
    if head.startswith(_GIF) and len(head) > 12:
        return _images_of_gif(file, head) > 1
    if head.startswith(_PNG):
        return _is_apng(file)
    return is_moving_webp(head) or is_moving_avif(head)


def _images_of_gif(file: BinaryIO, head: bytes) -> int:
    """Return how many images a GIF has; it ends at two (GIF89a, 17 to 27)."""
    file.seek(13 + _colors_of_gif(head[10]))
    images = 0
    while images < 2:
        kind = file.read(1)
        if kind == b"!":
            file.seek(1, io.SEEK_CUR)
        elif kind == b",":
            images += 1
            told = file.read(9)
            if len(told) < 9:
                break
            file.seek(_colors_of_gif(told[8]) + 1, io.SEEK_CUR)
        else:
            break
        while (size := file.read(1)) and size[0]:
            file.seek(size[0], io.SEEK_CUR)
    return images


def _colors_of_gif(packed: int) -> int:
    return 3 << ((packed & 7) + 1) if packed & 0x80 else 0


def _is_apng(file: BinaryIO) -> bool:
    """Return whether a PNG has its animation's control chunk before its pixels."""
    file.seek(len(_PNG))
    while len(head := file.read(8)) == 8 and head[4:] not in (b"IDAT", b"IEND"):
        if head[4:] == b"acTL":
            return True
        file.seek(int.from_bytes(head[:4], "big") + 4, io.SEEK_CUR)
    return False


def starts_like_a_video(head: bytes) -> bool:
    """Return whether the first `HEAD` bytes are those of a container that is read."""
    return (
        (head[4:8] in _BOXES and not is_heif(head))
        or head.startswith((_EBML, *_OTHERS))
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
