"""Data that is measured on and not part of the project: landmarks of many people, a talking head.

`SEMBLANT_BENCH_DATA` names the folder; without it, `shared` beside the project. What is not there
is not measured.
"""

from __future__ import annotations

import csv
import os
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F64, U8
from gateway.media.image import decode_image
from gateway.media.rgb_video import RgbVideo
from gateway.paths import PROJECT_ROOT

FOLDER = Path(os.environ.get("SEMBLANT_BENCH_DATA", PROJECT_ROOT.parent / "shared"))
MESHES = FOLDER / "face-meshes.npz"
TALKING_HEAD = FOLDER / "media" / "obama_speaking.mp4"


def meshes() -> tuple[F64, F64, NDArray[np.int64], NDArray[np.int64]] | None:
    """Return landmarks (N, 478, 3), sizes (N, 2), person (N,) and clip (N,); None if missing."""
    if not MESHES.is_file():
        return None
    data = np.load(MESHES)
    return (
        data["landmarks_16"].astype(np.float64) / 16,
        data["size"].astype(np.float64),
        data["identity"].astype(np.int64),
        data["clip"].astype(np.int64),
    )


def talking_head(every: int) -> list[U8]:
    """Return every n-th frame (H, W, 3) of a person speaking; none if the video is missing."""
    if not TALKING_HEAD.is_file():
        return []
    with RgbVideo(TALKING_HEAD, max_pixels=10**7, max_frames=10**4) as video:
        return [frame.rgb for frame in video.frames(every=every)]


PORTRAITS = FOLDER / "portraits" / "official_large.zip"
LOOK = FOLDER / "media" / "look"
STILLS = (
    *("d30", "d38", "d8", "d9", "p000002", "p000018", "p000023", "p000031", "p000038", "p000051"),
    *("p000052", "s12", "s2", "s42"),
)
"""The people among the stills of `LOOK`; the others are paintings."""
HELD_OUT = "7"
"""Last digit of the numbers of people that nothing has learned from."""


def held_out_portraits(n: int) -> dict[str, U8]:
    """Return portraits in colour, (H, W, 3) each, of people that nothing has learned from."""
    if not PORTRAITS.is_file():
        return {}
    with (PORTRAITS.parent / "index.csv").open() as index:
        in_color = {row["file"] for row in csv.DictReader(index) if row["colour"] == "1"}
    out: dict[str, U8] = {}
    with zipfile.ZipFile(PORTRAITS) as archive:
        for name in sorted(archive.namelist()):
            path = PurePosixPath(name)
            if path.stem.endswith(HELD_OUT) and path.name in in_color and len(out) < n:
                out[path.stem] = decode_image(archive.read(name), max_pixels=10**7).rgb
    return out


def stills(n: int) -> dict[str, U8]:
    """Return hard pictures of people, (H, W, 3) each."""
    paths = [path for name in STILLS[:n] if (path := LOOK / f"{name}.jpg").is_file()]
    return {path.stem: decode_image(path.read_bytes(), max_pixels=10**7).rgb for path in paths}


def clips(n: int, frames: int) -> dict[str, list[U8]]:
    """Return frames, (H, W, 3) each, from all over videos of one person each."""
    return {path.stem: _spread(path, frames) for path in sorted(LOOK.glob("*.mp4"))[:n]}


def _spread(path: Path, count: int) -> list[U8]:
    with RgbVideo(path, max_pixels=10**7, max_frames=10**4) as video:
        every = [frame.rgb for frame in video.frames(every=1)]
    return [every[n] for n in np.linspace(0, len(every) - 1, count).astype(int)]
