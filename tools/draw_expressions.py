"""Draw the two pictures of `docs/EXPRESSION.md` from the project's own parts.

- `expression-axes.jpg`: the mean face, and each named control on it.
- `expression-sweep.jpg`: one portrait's expression on the other one, from none to exaggerated; the
  sample portraits, which are in the public domain.

    PYTHONPATH=. python tools/draw_expressions.py docs
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from bench.pictures import FACES, portrait
from gateway.arrays import F32, F64, U8
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.morphable.controls import CONTROLS
from gateway.faces.morphable.model import face_model
from gateway.faces.topology import (
    LEFT_EYE,
    LEFT_IRIS,
    LIPS_INNER,
    LIPS_OUTER,
    N_MESH,
    RIGHT_EYE,
    RIGHT_IRIS,
    topology,
)
from gateway.imaging.geometry.raster import rasterise, vertex_normals
from gateway.inference.local import LocalInference
from gateway.paths import PROJECT_ROOT
from gateway.pipeline.options.swap import parse_options
from gateway.pipeline.selection.models import ModelSelector
from gateway.pipeline.timings import Timings
from gateway.pipeline.toolkit import Toolkit

QUALITY, MOST_BYTES = 85, 350_000
Color = tuple[int, int, int]
WHITE, INK, GREY = (255, 255, 255), (28, 32, 38), (112, 118, 126)

# The axes.
COLUMNS = 8
FACE_WH, LABEL_PX = (186, 204), 42
FINER = 3
"""Faces are drawn this much larger, and then shrunk."""
YAW_DEG = 14.0
"""From a little aside, depth is seen, too."""
SKIN, MOVED = np.array([222.0, 209.0, 197.0]), np.array([236.0, 120.0, 44.0])
FULLY_MOVED = 0.1
"""Inter-ocular distances of motion that have the full colour."""
LIGHT = np.array([0.35, -0.45, -0.82])
EYE_WHITE, IRIS, PUPIL, BROW = (250, 250, 248), (98, 112, 122), (34, 40, 46), (150, 128, 112)
LIP, MOUTH_DARK, LINE = (196, 134, 124), (82, 42, 44), (70, 66, 64)
RIGHT_BROW = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
LEFT_BROW = (300, 293, 334, 296, 336, 285, 295, 282, 283, 276)
OPPOSITES = (
    "jawForward", "mouthPucker", "mouthRollUpper", "mouthRollLower", "mouthShrugUpper",
    "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff",
)  # fmt: skip
"""Controls whose opposite is a motion, too. The fit keeps to 0–1; this is for illustration."""

# The sweep.
FACTORS = (0.0, 0.5, 1.0, 1.5)
NAMES = {"astronaut": "Eileen Collins", "hopper": "Grace Hopper"}
TILE_WH, ROW_LABEL_PX, HEAD_PX, GAP_PX = (202, 232), 152, 38, 4
CROP_WIDTHS, CROP_UP = 1.72, 0.06
"""Width of a crop in widths of the face, and how far above the face's middle its own lies."""


def main(folder: Path) -> None:
    save(axes(), folder / "expression-axes.jpg")
    save(asyncio.run(sweep()), folder / "expression-sweep.jpg")


