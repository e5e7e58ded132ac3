"""Draws faces into their picture."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image, ImageDraw, ImageFont, ImageOps

from gateway.faces.topology import LEFT_IRIS, RIGHT_IRIS, RINGS, topology

MESH, RING, POINT = (90, 220, 140), (255, 80, 60), (60, 160, 255)


def draw_faces(data: bytes, faces: Sequence[Mapping[str, Any]]) -> Image.Image:
    """Return the picture with meshes, outlines, irises and boxes drawn in."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    pen = ImageDraw.Draw(image)
    for number, face in enumerate(faces):
        points = [(x, y) for x, y, _ in face["landmarks"]]
        for a, b, c in topology().triangles.tolist():
            pen.line([points[a], points[b], points[c], points[a]], fill=MESH)
        for ring in RINGS.values():
            pen.line([points[i] for i in (*ring, ring[0])], fill=RING, width=2)
        for i in (*RIGHT_IRIS, *LEFT_IRIS):
            x, y = points[i]
            pen.ellipse([x - 1, y - 1, x + 1, y + 1], fill=POINT)
        box = face["box"]
        size = max(18, round(0.3 * (box["right"] - box["left"])))
        place = (box["left"], max(0, box["top"] - 1.2 * size))
        pen.text(
            place,
            str(number),
            fill=RING,
            font=ImageFont.load_default(size),
            stroke_width=max(1, size // 12),
            stroke_fill="black",
        )
    return image
