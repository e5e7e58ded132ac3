"""Puts glasses on unrolled faces, so that what is behind them is known.

All sizes are in inter-ocular distances. Frames are drawn, or taken from other portraits; lenses
tint and shine; frames throw shadows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from gateway.faces.glasses import COLUMNS, ROWS, band_places, known_places
from gateway.faces.topology import LEFT_EYE, RIGHT_EYE
from tools.drawn_faces import Plane

SHAPE = (ROWS, COLUMNS)
FINE = 3
"""Pixels of a drawing to one of the band."""


@dataclass(frozen=True)
class Band:
    """The band around the eyes of a portrait.

    Attributes:
        rgb: uint8 (ROWS, COLUMNS, 3).
        known: uint8 (ROWS, COLUMNS), 0–255, where it shows the face itself.
        frame: uint8 (ROWS, COLUMNS), 0–255, where it shows glasses that others may wear; None
            where it shows none.
    """

    rgb: np.ndarray
    known: np.ndarray
    frame: np.ndarray | None = None

    def mirrored(self) -> Band:
        """Return it in a mirror."""
        frame = None if self.frame is None else self.frame[:, ::-1]
        return Band(self.rgb[:, ::-1], self.known[:, ::-1], frame)


def scene(
    rng: np.random.Generator, bare: Sequence[Band], worn: Sequence[Band]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return a band with glasses, and without (h, w, 3); what is hidden, and known (h, w)."""
    base = bare[int(len(bare) * rng.random() ** 1.5)]  # the best come first
    base = base.mirrored() if rng.random() < 0.5 else base
    truth = base.rgb.astype(np.float32) * _light(rng)
    hidden = np.zeros(SHAPE, np.float32)
    seen = truth.copy()
    kind = rng.random()
    if kind < 0.78:
        seen, hidden = _drawn(rng, truth)
    elif kind < 0.88 and worn:
        other = worn[int(rng.integers(len(worn)))]
        other = other.mirrored() if rng.random() < 0.5 else other
        seen, hidden = _lent(rng, truth, other)
    seen, truth = _photographed(rng, seen, truth)
    moved = _displaced(rng, seen, truth, hidden, base.known)
    return moved[0], moved[1], moved[2], moved[3]


def noise(rng: np.random.Generator, size_px: float) -> Plane:
    """Return smooth noise (h, w) of mean 0 and deviation 1."""
    small = [max(2, int(side / size_px) + 2) for side in SHAPE]
    large = cv2.resize(
        rng.normal(size=small).astype(np.float32), (COLUMNS, ROWS), interpolation=cv2.INTER_CUBIC
    )
    return np.asarray((large - large.mean()) / (large.std() + 1e-6))


class _Drawing:
    """A plane (h, w) drawn in inter-ocular distances from between the eyes, x across and y down."""

    def __init__(self) -> None:
        eyes = np.stack([band_places()[list(eye)].mean(0) for eye in (RIGHT_EYE, LEFT_EYE)])
        self.middle = eyes.mean(0)
        self.per_unit = np.array([eyes[1, 0] - eyes[0, 0], 68.0])

    def pixels(self, points: Plane) -> Plane:
        return np.asarray((points * self.per_unit + self.middle + 0.5) * FINE - 0.5)

    def line(self, points: Plane, widths: Plane | float) -> Plane:
        plane = np.zeros((ROWS * FINE, COLUMNS * FINE), np.uint8)
        at = np.rint(self.pixels(points) * 16).astype(np.int32)
        widths = np.broadcast_to(np.asarray(widths, float), (len(points),))
        scale = float(self.per_unit.mean()) * FINE
        for n in range(len(at) - 1):
            width = max(1, round(float(widths[n]) * scale))
            cv2.line(plane, at[n].tolist(), at[n + 1].tolist(), 255, width, cv2.LINE_8, 4)
        return self._shrunk(plane)

    def area(self, points: Plane) -> Plane:
        plane = np.zeros((ROWS * FINE, COLUMNS * FINE), np.uint8)
        cv2.fillPoly(
            plane, [np.rint(self.pixels(points) * 16).astype(np.int32)], 255.0, cv2.LINE_8, 4
        )
        return self._shrunk(plane)

    @staticmethod
    def _shrunk(plane: np.ndarray) -> Plane:
        return cv2.resize(plane, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA) / np.float32(255)


