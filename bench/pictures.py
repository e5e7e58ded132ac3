"""The pictures that are measured on: the sample portraits, as large as a measurement asks."""

from __future__ import annotations

import cv2
import numpy as np

from gateway.arrays import U8
from gateway.media.image import Picture, decode_image, encode_image
from gateway.models.samples import fetch_samples
from gateway.paths import PROJECT_ROOT

FACES = {"astronaut": ((225, 122), 92.0), "hopper": ((262, 232), 183.0)}
"""Centre (x, y) and width of the face in each portrait, in pixels."""


def portrait(name: str) -> U8:
    """Return a sample portrait (H, W, 3)."""
    cache = PROJECT_ROOT / ".cache"
    paths = fetch_samples(PROJECT_ROOT / "model_repository", cache, cache / "samples")
    return decode_image(paths[name].read_bytes(), max_pixels=10**7).rgb


def scene(name: str, size_wh: tuple[int, int], face_px: float) -> U8:
    """Return a picture of a given size with the portrait's face in its middle, `face_px` wide.

    The portrait's border is continued to the edges; a little noise stands for the camera's.
    """
    (x, y), width = FACES[name]
    scale = face_px / width
    matrix = np.array(
        [[scale, 0, size_wh[0] / 2 - scale * x], [0, scale, size_wh[1] / 2 - scale * y]]
    )
    image = cv2.warpAffine(
        portrait(name), matrix, size_wh, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    noise = np.random.default_rng(0).normal(0, 2, image.shape)
    return np.asarray(np.clip(np.rint(image + noise), 0, 255), np.uint8)


def jpeg(image: U8) -> bytes:
    """Return a picture as JPEG of quality 92."""
    return encode_image(Picture(image), "jpeg", quality=92)
