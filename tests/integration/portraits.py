"""The sample portraits, and pictures made of them."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np

from gateway.media.image import decode_image
from gateway.models.samples import fetch_samples
from gateway.paths import PROJECT_ROOT

FACES = {"astronaut": ((225, 122), 92.0), "hopper": ((262, 232), 183.0)}
"""Centre (x, y) and width of the face in each portrait, in pixels."""


@cache
def paths() -> dict[str, Path]:
    cache_dir = PROJECT_ROOT / ".cache"
    return fetch_samples(PROJECT_ROOT / "model_repository", cache_dir, cache_dir / "samples")


@cache
def portrait(name: str) -> np.ndarray:
    image = decode_image(paths()[name].read_bytes(), max_pixels=10**7).rgb
    image.setflags(write=False)
    return image


def backdrop(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Smooth blobs of colour: nothing to see, but not nothing."""
    blobs = np.random.default_rng(seed).integers(0, 255, (9, 16, 3), dtype=np.uint8)
    return cv2.resize(blobs, (width, height), interpolation=cv2.INTER_CUBIC)


def placed(canvas: np.ndarray, name: str, width_px: float, centre_xy) -> np.ndarray:
    """Return the canvas with a portrait on it, its face as wide and where it is asked to be."""
    (x, y), width = FACES[name]
    scale = width_px / width
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(portrait(name), None, fx=scale, fy=scale, interpolation=interpolation)
    left, top = round(centre_xy[0] - x * scale), round(centre_xy[1] - y * scale)
    out = canvas.copy()
    height, width = out.shape[:2]
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + scaled.shape[1], width), min(top + scaled.shape[0], height)
    out[y0:y1, x0:x1] = scaled[y0 - top : y1 - top, x0 - left : x1 - left]
    return out


def turned(name: str, degrees: float) -> np.ndarray:
    """Return a portrait turned clockwise about its middle."""
    image = portrait(name)
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1)
    return cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