def _drawn(rng: np.random.Generator, truth: Plane) -> tuple[Plane, Plane]:
    """Return a face (h, w, 3) with glasses drawn on, and where it is hidden (h, w)."""
    draw = _Drawing()
    apart = rng.uniform(0.93, 1.2)
    half = np.array([rng.uniform(0.28, apart / 2 - 0.06), rng.uniform(0.19, 0.38)])
    if rng.random() < 0.25:
        half[:] = rng.uniform(0.27, 0.42)
    power, tilt, narrower = rng.uniform(1.9, 5), rng.normal(0.05, 0.08), rng.uniform(-0.05, 0.25)
    turn = np.linspace(0, 2 * np.pi, 81)
    cos, sin = np.cos(turn), np.sin(turn)
    ring = np.column_stack([np.sign(c) * np.abs(c) ** (2 / power) for c in (cos, sin)])
    ring[:, 0] *= 1 - narrower * (ring[:, 1] + 1) / 2
    ring *= half
    roll, drop = rng.normal(0, 0.03), rng.uniform(-0.04, 0.17)
    aside, nearer = rng.normal(0, 0.05), rng.normal(0, 0.06)
    thin = rng.random() < 0.45
    thick = rng.uniform(0.012, 0.035) if thin else rng.uniform(0.035, 0.13)
    lower = thick * rng.uniform(0.4, 1.1) if rng.random() < 0.8 else 0.0
    if rng.random() < 0.06:
        thick, lower = rng.uniform(0.006, 0.012), rng.uniform(0.006, 0.012)
    frame, lenses, shine = (np.zeros(SHAPE, np.float32) for _ in range(3))
    hinges, inner = [], []
    for side in (-1, 1):
        turned = ring * [side, 1]
        c, s = np.cos(side * tilt), np.sin(side * tilt)
        turned = turned @ np.array([[c, s], [-s, c]]).T
        centre = np.array([side * apart / 2, drop])
        points = (turned + centre) * (1 + side * nearer) + [aside, 0]
        widths = np.where(sin < 0.15, thick, lower)
        if lower == 0:
            upper = points[sin < 0.15]
            upper = upper[np.argsort(upper[:, 0])]
            rim = draw.line(_rolled(upper, roll), thick)
        else:
            rim = draw.line(_rolled(points, roll), widths)
        frame = np.maximum(frame, rim)
        lens = draw.area(_rolled(points, roll))
        lenses = np.maximum(lenses, lens)
        outer = points[np.argmax(side * points[:, 0] - 0.6 * points[:, 1])]
        hinges.append((side, outer))
        level = centre[1] - rng.uniform(-0.05, 0.6) * half[1]
        inner.append(np.array([points[:, 0].min() if side > 0 else points[:, 0].max(), level]))
        if rng.random() < 0.55:
            shine = np.maximum(shine, lens * _reflection(rng))
    bridges = 1 + (rng.random() < 0.08)
    for n in range(bridges):
        frame = np.maximum(frame, _bridge(rng, draw, inner, roll, thick, -0.12 * n))
    slope = rng.normal(0, 0.06)
    for side, outer in hinges:
        end = outer + [side * 1.4, slope + rng.normal(0, 0.03)]
        width = rng.uniform(0.02, 0.05) if thin else rng.uniform(0.03, 0.13)
        path = np.linspace(outer, end, 12)
        frame = np.maximum(frame, draw.line(_rolled(path, roll), width))
        if rng.random() < 0.4:
            corner = np.stack([outer - [side * 0.08, 0], outer + [side * 0.1, 0.0]])
            frame = np.maximum(frame, draw.line(_rolled(corner, roll), 1.6 * width))
    return _composed(rng, truth, frame, lenses, shine)


def _rolled(points: Plane, angle: float) -> Plane:
    c, s = np.cos(angle), np.sin(angle)
    return np.asarray(points @ np.array([[c, s], [-s, c]]))


