"""What happens to pictures on their way: every change a mark is to outlast."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from gateway.arrays import U8

Change = Callable[[U8], U8]


def _encoded(rgb: U8, kind: str, flag: int, quality: int) -> U8:
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    data = cv2.imencode(kind, bgr, [flag, quality])[1]
    read = np.asarray(cv2.imdecode(data, 1), np.uint8)
    return np.asarray(cv2.cvtColor(read, cv2.COLOR_BGR2RGB), np.uint8)


def jpeg(quality: int) -> Change:
    return lambda rgb: _encoded(rgb, ".jpg", cv2.IMWRITE_JPEG_QUALITY, quality)


def webp(quality: int) -> Change:
    return lambda rgb: _encoded(rgb, ".webp", cv2.IMWRITE_WEBP_QUALITY, quality)


def scaled(factor: float) -> Change:
    def change(rgb: U8) -> U8:
        small = cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.uint8)

    return change


def cropped(share: float) -> Change:
    """Cut a share of the picture off each of its sides."""

    def change(rgb: U8) -> U8:
        height, width = rgb.shape[:2]
        down, across = round(share * height), round(share * width)
        return np.ascontiguousarray(rgb[down : height - down, across : width - across])

    return change


def turned(degrees: float) -> Change:
    def change(rgb: U8) -> U8:
        height, width = rgb.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
        return np.asarray(cv2.warpAffine(rgb, matrix, (width, height)), np.uint8)

    return change


def leveled(gain: float, middle: float = 0.0, gamma: float = 1.0) -> Change:
    levels = 255 * (np.arange(256) / 255) ** gamma
    table = np.clip((levels - middle) * gain + middle, 0, 255).round().astype(np.uint8)
    return lambda rgb: np.asarray(cv2.LUT(rgb, table), np.uint8)


def blurred(rgb: U8) -> U8:
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), 1), np.uint8)


def noisy(rgb: U8) -> U8:
    noise = np.random.default_rng(0).normal(0, 4, rgb.shape)
    return np.asarray(np.clip(rgb + noise, 0, 255).round(), np.uint8)


def screenshot(rgb: U8) -> U8:
    """Resample as a screen does, with another gamma, and save as JPEG 85."""
    small = cv2.resize(rgb, None, fx=0.83, fy=0.83, interpolation=cv2.INTER_LINEAR)
    return jpeg(85)(leveled(1.0, gamma=0.87)(np.asarray(small, np.uint8)))


CHANGES: dict[str, Change] = {
    "jpeg90": jpeg(90),
    "jpeg75": jpeg(75),
    "jpeg50": jpeg(50),
    "jpeg30": jpeg(30),
    "webp50": webp(50),
    "half": scaled(0.5),
    "third": scaled(0.33),
    "brighter": leveled(1.2),
    "darker": leveled(0.8),
    "more_contrast": leveled(1.2, 128),
    "less_contrast": leveled(0.8, 128),
    "blur": blurred,
    "noise": noisy,
    "screenshot": screenshot,
    "crop25": cropped(0.25),
    "crop10": cropped(0.1),
    "turn2": turned(2),
}
SURE = ("jpeg90", "jpeg75", "jpeg50", "jpeg30", "webp50")
"""After which 99 of 100 marks are to be read; after the others 95."""
