"""Animations, made where they are needed."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

TIMES_MS = (100, 50, 200, 70, 300)


def pictures(count: int = 5, alpha: bool = False) -> list[Image.Image]:
    """Return pictures (48, 64) that differ everywhere; where transparent they have a hole."""
    out = []
    for n in range(count):
        y, x = np.mgrid[:48, :64]
        planes = [30 + 40 * n + 0 * x, 2 * x, 3 * y]
        if alpha:
            planes.append(np.where((x - 10) ** 2 + (y - 10) ** 2 < 64, 0, 255))
        out.append(Image.fromarray(np.stack(planes, -1).astype(np.uint8)))
    return out


def animation(
    format: str,
    frames: Sequence[Image.Image] | None = None,
    times_ms: Sequence[int] = TIMES_MS,
    **options,
) -> bytes:
    frames = pictures() if frames is None else list(frames)
    out = io.BytesIO()
    times = list(times_ms)[: len(frames)]
    options = {"lossless": True} | options if format == "WEBP" else options
    frames[0].save(out, format, save_all=True, append_images=frames[1:], duration=times, **options)
    return out.getvalue()