def _bridge(
    rng: np.random.Generator,
    draw: _Drawing,
    inner: Sequence[Plane],
    roll: float,
    thick: float,
    higher: float,
) -> Plane:
    t = np.linspace(0, 1, 16)[:, None]
    arch = rng.uniform(-0.01, 0.09)
    path = inner[0] + t * (inner[1] - inner[0]) - 4 * t * (1 - t) * [0, arch]
    plane = draw.line(_rolled(path + [0, higher], roll), thick * rng.uniform(0.7, 1.5))
    if rng.random() < 0.35:  # pads on the nose
        for side, at in zip((1, -1), inner, strict=True):
            pad = at + [side * 0.02, rng.uniform(0.05, 0.16)]
            blob = np.stack([pad, pad + [side * 0.01, rng.uniform(0.04, 0.1)]])
            line = draw.line(_rolled(blob, roll), rng.uniform(0.02, 0.05))
            plane = np.maximum(plane, line * rng.uniform(0.3, 0.8))
    return plane


def _reflection(rng: np.random.Generator) -> Plane:
    """Return what shines on a lens (h, w), 0–1: a window, a lamp, the sky."""
    kind = rng.random()
    if kind < 0.4:
        shape = (noise(rng, rng.uniform(8, 40)) > rng.uniform(0, 1.2)).astype(np.float32)
        plane = cv2.GaussianBlur(shape, (0, 0), rng.uniform(0.5, 5))
    elif kind < 0.7:
        plane = np.zeros(SHAPE, np.float32)
        at = rng.uniform([10, 20], [182, 76])
        size, angle = (rng.uniform(2, 22), rng.uniform(2, 14)), rng.uniform(0, 180)
        cv2.ellipse(
            plane, ((float(at[0]), float(at[1])), (2 * size[0], 2 * size[1]), angle), 1.0, -1
        )
        plane = cv2.GaussianBlur(plane, (0, 0), rng.uniform(0.5, 3))
    else:
        y, x = np.mgrid[:ROWS, :COLUMNS]
        across = (x * np.cos(a := rng.uniform(0, np.pi)) + y * np.sin(a)) / rng.uniform(10, 40)
        plane = np.clip(np.sin(across + rng.uniform(0, 6)), 0, 1).astype(np.float32)
    return np.asarray(plane, np.float32)


def _surface(rng: np.random.Generator, skin: Plane) -> Plane:
    """Return what a frame looks like (h, w, 3)."""
    kind = rng.random()
    if kind < 0.45:
        color = np.full(3, rng.uniform(4, 70)) * rng.uniform(0.85, 1.15, 3)
    elif kind < 0.6:
        brown = np.array([1, 0.6, 0.35]) * rng.uniform(40, 150)
        spots = (noise(rng, rng.uniform(3, 12)) > 0.2)[..., None]
        return np.asarray(np.where(spots, brown, brown * rng.uniform(0.15, 0.5)))
    elif kind < 0.8:
        metal = rng.uniform(60, 220) * np.array([1, rng.uniform(0.75, 1), rng.uniform(0.5, 1)])
        return np.asarray(metal * np.exp(0.5 * noise(rng, rng.uniform(3, 15)))[..., None])
    elif kind < 0.9:
        color = rng.uniform(10, 240, 3)
    else:
        color = skin * np.exp(rng.normal(0, 0.4))
    gloss = 110 * (noise(rng, 5) > rng.uniform(1.2, 2.5))[..., None]
    return np.asarray(color * np.exp(0.25 * noise(rng, 20))[..., None] + gloss)


def _composed(
    rng: np.random.Generator, truth: Plane, frame: Plane, lenses: Plane, shine: Plane
) -> tuple[Plane, Plane]:
    """Return a face (h, w, 3) behind lenses, a frame and its shadow; and where it is hidden."""
    skin = np.median(truth[known_places()[5] > 0.99], axis=0)
    seen = truth.astype(np.float64)
    if rng.random() < 0.7:
        away = rng.normal(0, 3), rng.uniform(-1, 9)
        cast = cv2.warpAffine(frame, np.array([[1, 0, away[0]], [0, 1, away[1]]]), (COLUMNS, ROWS))
        cast = cv2.GaussianBlur(cast, (0, 0), rng.uniform(0.7, 4))
        seen *= 1 - cast[..., None] * rng.uniform(0.05, 0.55) * [0.9, 1.0, 1.05]
    if rng.random() < 0.5:
        tint = -np.abs(rng.normal(0, 0.1)) + rng.normal(0, 0.02, 3)
        if rng.random() < 0.12:
            tint = -rng.uniform(0.2, 1.2) + rng.normal(0, 0.1, 3)
        y = np.linspace(-1, 1, ROWS)[:, None, None]
        graded = 1 - rng.uniform(0, 1) * (rng.random() < 0.2) * (y + 1) / 2
        seen *= np.exp(lenses[..., None] * tint * graded)
    hidden = frame.copy()
    if rng.random() < 0.05:  # sunglasses
        surface = np.exp(0.3 * noise(rng, 30))[..., None] * rng.uniform(2, 60, 3)
        seen += (lenses * rng.uniform(0.85, 1))[..., None] * (surface - seen)
        hidden = np.maximum(hidden, lenses)
    color = np.exp(rng.normal(0, 0.25, 3)) if rng.random() < 0.5 else np.ones(3)
    shining = seen + shine[..., None] * color * rng.uniform(10, 150) * rng.random()
    clear = frame * (rng.uniform(0.45, 0.8) if rng.random() < 0.08 else 1.0)
    alpha: Plane = cv2.GaussianBlur(clear, (0, 0), rng.uniform(0.2, 0.8))
    shown = shining + alpha[..., None] * (_surface(rng, skin) - shining)
    return shown, np.maximum(hidden, alpha)


