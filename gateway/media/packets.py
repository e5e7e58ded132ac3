"""XMP packets into finished files (ISO 16684-3); no pixel is encoded again, no frame is moved.

AVIF gets its packet when it is encoded. MP4 and MOV get two boxes at their end: the packet, and
tags as QuickTime's metadata have them. Matroska has tags alone, which joining writes.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_XMP_JPEG: Final = b"http://ns.adobe.com/xap/1.0/\0"
_XMP_PNG: Final = b"XML:com.adobe.xmp\0\0\0\0\0"
_XMP_GIF: Final = b"\x21\xff\x0bXMP DataXMP"
# A packet stands as it is; 258 bytes behind it lead any reader of sub-blocks to their end.
_GIF_MAGIC: Final = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
_WEBP_XMP, _WEBP_ALPHA = 0x04, 0x10
_XMP_UUID: Final = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_PNG_START, _JPEG_START = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
_MOST_JPEG: Final = 0xFFFF - 2 - len(_XMP_JPEG)


def with_packet(data: bytes, media_type: str, packet: bytes) -> bytes:
    """Return a picture's file with an XMP packet, which has none yet.

    Args:
        data: The file, as this package's encoders write it.
        media_type: JPEG's, PNG's, WebP's or GIF's.
        packet: XMP, less than 64 kB.

    Raises:
        ValueError: it is no such file.
    """
    if media_type == "image/jpeg" and data.startswith(_JPEG_START) and len(packet) <= _MOST_JPEG:
        return _in_jpeg(data, packet)
    if media_type == "image/png" and data.startswith(_PNG_START):
        return _in_png(data, packet)
    if media_type == "image/webp" and data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _in_webp(data, packet)
    if media_type == "image/gif" and data[:4] == b"GIF8" and data.endswith(b";"):
        return _in_gif(data, packet)
    raise ValueError(f"no {media_type} that can hold the packet")


def append_packet(path: Path, media_type: str, packet: bytes, tags: Mapping[str, str]) -> None:
    """Write an XMP packet, and tags where there is room for them, to the end of a film's file.

    A file that has neither, such as Matroska's, stays as it is.

    Args:
        path: The file, as this package writes it.
        media_type: What it is.
        packet: XMP.
        tags: Text by name.

    Raises:
        OSError: it cannot be written.
    """
    with path.open("r+b") as file:
        if media_type in ("video/mp4", "video/quicktime"):
            file.seek(0, 2)
            file.write(_box(b"uuid", _XMP_UUID, packet) + _tags(tags))
        elif media_type == "image/gif":
            file.seek(-1, 2)  # before the trailer
            file.write(_XMP_GIF + packet + _GIF_MAGIC + b";")
        elif media_type == "image/webp":
            file.seek(20)  # flags of VP8X, which an animation has
            flags = file.read(1)[0] | _WEBP_XMP
            file.seek(0, 2)
            file.write(_riff(b"XMP ", packet))
            end = file.tell()
            file.seek(20)
            file.write(bytes([flags]))
            file.seek(4)
            file.write(struct.pack("<I", end - 8))


def _in_jpeg(data: bytes, packet: bytes) -> bytes:
    at = 2
    if data[at : at + 2] == b"\xff\xe0":  # JFIF comes first
        at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    body = _XMP_JPEG + packet
    return data[:at] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[at:]


def _in_png(data: bytes, packet: bytes) -> bytes:
    at = data.index(b"IDAT") - 4
    body = b"iTXt" + _XMP_PNG + packet
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return data[:at] + chunk + data[at:]


def _in_webp(data: bytes, packet: bytes) -> bytes:
    chunks = data[12:]
    kind = chunks[:4]
    if kind == b"VP8X":
        holds = bytes([chunks[8] | _WEBP_XMP])
        chunks = chunks[:8] + holds + chunks[9:]
    else:
        width, height, alpha = _webp_size(kind, chunks[8:])
        flags = _WEBP_XMP | (_WEBP_ALPHA if alpha else 0)
        size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        extended = b"VP8X" + struct.pack("<I", 10) + bytes([flags, 0, 0, 0]) + size
        chunks = extended + chunks
    chunks += _riff(b"XMP ", packet)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


def _webp_size(kind: bytes, body: bytes) -> tuple[int, int, bool]:
    """Return width, height and whether there is alpha, of a file with one chunk (RFC 9649)."""
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", body[6:10])
        return width & 0x3FFF, height & 0x3FFF, False
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)
    raise ValueError("a WebP file of an unknown kind")


def _in_gif(data: bytes, packet: bytes) -> bytes:
    return data[:-1] + _XMP_GIF + packet + _GIF_MAGIC + b";"


def _riff(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def _tags(tags: Mapping[str, str]) -> bytes:
    """Return a box of metadata (QuickTime File Format, "Metadata": handler `mdta`)."""
    names = [_box(b"mdta", name.encode()) for name in tags]
    items = [
        _box(struct.pack(">I", n), _box(b"data", struct.pack(">II", 1, 0), text.encode()))
        for n, text in enumerate(tags.values(), 1)
    ]
    return _box(
        b"meta",
        bytes(4),
        _box(b"hdlr", bytes(8), b"mdta", bytes(13)),
        _box(b"keys", bytes(4), struct.pack(">I", len(names)), *names),
        _box(b"ilst", *items),
    )