def save(sheet: Image.Image, path: Path) -> None:
    sheet.save(path, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    size = path.stat().st_size
    print(f"{path.name}: {sheet.width}×{sheet.height}, {size} bytes")
    if size > MOST_BYTES:
        sys.exit(f"{path.name} is larger than {MOST_BYTES} bytes")


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def written(
    pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: int, color: Color = INK
) -> None:
    """Write a line about a point."""
    pen.text(at, text, color, font(size), anchor="mm")


# --- The axes ------------------------------------------------------------------------------------


def axes() -> Image.Image:
    tiles = list(_poses())
    rows = -(-len(tiles) // COLUMNS)
    width, height = FACE_WH[0], FACE_WH[1] + LABEL_PX
    sheet = Image.new("RGB", (COLUMNS * width, rows * height), WHITE)
    pen = ImageDraw.Draw(sheet)
    for n, (name, below, change) in enumerate(tiles):
        left, top = n % COLUMNS * width, n // COLUMNS * height
        sheet.paste(Image.fromarray(drawn_face(change)), (left, top))
        middle = left + width / 2
        written(pen, (middle, top + FACE_WH[1] + 10), name, 15)
        written(pen, (middle, top + FACE_WH[1] + 28), below, 13, GREY)
    return sheet


def _poses() -> Iterator[tuple[str, str, F64]]:
    """Yield name, the line below it, and how the mean face is moved (478, 3)."""
    model = face_model()
    moves = model.named.reshape(len(CONTROLS), -1, 3).astype(np.float64)
    yield "mean face", "no control", np.zeros_like(moves[0])
    for control, move in zip(CONTROLS, moves, strict=True):
        yield control.name, f"{control.part}, 1", move
        if control.name in OPPOSITES:
            yield control.name, f"{control.part}, -1 (illustration)", -move


def drawn_face(change: F64) -> U8:
    """Return the mean face moved by (478, 3) as a shaded picture (h, w, 3), what moved tinted."""
    model = face_model()
    shape = (model.mean + change) @ _turned().T
    size = FACE_WH[0] * FINER, FACE_WH[1] * FINER
    mean = model.mean.astype(np.float64) @ _turned().T
    low, high = mean[:N_MESH, :2].min(0), mean[:N_MESH, :2].max(0)
    # Room for a chin that drops.
    scale = min(0.86 * size[0] / (high - low)[0], 0.82 * size[1] / (high - low)[1])
    at = (shape - np.append((low + high) / 2, 0)) * scale
    at[:, :2] += np.array([0.5, 0.48]) * size
    canvas = _skin(at.astype(np.float32), change, (size[1], size[0]))
    _features(canvas, at)
    small = cv2.resize(canvas, FACE_WH, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def _turned() -> F64:
    """Return the rotation (3, 3) of the view."""
    angle = np.radians(YAW_DEG)
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    return np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])


def _skin(at: F32, change: F64, shape: tuple[int, int]) -> U8:
    """Return the mesh (478, 3) as an image (h, w, 3), lit, and tinted where it moved."""
    triangles = topology().triangles
    normals = vertex_normals(at[:N_MESH], triangles).astype(np.float64)
    lit = np.clip(normals @ (LIGHT / np.linalg.norm(LIGHT)), 0, 1)
    tint = np.clip(np.linalg.norm(change[:N_MESH], axis=1) / FULLY_MOVED, 0, 1)
    attributes = np.column_stack([0.52 + 0.5 * lit, tint, np.ones(N_MESH)]).astype(np.float32)
    light, moved, inside = rasterise(at[:N_MESH], triangles, attributes, shape)
    color = SKIN + (0.75 * moved)[..., None] * (MOVED - SKIN)
    pixels = np.where(inside[..., None] > 0, light[..., None] * color, 255)
    return np.asarray(np.clip(np.rint(pixels), 0, 255), np.uint8)


def _features(canvas: U8, at: F64) -> None:
    """Draw brows, eyes and lips of landmarks (478, 3) in place."""
    for brow in (RIGHT_BROW, LEFT_BROW):
        _polygon(canvas, at[list(brow)], BROW)
    for ring, iris in ((RIGHT_EYE, RIGHT_IRIS), (LEFT_EYE, LEFT_IRIS)):
        _eye(canvas, at[list(ring)], at[list(iris)])
    lips, opening = at[list(LIPS_OUTER)], at[list(LIPS_INNER)]
    skin = canvas.copy()
    _polygon(skin, lips, LIP)
    cv2.addWeighted(skin, 0.55, canvas, 0.45, 0, dst=canvas)
    _polygon(canvas, opening, MOUTH_DARK)
    for ring_ in (lips, opening):
        _outline(canvas, ring_)


def _eye(canvas: U8, rim: F64, iris: F64) -> None:
    """Draw an eye: rim (n, 3), iris (5, 3)."""
    open_eye = np.zeros(canvas.shape[:2], np.uint8)
    cv2.fillPoly(open_eye, [_fixed(rim)], (255.0,), cv2.LINE_AA, 4)
    drawn = np.full_like(canvas, EYE_WHITE)
    radius = float(np.linalg.norm(iris[1:, :2] - iris[0, :2], axis=1).mean())
    for share, color in ((1.0, IRIS), (0.45, PUPIL)):
        x, y = _fixed(iris[:1])[0].tolist()
        cv2.circle(drawn, (x, y), round(16 * share * radius), color, -1, cv2.LINE_AA, 4)
    weight = open_eye[..., None].astype(np.float32) / np.float32(255)
    canvas[...] = np.rint(canvas + weight * (drawn.astype(np.float32) - canvas)).astype(np.uint8)
    _outline(canvas, rim)


def _fixed(points: F64) -> NDArray[np.int32]:
    """Return x, y of points (n, 3) in sixteenths of a pixel, as OpenCV draws them."""
    return np.asarray(np.rint(points[:, :2] * 16), np.int32)


def _polygon(canvas: U8, points: F64, color: Color) -> None:
    cv2.fillPoly(canvas, [_fixed(points)], color, cv2.LINE_AA, 4)


def _outline(canvas: U8, points: F64) -> None:
    cv2.polylines(canvas, [_fixed(points)], True, LINE, FINER, cv2.LINE_AA, 4)


# --- The sweep -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """A source's expression on a target.

    Attributes:
        label: Lines at the left.
        source: Name of the portrait that shows the expression.
        target: Name of the portrait that is changed.
        processors: What is done.
    """

    label: tuple[str, ...]
    source: str
    target: str
    processors: tuple[str, ...]


def rows() -> list[Row]:
    out = []
    for processor, what in (
        ("expression_restorer", ("the person stays,", "the expression", "is the source's")),
        ("face_swapper", ("person and", "expression are", "the source's")),
    ):
        for source, target in (("astronaut", "hopper"), ("hopper", "astronaut")):
            out.append(Row((processor, *what), source, target, (processor,)))
    return out


async def sweep() -> Image.Image:
    """Return sources, targets and results of all factors, a row each."""
    inference, compute = LocalInference(PROJECT_ROOT / "model_repository"), Compute()
    fuser = Toolkit.of(ModelSelector(inference, compute)).image_fuser()
    drawn = []
    try:
        for row in rows():
            source, target = portrait(row.source), portrait(row.target)
            pictures = [cropped(source, row.source), cropped(target, row.target)]
            for factor in FACTORS:
                options = {"expression": "source", "expression_factor": factor}
                result = await fuser.swap(
                    [source],
                    target,
                    parse_options(options | {"processors": row.processors}),
                    deadline=Deadline.after(60),
                    timings=Timings(),
                )
                pictures.append(cropped(result.image, row.target))
            drawn.append(pictures)
    finally:
        await inference.close()
        compute.close()
    return _sheet(drawn)


def cropped(image: U8, name: str) -> Image.Image:
    """Return the face of a portrait (H, W, 3) and what is around it, as large as a tile."""
    (x, y), face = FACES[name]
    width = CROP_WIDTHS * face
    height = width * TILE_WH[1] / TILE_WH[0]
    top = y - CROP_UP * face - height / 2
    box = (x - width / 2, top, x + width / 2, top + height)
    whole = Image.fromarray(image)
    return whole.resize(TILE_WH, Image.Resampling.BICUBIC, box=box)


def _sheet(drawn: Sequence[Sequence[Image.Image]]) -> Image.Image:
    columns = len(drawn[0])
    across, down = TILE_WH[0] + GAP_PX, TILE_WH[1] + GAP_PX
    size = ROW_LABEL_PX + columns * across, HEAD_PX + len(drawn) * down
    sheet = Image.new("RGB", size, WHITE)
    pen = ImageDraw.Draw(sheet)
    heads = ["source", "target", *(f"factor {factor:g}, synthetic" for factor in FACTORS)]
    for n, head in enumerate(heads):
        written(pen, (ROW_LABEL_PX + n * across + TILE_WH[0] / 2, HEAD_PX / 2), head, 17)
    for n, (row, pictures) in enumerate(zip(rows(), drawn, strict=True)):
        top = HEAD_PX + n * down
        lines = [row.label[0], "", *row.label[1:], "", NAMES[row.source], "to " + NAMES[row.target]]
        for k, line in enumerate(lines):
            size_px, color = (15, INK) if k == 0 else (14, GREY)
            height = top + TILE_WH[1] / 2 + 20 * (k - (len(lines) - 1) / 2)
            written(pen, (ROW_LABEL_PX / 2, height), line, size_px, color)
        for k, picture in enumerate(pictures):
            sheet.paste(picture, (ROW_LABEL_PX + k * across, top))
    return sheet


if __name__ == "__main__":
    main(Path(sys.argv[1]))
