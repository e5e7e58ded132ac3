"""Draws `docs/result.jpg`: each of the two sample portraits with the other one's face.

python tools/draw_result.py docs
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import cv2
import numpy as np

from bench.pictures import portrait
from bench.transfer import Bench
from gateway.arrays import U8
from gateway.faces.face import Face
from gateway.media.image import Picture, encode_image

TILE_WH = (332, 354)
AROUND = 0.95  # of the face's height, from its middle to the tile's upper and lower edge
GAP, QUALITY = 2, 88


def tile(image: U8, face: Face, title: str) -> U8:
    """Return a picture around a face, with a title."""
    width, height = TILE_WH
    x, y = face.centre_xy
    scale = height / (2 * AROUND * float(face.box_xyxy[3] - face.box_xyxy[1]))
    matrix = np.array([[scale, 0, width / 2 - scale * x], [0, scale, height / 2 - scale * y]])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    out = cv2.warpAffine(image, matrix, TILE_WH, flags=how, borderMode=cv2.BORDER_REPLICATE)
    for shade, off in ((0, 1), (255, 0)):
        at, color = (8 + off, height - 10 + off), (shade, shade, shade)
        cv2.putText(out, title, at, cv2.FONT_HERSHEY_SIMPLEX, 0.4, color, 1, cv2.LINE_AA)
    return np.asarray(out, np.uint8)


async def drawn() -> U8:
    bench, rows = Bench(), []
    for source, target in (("astronaut", "hopper"), ("hopper", "astronaut")):
        from_, into = portrait(source), portrait(target)
        faces = await bench.face(from_), await bench.face(into)
        made = await bench.made(from_, into)
        tiles = [
            tile(from_, faces[0], "source"),
            tile(into, faces[1], "target"),
            tile(made, faces[1], "result (synthetic)"),
        ]
        rows.append(np.concatenate([np.pad(t, ((0, GAP), (0, GAP), (0, 0))) for t in tiles], 1))
    await bench.close()
    return np.concatenate(rows)[:-GAP, :-GAP]


def main() -> None:
    path = Path(sys.argv[1]) / "result.jpg"
    path.write_bytes(encode_image(Picture(asyncio.run(drawn())), "jpeg", quality=QUALITY))
    print(path)


if __name__ == "__main__":
    main()
