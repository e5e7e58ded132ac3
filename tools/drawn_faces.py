"""Faces unrolled, to draw scenes with: portraits, mixtures of them, or painted from nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from gateway.faces.atlas import HEIGHT, WIDTH, atlas
from gateway.faces.topology import LEFT_EYE, RIGHT_EYE, topology
from gateway.imaging.geometry.raster import vertex_normals

SHAPE = (HEIGHT, WIDTH)
Plane = NDArray[Any]


@dataclass(frozen=True)
class Base:
    """A face unrolled.

    Attributes:
        rgb: uint8 (h, w, 3).
        hidden: (h, w) 0–1, what covers it.
        known: (h, w) 0–1, where that is known.
        normals: (h, w, 3), of its surface.
        landmarks: (468, 3), of the picture it is from.
        glasses: Whether a part of what covers it is a pair of glasses.
        lent: (h, w) 0–1, what of it may cover other faces; None for all that covers it.
    """

    rgb: np.ndarray
    hidden: np.ndarray
    known: np.ndarray
    normals: np.ndarray
    landmarks: np.ndarray
    glasses: bool = False
    lent: np.ndarray | None = None

    def mirrored(self) -> Base:
        """Return the face seen in a mirror."""
        landmarks = self.landmarks[topology().mirror[: len(self.landmarks)]] * [-1, 1, 1]
        return replace(
            self,
            rgb=self.rgb[:, ::-1],
            hidden=self.hidden[:, ::-1],
            known=self.known[:, ::-1],
            normals=self.normals[:, ::-1] * [-1, 1, 1],
            landmarks=landmarks.astype(np.float32),
            lent=None if self.lent is None else self.lent[:, ::-1],
        )

    @property
    def lendable(self) -> tuple[Plane, Plane]:
        """Hair and glasses, (h, w) 0–1 each, that may be put before other faces."""
        lent = self.hidden if self.lent is None else self.lent
        frames = lent * _eye_zone() if self.glasses else np.zeros(SHAPE, np.float32)
        return lent * ~_eye_zone(), frames


@cache
def _eye_zone() -> np.ndarray:
    height = atlas().mean[..., 1]
    return np.asarray((height > -0.9) & (height < 0.1) & (atlas().outline > 0.2))


def blobs(rng: np.random.Generator, size_px: float) -> Plane:
    """Return smooth noise (h, w) of mean 0 and deviation 1."""
    small = max(2, int(WIDTH / size_px) + 2)
    noise = rng.normal(size=(small, small)).astype(np.float32)
    large = cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.asarray((large - large.mean()) / (large.std() + 1e-6))


def streaks(rng: np.random.Generator, angle: float) -> Plane:
    """Return strands (h, w) along an angle, of mean 0 and deviation 1."""
    noise: Plane = rng.normal(size=(256, 256)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), sigmaX=rng.uniform(0.5, 1.2), sigmaY=rng.uniform(8, 20))
    turn = cv2.getRotationMatrix2D((128, 128), np.degrees(angle), 1)
    turned = cv2.warpAffine(noise, turn, (256, 256), borderMode=cv2.BORDER_REFLECT)
    part = turned[56 : 56 + HEIGHT, 64 : 64 + WIDTH]
    return np.asarray((part - part.mean()) / (part.std() + 1e-6))


def soft(mask: Plane, sigma: float) -> Plane:
    return cv2.GaussianBlur(mask.astype(np.float32), (0, 0), max(sigma, 0.1))


def painted_face(rng: np.random.Generator) -> Base:
    """Return a face made up: skin under a light, brows, eyes, lips, nostrils, wrinkles, a beard."""
    sheet = atlas()
    vertices = topology().mean[:468].astype(np.float32)
    yaw, pitch = rng.normal(0, 0.35), rng.normal(0, 0.15)
    turn = (
        cv2.Rodrigues(np.array([pitch, 0.0, 0.0]))[0] @ cv2.Rodrigues(np.array([0.0, yaw, 0.0]))[0]
    )
    vertices = (vertices @ turn.T).astype(np.float32)
    normals = sheet.spread(vertex_normals(vertices, topology().triangles))
    normals = normals / np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-6)
    tone = np.array([1.0, rng.uniform(0.55, 0.85), 0.0])
    tone[2] = tone[1] * rng.uniform(0.6, 0.95)
    albedo = tone * rng.uniform(0.25, 1.0)
    albedo = albedo * np.exp(0.05 * blobs(rng, 30)[..., None] + 0.03 * blobs(rng, 4)[..., None])
    albedo = albedo * np.exp(0.05 * blobs(rng, 25)[..., None] * [0.3, -1, -0.6])
    wrinkle(rng, albedo)
    _features(rng, albedo)
    if rng.random() < 0.3:
        beard(rng, albedo)
    light = rng.normal(size=3) * [0.5, 0.4, 0.2]
    shading = np.clip(0.75 - normals @ (light + [0, 0, 0.35]) + 0.25 * blobs(rng, 60), 0.08, 3)
    shine = np.maximum(-normals[..., 2], 0) ** 20 * rng.uniform(0, 0.25) * (blobs(rng, 12) > 0.3)
    rgb = albedo * shading[..., None]
    rgb *= rng.uniform(50, 210) / (np.median(rgb[sheet.plain]) + 1e-3)
    rgb += 255 * soft(shine, 1.5)[..., None]
    none = np.zeros(SHAPE, np.float32)
    known = sheet.face.astype(np.float32)
    return Base(np.clip(rgb, 0, 255).astype(np.uint8), none, known, normals, vertices)


def _features(rng: np.random.Generator, albedo: np.ndarray) -> None:
    sheet = atlas()
    brows = soft(cv2.erode(sheet.brows.astype(np.uint8), np.ones((5, 5))), rng.uniform(0.6, 1.6))
    albedo *= (
        1
        - (brows * rng.uniform(0.1, 0.9) * np.clip(0.8 + 0.3 * streaks(rng, 1.2), 0, 1))[..., None]
    )
    inner = cv2.erode(sheet.eyes.astype(np.uint8), np.ones((5, 5))).astype(np.float32)
    lids = soft(sheet.eyes.astype(np.float32), 1) * rng.uniform(0, 0.5)
    albedo *= 1 - lids[..., None]
    white = soft(inner, 0.7)[..., None]
    albedo += white * (rng.uniform(0.4, 1.0) - albedo)
    iris = np.zeros(SHAPE, np.float32)
    for eye in (RIGHT_EYE, LEFT_EYE):
        centre = sheet.place[list(eye)].mean(0) + rng.normal(0, 1.2, 2)
        cv2.circle(iris, np.rint(centre).astype(int).tolist(), 4, 1.0, -1)
    albedo += (soft(iris, 0.6) * white[..., 0])[..., None] * (rng.uniform(0.02, 0.35, 3) - albedo)
    lips = soft(sheet.lips.astype(np.float32), rng.uniform(0.6, 1.5))[..., None]
    color = [rng.uniform(0.75, 1.1), rng.uniform(0.45, 0.95), rng.uniform(0.5, 1.0)]
    albedo *= 1 + lips * (np.array(color) - 1)
    mouth = soft(sheet.mouth.astype(np.float32), 0.5)[..., None] * (rng.random() < 0.6)
    inside = np.array([0.2, 0.06, 0.06]) if rng.random() < 0.5 else np.array([0.8, 0.75, 0.65])
    albedo += mouth * (inside - albedo)
    nostrils = soft(cv2.erode(sheet.nostrils.astype(np.uint8), np.ones((5, 5))), 1.0)
    albedo *= 1 - (nostrils * rng.uniform(0.2, 0.85))[..., None] * [0.8, 1, 1]


def wrinkle(rng: np.random.Generator, albedo: np.ndarray) -> None:
    """Draw creases: across the forehead, beside nose and mouth, under the eyes, anywhere."""
    depth = np.zeros(SHAPE, np.float32)
    x0 = WIDTH / 2
    lines: list[tuple[ArrayLike, ArrayLike, float]] = []
    for side in (-1, 1):
        start = [x0 + side * rng.uniform(10, 14), rng.uniform(72, 80)]
        end = [x0 + side * rng.uniform(18, 26), rng.uniform(92, 112)]
        lines.append((start, end, rng.uniform(-3, 3)))
        lines.append(
            ([x0 + side * 8, 56], [x0 + side * rng.uniform(20, 28), rng.uniform(54, 62)], 4)
        )
    for _ in range(rng.integers(0, 5)):
        y = rng.uniform(8, 28)
        lines.append(
            ([x0 - rng.uniform(10, 35), y], [x0 + rng.uniform(10, 35), y + rng.normal(0, 2)], 2)
        )
    for _ in range(rng.integers(0, 12)):
        at = rng.uniform([15, 40], [113, 135])
        lines.append((at, at + rng.normal(0, 8, 2), rng.normal(0, 2)))
    for first, last, bend in lines:
        if rng.random() < 0.6:
            line = np.zeros(SHAPE, np.float32)
            curve(line, first, last, bend, rng.uniform(0.6, 2.2))
            depth += soft(line, rng.uniform(0.5, 1.6)) * rng.uniform(0.1, 0.8)
    albedo *= np.exp(-depth[..., None] * [0.75, 1.0, 1.1])


def curve(plane: Plane, start: ArrayLike, end: ArrayLike, bend: float, width: float) -> None:
    t = np.linspace(0, 1, 20)[:, None]
    a, b = np.asarray(start, float), np.asarray(end, float)
    across = np.array([b[1] - a[1], a[0] - b[0]]) / (np.linalg.norm(b - a) + 1e-6)
    points = a + t * (b - a) + 4 * t * (1 - t) * bend * across
    line(plane, points, width)


def line(plane: Plane, points: np.ndarray, width: float, value: float = 1.0) -> None:
    """Draw a line of any width (h, w), four times finer than pixels."""
    large = np.zeros((HEIGHT * 4, WIDTH * 4), np.uint8)
    fixed = np.rint((points * 4 + 1.5) * 16).astype(np.int32)
    cv2.polylines(large, [fixed], False, 255, max(1, round(width * 4)), cv2.LINE_8, 4)
    np.maximum(
        plane,
        cv2.resize(large, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) / 255 * value,
        out=plane,
    )


def beard(rng: np.random.Generator, albedo: np.ndarray) -> None:
    sheet = atlas()
    y, x = sheet.mean[..., 1], sheet.mean[..., 0]
    area = (y > 0.35 - 0.5 * np.abs(x) * (np.abs(x) > 0.7)) & (np.abs(x) > 0.15 - (y > 0.6))
    if rng.random() < 0.3:
        area = (y > 0.2) & (y < 0.5) & (np.abs(x) < 0.5)
    # Unlike things, beards have no edges.
    area = soft(area.astype(np.float32), rng.uniform(3, 6)) * ~sheet.lips
    hairs = np.clip(0.75 + 0.25 * streaks(rng, rng.uniform(-0.4, 0.4)), 0, 1)
    albedo *= 1 - (area * hairs * rng.uniform(0.15, 0.65))[..., None] * [1, 0.95, 0.9]


def mixed(rng: np.random.Generator, bases: Sequence[Base]) -> Base:
    """Return one of several faces, or two mixed along a smooth border, of any complexion."""
    a = bases[int(rng.integers(len(bases)))]
    if rng.random() < 0.6:
        darker = np.exp(-rng.uniform(0, 1.7) * np.array([0.55, 0.85, 1.0]))
        a = replace(a, rgb=(a.rgb * darker).astype(np.uint8))
    if rng.random() < 0.4:
        return a
    b = bases[int(rng.integers(len(bases)))]
    share = soft((blobs(rng, 40) > 0).astype(np.float32), rng.uniform(6, 12))
    # Where either is covered, the first one stays whole.
    share = (
        share * (1 - soft((np.maximum(a.hidden, b.hidden) > 0.1).astype(np.float32), 4)) * b.known
    )
    tone = (a.rgb[60:100, 40:90].reshape(-1, 3).mean(0) + 1) / (
        b.rgb[60:100, 40:90].reshape(-1, 3).mean(0) + 1
    )
    rgb = a.rgb + share[..., None] * (b.rgb * tone - a.rgb)
    return replace(a, rgb=np.clip(rgb, 0, 255).astype(np.uint8))