def _lent(rng: np.random.Generator, truth: Plane, other: Band) -> tuple[Plane, Plane]:
    """Return a face (h, w, 3) with another's glasses on, and where it is hidden (h, w)."""
    assert other.frame is not None
    way = np.array([[1, 0, rng.normal(0, 2)], [0, 1, rng.normal(0, 2.5)]])
    size = (COLUMNS, ROWS)
    alpha = cv2.warpAffine(other.frame, way, size).astype(np.float32) / 255
    color = cv2.warpAffine(other.rgb, way, size).astype(np.float32)
    color *= np.exp(rng.normal(0, 0.3)) * np.exp(rng.normal(0, 0.05, 3))
    seen = truth.copy()
    cast = cv2.GaussianBlur(np.roll(alpha, int(rng.integers(0, 6)), 0), (0, 0), 2.0)
    seen *= 1 - cast[..., None] * rng.uniform(0, 0.4)
    return seen + alpha[..., None] * (color - seen), alpha


def _light(rng: np.random.Generator) -> Plane:
    """Return light (h, w, 3) of any strength, direction and tint."""
    _, _, height, *_ = known_places()
    x = np.linspace(-1, 1, COLUMNS)[None]
    way = rng.normal(0, 0.2) * x + rng.normal(0, 0.12) * height + 0.08 * noise(rng, 60)
    tint = rng.normal(-0.1, 0.2) + rng.normal(0, 0.07, 3)
    return np.asarray(np.exp(way[..., None] + tint), np.float32)


def _photographed(rng: np.random.Generator, seen: Plane, truth: Plane) -> tuple[Plane, Plane]:
    """Return two pictures as one camera takes them, uint8 (h, w, 3): only the first is coded."""
    planes = [np.clip(plane, 0, 255) for plane in (seen, truth)]
    color = 0.0 if rng.random() < 0.08 else rng.uniform(0.6, 1.25)
    blur, gamma = np.exp(rng.normal(-0.9, 0.6)), np.exp(rng.normal(0, 0.15))
    grain = rng.normal(0, rng.uniform(0, 5), seen.shape)
    out = []
    for plane in planes:
        grey = (plane @ [0.3, 0.59, 0.11])[..., None]
        toned = 255 * np.clip((grey + color * (plane - grey)) / 255, 0, 1) ** gamma
        taken = cv2.GaussianBlur(toned, (0, 0), blur) + grain
        out.append(np.clip(np.rint(taken), 0, 255).astype(np.uint8))
    if rng.random() < 0.35:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 95))]
        out[0] = np.asarray(
            cv2.imdecode(cv2.imencode(".jpg", out[0], quality)[1], cv2.IMREAD_COLOR)
        )
    return out[0], out[1]


def _displaced(rng: np.random.Generator, *planes: np.ndarray) -> list[np.ndarray]:
    """Return planes moved a little, as where landmarks are not quite right."""
    y, x = np.mgrid[:ROWS, :COLUMNS].astype(np.float32)
    amount = rng.uniform(0, 2)
    x = x + amount * noise(rng, 50).astype(np.float32) + np.float32(rng.normal(0, 1.5))
    y = y + amount * noise(rng, 50).astype(np.float32) + np.float32(rng.normal(0, 2))
    return [
        cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for plane in planes
    ]
