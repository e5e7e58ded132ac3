"""Reads public-domain portraits to learn from, as `index.csv` beside their archives lists them."""

from __future__ import annotations

import asyncio
import csv
import zipfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from gateway.arrays import F32, U8, Mask
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.errors import SemblantError
from gateway.faces.analyser import FaceAnalyser
from gateway.faces.atlas import atlas
from gateway.faces.detect import DetectOptions
from gateway.faces.face import Face
from gateway.faces.occlusion import OcclusionFinder
from gateway.imaging.geometry.warp import enlarge
from gateway.inference.local import LocalInference
from gateway.media.image import decode_image
from gateway.paths import PROJECT_ROOT

HELD_OUT = "7"
"""Last digit of the numbers of people that nothing learns from."""
LEAST_PX = 300
"""Shorter side below which a picture is doubled: detectors want larger faces."""


@dataclass(frozen=True)
class LearnedPortrait:
    """A portrait with what is known of it.

    Attributes:
        person: Their number.
        image: uint8 (H, W, 3) RGB.
        face: The face.
        hidden: float32 (HEIGHT, WIDTH) of the atlas, where the network that there is sees
            something before it, 0–1.
    """

    person: str
    image: U8
    face: Face
    hidden: F32


def portraits(folder: Path) -> Iterator[LearnedPortrait]:
    """Yield the portraits of a folder whose faces are found, without the people held out."""
    with (folder / "index.csv").open() as index:
        rows = [row for row in csv.DictReader(index) if not _held_out(row["file"])]
    # Large ones first: who wants fewer gets the best.
    rows.sort(key=lambda row: row["archive"])
    parts = [(folder, rows[n : n + 100]) for n in range(0, len(rows), 100)]
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        for found in pool.map(_read, parts):
            yield from found


def _held_out(file: str) -> bool:
    return PurePosixPath(file).stem.endswith(HELD_OUT)


def _read(part: tuple[Path, list[dict[str, str]]]) -> list[LearnedPortrait]:
    return asyncio.run(_analysed(*part))


async def _analysed(folder: Path, rows: list[dict[str, str]]) -> list[LearnedPortrait]:
    cv2.setNumThreads(1)
    inference, compute = LocalInference(PROJECT_ROOT / "model_repository"), Compute()
    analyser, finder = FaceAnalyser(inference, compute), OcclusionFinder(inference, compute)
    out = []
    for row in rows:
        with zipfile.ZipFile(folder / f"{row['archive']}.zip") as archive:
            name = next(n for n in archive.namelist() if PurePosixPath(n).name == row["file"])
            image = decode_image(archive.read(name), max_pixels=10**8).rgb
        if min(image.shape[:2]) < LEAST_PX:
            image, _ = enlarge(image, 2)
        soon = Deadline.after(60)
        try:
            faces = await analyser.analyse(
                image, deadline=soon, options=DetectOptions(precise=True)
            )
        except SemblantError:
            continue
        if not faces:
            continue
        face = max(faces, key=lambda each: float(np.ptp(each.landmarks[:, 1])))
        (seen,) = await finder.find(image, [face], deadline=soon)
        person = PurePosixPath(row["file"]).stem
        out.append(LearnedPortrait(person, image, face, 1 - seen.visible))
    await inference.close()
    compute.close()
    return out


HALF = 0.33
EYES_Y = -0.5
"""Of the mean face: the height of the eyes' middles."""
CROSSED, RUNS, MOSTLY = 0.8, 0.5, 0.6
"""Of the bridge's columns, and of those below an eye, how many a frame takes; and how much of the
whole is hidden at most: more is no frame but a hand."""


def wears_glasses(hidden: F32) -> bool:
    """Return whether a face wears glasses, of which (h, w) of the atlas are hidden.

    A frame crosses the nose's bridge from side to side, and runs below an eye.
    """
    hidden = np.where(atlas().face, hidden, 0)
    columns, arcs = _bridge()
    crossed = np.where(columns, hidden, 0).max(0)[columns.any(0)] > HALF
    # A fringe down to the eyes is above them only.
    lower = [arc & (atlas().mean[..., 1] > EYES_Y) for arc in arcs]
    below = [(np.where(arc, hidden, 0).max(0)[arc.any(0)] > HALF).mean() for arc in lower]
    mostly = (
        np.where(columns | arcs[0] | arcs[1], hidden, 0).sum() / (columns | arcs[0] | arcs[1]).sum()
    )
    return bool(crossed.mean() >= CROSSED and max(below) >= RUNS and mostly < MOSTLY)


@cache
def _bridge() -> tuple[Mask, tuple[Mask, Mask]]:
    """Return where a frame crosses the nose, and where it runs around the subject's eyes."""
    x, y = atlas().mean[..., 0], atlas().mean[..., 1]
    bridge = atlas().face & (np.abs(x) < 0.16) & (y > -0.75) & (y < -0.2)
    around = atlas().face & ~atlas().eyes & (y > -0.9) & (y < 0.1)
    right, left = (around & (s * x > 0.25) & (s * x < 0.7) for s in (-1, 1))
    return np.asarray(bridge), (np.asarray(right), np.asarray(left))
