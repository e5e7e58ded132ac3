"""Contact sheets: source, target and result side by side, to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from bench.fidelity.people import Pair
from bench.fidelity.swaps import Made
from gateway.arrays import U8
from gateway.faces.face import Face
from gateway.media.image import Picture, encode_image

TILE, COLUMNS, ROWS = 260, 4, 4
PAIRS_SHOWN, PAIRS_ON_A_SHEET = 120, 12
AROUND = 0.85  # of the face's height, on every side of its middle


def write_sheets(made: Sequence[Made], folder: Path) -> list[Path]:
    """Write PNG sheets of targets beside results; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    per_sheet = COLUMNS * ROWS // 2
    for n in range(0, len(made), per_sheet):
        tiles = [tile for one in made[n : n + per_sheet] for tile in pair(one)]
        tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % COLUMNS)
        rows = [np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
        path = folder / f"sheet-{n // per_sheet:02d}.png"
        path.write_bytes(encode_image(Picture(np.vstack(rows)), "png", quality=90))
        paths.append(path)
    return paths


def write_pairs(made: Sequence[Pair], folder: Path) -> list[Path]:
    """Write sheets of sources, targets and results, the patchiest first; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    ordered = sorted(made, key=lambda one: -one.figures.get("patchiness", 0.0))
    for n in range(0, min(len(ordered), PAIRS_SHOWN), PAIRS_ON_A_SHEET):
        rows = [np.hstack(trio(one)) for one in ordered[n : n + PAIRS_ON_A_SHEET]]
        rows += [np.zeros_like(rows[0])] * (-len(rows) % 2)
        sheet = np.vstack([np.hstack(rows[i : i + 2]) for i in range(0, len(rows), 2)])
        path = folder / f"people-{n // PAIRS_ON_A_SHEET:02d}.png"
        path.write_bytes(encode_image(Picture(sheet), "png", quality=90))
        paths.append(path)
    return paths


def trio(one: Pair) -> tuple[U8, U8, U8]:
    """Return the faces of source, target and result, with names and figures."""
    figures = one.figures
    told = f"{figures['identity_source_cos']:.2f}/{figures['identity_target_cos']:.2f}"
    told += f"  patchy {figures.get('patchiness', 0.0):.2f}"
    return (
        captioned(cut(one.source.image, one.source.face), one.source.name),
        captioned(cut(one.target.image, one.target.face), one.target.name),
        captioned(cut(one.image, one.target.face), told),
    )


def pair(made: Made) -> tuple[U8, U8]:
    """Return the target's and the result's face, the case's name below."""
    figures = made.figures
    told = f"seam {figures.seam_ratio:.2f}  ring {figures.ring_delta_e or 0:.1f}"
    told += f"  sharp {figures.sharpness_ratio:.2f}"
    return (
        captioned(cut(made.case.target, made.face), made.case.name.partition(", ")[2]),
        captioned(cut(made.image, made.face), told),
    )


def cut(image: U8, face: Face) -> U8:
    """Return a square around a face, of one size whatever the picture's."""
    x, y = face.centre_xy
    half = AROUND * float(face.box_xyxy[3] - face.box_xyxy[1])
    scale = TILE / (2 * half)
    matrix = np.array([[scale, 0, TILE / 2 - scale * x], [0, scale, TILE / 2 - scale * y]])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(
        cv2.warpAffine(image, matrix, (TILE, TILE), flags=how, borderMode=cv2.BORDER_REPLICATE)
    )


def captioned(tile: U8, text: str) -> U8:
    out = tile.copy()
    out[-18:] //= 3
    cv2.putText(out, text, (4, TILE - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255), 1)
    return out
