"""HEIC files, made where they are needed: HEVC still pictures in boxes (ISO/IEC 23008-12)."""

import io
import struct

import av
import numpy as np


def heic(*pictures: np.ndarray, primary: int = 0, quarters: int = 0) -> bytes:
    """Return a file of pictures (H, W, 3), the primary one to be turned left by quarters."""
    coded = [_hevc(picture) for picture in pictures]
    config, items = coded[0][0], [data for _, data in coded]
    shape = pictures[0].shape
    ids = range(1, len(items) + 1)
    properties = box(b"hvcC", config) + full(b"ispe", struct.pack(">II", shape[1], shape[0]))
    properties += box(b"irot", bytes([quarters]))
    meta = full(b"hdlr", bytes(4) + b"pict" + bytes(13))
    meta += full(b"pitm", struct.pack(">H", primary + 1))
    infos = [full(b"infe", struct.pack(">HH", n, 0) + b"hvc1\0", version=2) for n in ids]
    meta += full(b"iinf", struct.pack(">H", len(items)) + b"".join(infos))
    ipma = struct.pack(">I", len(items))
    ipma += b"".join(struct.pack(">HBBBB", n, 3, 0x81, 2, 0x83) for n in ids)
    meta += box(b"iprp", box(b"ipco", properties) + full(b"ipma", ipma))
    head = box(b"ftyp", b"heic" + bytes(4) + b"mif1heic")
    length = len(head) + 12 + len(meta) + 12 + 4 + 14 * len(items) + 4
    places, at = b"", length + 8
    for n, data in zip(ids, items, strict=True):
        places += struct.pack(">HHHII", n, 0, 1, at, len(data))
        at += len(data)
    meta += full(b"iloc", b"\x44\0" + struct.pack(">H", len(items)) + places)
    out = head + full(b"meta", meta)
    return (
        out
        + struct.pack(">I", at - len(out))
        + b"mdat"
        + bytes(length - len(out))
        + b"".join(items)
    )


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def full(kind: bytes, content: bytes, version: int = 0) -> bytes:
    return box(kind, bytes([version, 0, 0, 0]) + content)


def _hevc(picture: np.ndarray) -> tuple[bytes, bytes]:
    """Return a picture's decoder configuration, and its only packet."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as made:
        params = "log-level=none:info=0:bframes=0"  # with B-frames, one frame has no decoding time
        options = {"crf": "4", "preset": "ultrafast", "x265-params": params}
        stream = made.add_stream("libx265", rate=1, options=options)
        stream.height, stream.width, stream.pix_fmt = *picture.shape[:2], "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")
        frame = frame.reformat(format="yuv420p", dst_color_range=1)
        frame.pts = 0
        made.mux(stream.encode(frame))
        made.mux(stream.encode())
    data = file.getvalue()
    at = data.index(b"hvcC")
    config = data[at + 4 : at - 4 + int.from_bytes(data[at - 4 : at], "big")]
    with av.open(io.BytesIO(data)) as container:
        return config, bytes(next(p for p in container.demux(video=0) if p.size))
