"""Data that is measured on and not part of the project: landmarks of many people, a talking head.

`SEMBLANT_BENCH_DATA` names the folder; without it, `shared` beside the project. What is not there
is not measured.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F64, U8
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
