"""Faces as they are seldom sent: painted, covered, cut off, behind something; made of portraits."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from gateway.arrays import U8
from tests.integration.portraits import FACES, portrait

RNG = np.random.default_rng(3)


def _face(name: str) -> tuple[float, float, float]:
    (x, y), width = FACES[name]
    return x, y, width


def statue(name: str) -> U8:
    grey = cv2.cvtColor(cv2.bilateralFilter(portrait(name), 9, 40, 9), cv2.COLOR_RGB2GRAY)
    stone = 60 + 0.7 * grey.astype(float) + RNG.normal(0, 3, grey.shape)
    return np.clip(stone[..., None] * [1.0, 0.98, 0.92], 0, 255).astype(np.uint8)


def drawing(name: str) -> U8:
    flat = cv2.bilateralFilter(portrait(name), 11, 60, 11) // 48 * 48 + 24
    grey = cv2.cvtColor(portrait(name), cv2.COLOR_RGB2GRAY)
    lines = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 9, 6)
    return np.minimum(flat, lines[..., None]).astype(np.uint8)


def masked(name: str) -> U8:
    x, y, width = _face(name)
    out = portrait(name).copy()
    corners = [(-0.5, 0.08), (0.5, 0.08), (0.42, 0.5), (0, 0.72), (-0.42, 0.5)]
    points = np.rint([(x + a * width, y + b * width) for a, b in corners]).astype(np.int32)
    return np.asarray(cv2.fillPoly(out, [points], (170, 200, 215), cv2.LINE_AA))


def half_a_face(name: str) -> U8:
    return np.ascontiguousarray(portrait(name)[:, round(_face(name)[0]) :])


def behind_bars(name: str) -> U8:
    x, _, width = _face(name)
    out = portrait(name).copy()
    for n in range(-3, 4):
        at = round(x + n * 0.33 * width)
        out[:, max(at, 0) : max(at, 0) + max(2, round(0.07 * width))] = (40, 42, 45)
    return out


def behind_glass(name: str) -> U8:
    image = portrait(name).astype(float)
    height, width = image.shape[:2]
    across = np.linspace(0, 9, width)[None] + np.linspace(0, 5, height)[:, None]
    shine = 90.0 * (np.sin(across) > 0.55)
    return np.clip(0.8 * image + cv2.GaussianBlur(shine, (0, 0), 3)[..., None], 0, 255).astype(
        np.uint8
    )


def clown(name: str) -> U8:
    x, y, width = _face(name)
    out = portrait(name).astype(float)
    oval = np.zeros(out.shape[:2])
    cv2.ellipse(oval, ((x, y), (0.9 * width, 1.25 * width), 0), 1.0, -1)
    out += 0.6 * cv2.GaussianBlur(oval, (0, 0), 3)[..., None] * (np.array([240, 238, 235]) - out)
    for dx, dy, r, color in ((-0.2, -0.13, 0.13, (30, 60, 160)), (0.2, -0.13, 0.13, (30, 60, 160)),
                             (0, 0.33, 0.2, (190, 20, 30))):  # fmt: skip
        spot = np.zeros(oval.shape)
        cv2.circle(spot, (round(x + dx * width), round(y + dy * width)), round(r * width), 1.0, -1)
        out += 0.6 * cv2.GaussianBlur(spot, (0, 0), 2)[..., None] * (np.array(color) - out)
    return np.clip(out, 0, 255).astype(np.uint8)


def tattooed(name: str) -> U8:
    x, y, width = _face(name)
    lines = np.zeros(portrait(name).shape[:2], np.uint8)
    for n in range(14):
        at = x + (n % 7 - 3) * 0.13 * width, y + (0.25 if n < 7 else -0.35) * width
        size = 0.07 * width, 0.1 * width
        cv2.ellipse(lines, (at, size, 30.0 * n), 255.0, max(1, round(0.015 * width)))
    ink = cv2.GaussianBlur(lines, (0, 0), 0.8)[..., None] / 255
    return (portrait(name) * (1 - 0.75 * ink)).astype(np.uint8)


def with_an_eye_patch(name: str) -> U8:
    x, y, width = _face(name)
    out = portrait(name).copy()
    at = round(x - 0.2 * width), round(y - 0.12 * width)
    cv2.line(out, (round(x - 0.7 * width), round(y - 0.3 * width)),
             (round(x + 0.7 * width), round(y - 0.45 * width)), (15, 15, 18),
             max(2, round(0.03 * width)))  # fmt: skip
    cv2.ellipse(out, at, (round(0.17 * width), round(0.15 * width)), 0, 0, 360, (15, 15, 18), -1)
    return out


ODD: dict[str, Callable[[str], U8]] = {
    "statue": statue,
    "drawing": drawing,
    "mask": masked,
    "half a face": half_a_face,
    "bars": behind_bars,
    "glass": behind_glass,
    "make-up": clown,
    "tattoo": tattooed,
    "eye patch": with_an_eye_patch,
}
