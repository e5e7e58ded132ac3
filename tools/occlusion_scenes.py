"""Makes unrolled faces with things before them, and says where those things are.

Faces are portraits, mixtures of portraits, or painted from nothing but the atlas; things are hair,
glasses, hands, bars, balls and cloth; light, shadow, colour and camera are drawn at random.
Shadows, wrinkles, beards and shine are nobody's cover.
"""

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
from tools.hard_light import light_gain

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
    """

    rgb: np.ndarray
    hidden: np.ndarray
    known: np.ndarray
    normals: np.ndarray
    landmarks: np.ndarray
    glasses: bool = False

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
        )

    @property
    def lendable(self) -> tuple[Plane, Plane]:
        """Hair and glasses, (h, w) 0–1 each, that may be put before other faces."""
        frames = self.hidden * _eye_zone() if self.glasses else np.zeros(SHAPE, np.float32)
        return self.hidden * ~_eye_zone(), frames


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


# --- faces -------------------------------------------------------------------------------------


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
    _wrinkle(rng, albedo)
    _features(rng, albedo)
    if rng.random() < 0.3:
        _beard(rng, albedo)
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


def _wrinkle(rng: np.random.Generator, albedo: np.ndarray) -> None:
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
            _curve(line, first, last, bend, rng.uniform(0.6, 2.2))
            depth += soft(line, rng.uniform(0.5, 1.6)) * rng.uniform(0.1, 0.8)
    albedo *= np.exp(-depth[..., None] * [0.75, 1.0, 1.1])


def _curve(plane: Plane, start: ArrayLike, end: ArrayLike, bend: float, width: float) -> None:
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


def _beard(rng: np.random.Generator, albedo: np.ndarray) -> None:
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


# --- things ------------------------------------------------------------------------------------


def _color(rng: np.random.Generator, rgb: np.ndarray) -> np.ndarray:
    kind = rng.random()
    if kind < 0.35:
        return np.full(3, rng.uniform(5, 250)) * rng.uniform(0.9, 1.1, 3)
    if kind < 0.5:
        tone = skin_tone(rng, rgb) * np.exp(rng.normal(0, 0.35))
        return np.asarray(tone * np.exp(rng.normal(0, 0.06, 3)))
    return rng.uniform(5, 250, 3)


def skin_tone(rng: np.random.Generator, rgb: np.ndarray) -> np.ndarray:
    """Return the colour of some of a face's skin (3,)."""
    y, x = rng.integers(60, 120), rng.integers(44, 84)
    return np.asarray(np.median(rgb[y - 4 : y + 5, x - 4 : x + 5].reshape(-1, 3), 0))


def bar(rng: np.random.Generator, rgb: np.ndarray) -> tuple[Plane, np.ndarray]:
    alpha = np.zeros(SHAPE, np.float32)
    angle, middle = rng.uniform(0, np.pi), rng.uniform([20, 20], [108, 124])
    along = np.array([np.cos(angle), np.sin(angle)]) * 250
    bend = rng.normal(0, 20) if rng.random() < 0.5 else 0.0
    _curve(alpha, middle - along, middle + along, bend, rng.uniform(3, 25))
    return alpha, _filled(rng, rgb)


def ball(rng: np.random.Generator, rgb: np.ndarray) -> tuple[Plane, np.ndarray]:
    alpha = np.zeros(SHAPE, np.float32)
    at = rng.uniform([15, 10], [113, 140])
    if rng.random() < 0.5:  # before mouth and chin, where microphones and cups are
        at = rng.normal([64, 112], [14, 14])
    axes = rng.uniform(5, 30, 2)
    cv2.ellipse(
        alpha,
        (at * 16).astype(int).tolist(),
        (axes * 16).astype(int).tolist(),
        rng.uniform(0, 180),
        0,
        360,
        1.0,
        -1,
        cv2.LINE_AA,
        4,
    )
    if rng.random() < 0.6:
        _curve(alpha, at, [at[0] + rng.normal(0, 25), 200.0], rng.normal(0, 5), rng.uniform(3, 12))
    return alpha, _filled(rng, rgb) * np.exp(0.3 * blobs(rng, 50))[..., None]


def cloth(rng: np.random.Generator, rgb: np.ndarray) -> tuple[Plane, np.ndarray]:
    """A cap from above, a scarf or mask from below, a wall or a page from a side."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    wave = (
        rng.uniform(0, 6) * np.sin(x / rng.uniform(8, 40) + rng.uniform(0, 6))
        + 0.004 * rng.normal() * (x - 64) ** 2
    )
    side = rng.integers(4)
    if side == 0:
        alpha = y < rng.uniform(6, 40) + wave
    elif side == 1:
        alpha = y > rng.uniform(75, 135) + wave
    else:
        edge = (
            rng.uniform(5, 45)
            + rng.uniform(0, 5) * np.sin(y / rng.uniform(8, 40))
            + 0.004 * rng.normal() * (y - 70) ** 2
        )
        alpha = x < edge if side == 2 else x > WIDTH - edge
    return alpha.astype(np.float32), _filled(rng, rgb)


def _filled(rng: np.random.Generator, rgb: np.ndarray) -> np.ndarray:
    """Return something's surface (h, w, 3)."""
    color = _color(rng, rgb)
    kind = rng.random()
    surface = np.exp(rng.uniform(0, 0.25) * blobs(rng, rng.uniform(2, 50)))[..., None] * color
    if kind < 0.2:
        surface = np.where(
            (blobs(rng, rng.uniform(4, 20)) > 0)[..., None], surface, _color(rng, rgb)
        )
    elif kind < 0.35:
        turned = np.roll(np.rot90(rgb, 2), rng.integers(0, 100, 2), (0, 1))
        surface = turned.astype(np.float32)
    elif kind < 0.45:
        surface = surface * np.exp(0.3 * streaks(rng, rng.uniform(0, 3)))[..., None]
    return np.asarray(surface)


def hand(rng: np.random.Generator, rgb: np.ndarray) -> tuple[Plane, np.ndarray]:
    """Fingers from any side, round, of the face's own skin a little off."""
    alpha = np.zeros(SHAPE, np.float32)
    round_ = np.zeros(SHAPE, np.float32)
    # Mostly from below, as one rests a chin or hides a yawn.
    angle = rng.normal(-np.pi / 2, 0.6) if rng.random() < 0.5 else rng.uniform(0, 2 * np.pi)
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    root = np.array([64, 72]) + rng.uniform(-35, 35) * across - along * rng.uniform(5, 55)
    width = rng.uniform(5, 11)
    count = rng.integers(1, 6)
    for n in range(count):
        place = n - (count - 1) / 2
        base = root + place * width * rng.uniform(1.02, 1.4) * across
        tip = base + along * width * rng.uniform(3, 5.5) + across * place * rng.uniform(0, 3)
        finger = np.zeros(SHAPE, np.float32)
        _curve(finger, base, tip, rng.normal(0, 2), width * rng.uniform(0.9, 1.1))
        cv2.circle(
            finger, np.rint(tip * 16).astype(int).tolist(), int(width * 8), 1.0, -1, cv2.LINE_AA, 4
        )
        inside = np.clip(
            cv2.distanceTransform((finger > 0.5).astype(np.uint8), cv2.DIST_L2, 3) / (width / 2),
            0,
            1,
        )
        np.copyto(round_, inside, where=finger > 0.5)
        alpha = np.maximum(alpha, finger)
    if rng.random() < 0.8:
        palm = np.zeros(SHAPE, np.float32)
        line(palm, np.stack([root - along * 80, root]), width * count * 1.05)
        round_ = np.where((palm > 0.5) & (alpha < 0.5), 1, round_)
        alpha = np.maximum(alpha, palm)
    tone = skin_tone(rng, rgb) * np.exp(rng.normal(0, 0.2)) * np.exp(rng.normal(0, 0.035, 3))
    limb = rng.uniform(0.0, 0.5)
    surface = tone * (1 - limb * (1 - round_) ** 1.5)[..., None]
    surface = (
        surface
        * np.exp(0.08 * blobs(rng, 40) + 0.03 * blobs(rng, 4) + 0.05 * (blobs(rng, 8) > 1.2))[
            ..., None
        ]
    )
    return alpha, surface


def hair(rng: np.random.Generator, rgb: np.ndarray) -> tuple[Plane, np.ndarray]:
    """A fringe, hair down the sides, single locks."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    tips = (
        rng.uniform(1, 6) * np.abs(blobs(rng, rng.uniform(2, 6))[60])
        + rng.uniform(0, 8) * blobs(rng, 30)[60]
    )
    alpha = np.zeros(SHAPE, np.float32)
    angle = rng.normal(0, 0.5)
    if rng.random() < 0.6:
        edge = rng.uniform(4, 34) + rng.normal(0, 0.12) * (x[0] - 64) + tips
        alpha = np.maximum(alpha, (y < edge).astype(np.float32))
    if rng.random() < 0.6:
        ragged = (
            rng.uniform(0, 3) * blobs(rng, 6)[:, 60] + rng.uniform(0, 5) * blobs(rng, 30)[:, 60]
        )
        left = (
            rng.uniform(6, 32)
            + ragged
            + rng.uniform(0, 0.15) * np.abs(y[:, 0] - rng.uniform(20, 120)) * rng.choice([-1, 1])
        )
        sides = (x < left[:, None]) | (x > WIDTH - left[::1, None] + rng.normal(0, 4))
        alpha = np.maximum(alpha, (sides & (y < rng.uniform(60, 200))).astype(np.float32))
    for _ in range(rng.integers(0, 8) if alpha.any() else 8):
        start = [rng.uniform(0, 128), rng.uniform(-5, 20)]
        end = [start[0] + rng.normal(0, 25), rng.uniform(20, 110)]
        _curve(alpha, start, end, rng.normal(0, 10), rng.uniform(0.8, 7))
    dark = rng.uniform(8, 200)
    color = dark * np.array([1, rng.uniform(0.6, 1.0), rng.uniform(0.3, 1.0)])
    if rng.random() < 0.25:
        color = skin_tone(rng, rgb) * np.exp(rng.normal(-0.4, 0.3)) * [1, 0.95, 0.8]
    return alpha, color * np.exp(
        rng.uniform(0.1, 0.6) * streaks(rng, angle) + 0.2 * blobs(rng, 25)
    )[..., None]


def glasses(rng: np.random.Generator, rgb: np.ndarray) -> tuple[Plane, np.ndarray]:
    """Frames of any kind; now and then dark lenses, which cover as well."""
    alpha = np.zeros(SHAPE, np.float32)
    place = atlas().place
    size = rng.uniform([9, 7], [18, 17])
    drop = rng.uniform(-2, 6)
    power = rng.uniform(1.8, 5)
    turn = np.linspace(0, 2 * np.pi, 60)
    cos, sin = np.cos(turn), np.sin(turn)
    upper, lower = rng.uniform(1.0, 4.5), rng.uniform(0.8, 3.5) * (rng.random() < 0.85)
    shape = np.column_stack(
        [np.sign(cos) * np.abs(cos) ** (2 / power), np.sign(sin) * np.abs(sin) ** (2 / power)]
    )
    wide = rng.uniform(0, 3)
    dark = rng.random() < 0.15
    for sign, eye in ((-1, RIGHT_EYE), (1, LEFT_EYE)):
        centre = place[list(eye)].mean(0) + [sign * wide, drop]
        rim = centre + shape * size
        above = rim[sin <= 0.2]
        line(alpha, above[np.argsort(above[:, 0])], upper)
        if lower:
            line(alpha, rim, lower)
        if dark:
            cv2.fillPoly(alpha, [np.rint(rim * 16).astype(np.int32)], 1.0, cv2.LINE_8, 4)
        hinge = centre + [sign * size[0], -0.3 * size[1]]
        line(alpha, np.stack([hinge, hinge + [sign * 60, rng.normal(0, 8)]]), rng.uniform(1, 5))
        if rng.random() < 0.3:
            corner = np.stack([hinge + [-sign * 3, -2], hinge + [sign * 4, 1]])
            line(alpha, corner, rng.uniform(3, 7))
    inner = [
        place[list(e)].mean(0) + [s * wide - s * size[0], drop - rng.uniform(0, 0.6) * size[1]]
        for s, e in ((-1, RIGHT_EYE), (1, LEFT_EYE))
    ]
    _curve(alpha, inner[0], inner[1], rng.uniform(-1, 4), rng.uniform(1.0, 5))
    color = (
        _color(rng, rgb)
        if rng.random() < 0.4
        else np.full(3, rng.uniform(3, 60)) * rng.uniform(0.7, 1.3, 3)
    )
    surface = (
        color * np.exp(0.3 * blobs(rng, 20))[..., None] + 120 * (blobs(rng, 6) > 2.0)[..., None]
    )
    return alpha, surface


THINGS = ((hair, 0.3), (glasses, 0.22), (hand, 0.3), (bar, 0.12), (ball, 0.12), (cloth, 0.15))


# --- the picture -------------------------------------------------------------------------------


def scene(rng: np.random.Generator, bases: Sequence[Base]) -> Base:
    """Return a face with things before it (or, every other time, none), lit and photographed."""
    base = painted_face(rng) if rng.random() < 0.25 else mixed(rng, bases)
    rgb, hidden = base.rgb.astype(np.float32), base.hidden.copy()
    if rng.random() < 0.4:
        rgb *= _aged(rng)
    rgb *= _shadow(rng)[..., None]
    if rng.random() < 0.6:
        rgb *= light_gain(rng, base.landmarks, atlas().spread(base.landmarks), base.normals)
        rgb *= np.clip(rng.uniform(60, 170) / (np.median(rgb[atlas().plain]) + 1), 0.4, 4)
    if rng.random() < 0.5:
        for sharp, surface in _covers(rng, base, bases):
            alpha = soft(np.clip(sharp, 0, 1), rng.uniform(0.2, 1.0))
            if rng.random() < 0.5:  # what is before a face throws a shadow on it
                away = np.roll(alpha, tuple(rng.integers(-4, 5, 2)), (0, 1))
                rgb *= 1 - soft(away, rng.uniform(1, 4))[..., None] * rng.uniform(0.1, 0.5)
            rgb += alpha[..., None] * (surface - rgb)
            hidden = np.maximum(hidden, alpha)
    if rng.random() < 0.06:
        rgb = _oils(rng, rgb)
    rgb = _photographed(rng, rgb)
    rgb, hidden, known = _displaced(rng, rgb, hidden, base.known)
    return replace(base, rgb=rgb, hidden=hidden, known=known)


def _covers(
    rng: np.random.Generator, base: Base, bases: Sequence[Base]
) -> list[tuple[Plane, Plane]]:
    """Return what is before a face, one thing after another: where (h, w) and what (h, w, 3)."""
    out = [thing(rng, base.rgb) for thing, chance in THINGS if rng.random() < chance]
    for which, chance in ((0, 0.3), (1, 0.25)):
        other = bases[int(rng.integers(len(bases)))]
        lent = other.lendable[which]
        if rng.random() < chance and lent.sum() > 60:
            gain = np.exp(rng.normal(0, 0.35)) * np.exp(rng.normal(0, 0.06, 3))
            out.append((lent.astype(np.float32), other.rgb * gain))
    return out


def _aged(rng: np.random.Generator) -> Plane:
    """Return what wrinkles, a beard and make-up multiply a face's colours by, (h, w, 3)."""
    gain = np.ones((*SHAPE, 3))
    if rng.random() < 0.6:
        _wrinkle(rng, gain)
    if rng.random() < 0.4:
        _beard(rng, gain)
    if rng.random() < 0.4:
        sheet = atlas()
        lids = soft((sheet.eyes | sheet.brows).astype(np.float32), rng.uniform(2, 5))
        gain *= 1 - lids[..., None] * rng.uniform(0, 0.5, 3)
        lips = soft(sheet.lips.astype(np.float32), rng.uniform(0.6, 1.5))[..., None]
        gain *= 1 + lips * (np.array([1.0, *rng.uniform(0.4, 1, 2)]) - 1)
        rouge = np.exp(rng.uniform(-0.2, 0.05, 3) * (blobs(rng, 30) > 0.8)[..., None])
        gain *= cv2.GaussianBlur(rouge, (0, 0), 5)
    return gain


def _oils(rng: np.random.Generator, rgb: Plane) -> Plane:
    """Return a picture (h, w, 3) as if it was painted: flat strokes, canvas, cracks."""
    flat = cv2.medianBlur(np.clip(rgb, 0, 255).astype(np.uint8), 5).astype(np.float32)
    strokes = 0.05 * streaks(rng, rng.uniform(0, 3)) + 0.03 * blobs(rng, 3)
    cracks = np.abs(blobs(rng, 8)) < rng.uniform(0, 0.05)
    return np.asarray(
        flat * np.exp(strokes - 0.2 * soft(cracks.astype(np.float32), 0.6))[..., None]
    )


def _shadow(rng: np.random.Generator) -> Plane:
    """Return light (h, w) with shadows in it, soft or hard."""
    light = np.ones(SHAPE, np.float32)
    for _ in range(rng.integers(0, 3)):
        shape = blobs(rng, rng.uniform(20, 90)) + 0.02 * rng.normal() * (
            np.mgrid[:HEIGHT, :WIDTH][1] - 64
        )
        light *= 1 - soft(
            (shape > rng.uniform(0, 1)).astype(np.float32), rng.uniform(0.4, 10)
        ) * rng.uniform(0.1, 0.85)
    return light * np.exp(0.12 * blobs(rng, 60))


def _photographed(rng: np.random.Generator, rgb: Plane) -> Plane:
    """Return a picture as some camera takes it: uint8 (h, w, 3)."""
    rgb = rgb * np.exp(rng.normal(0, 0.25)) * np.exp(rng.normal(0, 0.08, 3))
    grey = rgb @ [0.3, 0.59, 0.11]
    if rng.random() < 0.12:
        rgb = grey[..., None] * np.exp(rng.normal(0, 0.04, 3) * (rng.random() < 0.5))
    else:
        rgb = grey[..., None] + (rgb - grey[..., None]) * rng.uniform(0.5, 1.35)
    rgb = 255 * np.clip(rgb / 255, 0, 1) ** np.exp(rng.normal(0, 0.2)) + rng.uniform(0, 15)
    if rng.random() < 0.7:
        # Mostly sharp; a small face in a video is not.
        rgb = cv2.GaussianBlur(rgb, (0, 0), np.exp(rng.normal(-0.3, 0.6)))
    rgb = rgb + rng.normal(0, rng.uniform(0, 6), rgb.shape)
    rgb = np.clip(rgb, 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 95))]
        coded = cv2.imencode(".jpg", rgb, quality)[1]
        rgb = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))
    return rgb


def _displaced(rng: np.random.Generator, *planes: np.ndarray) -> list[np.ndarray]:
    """Return planes moved a little, as where landmarks are not quite right."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    amount = rng.uniform(0, 1.5)
    x = x + amount * blobs(rng, 40).astype(np.float32) + np.float32(rng.normal(0, 1))
    y = y + amount * blobs(rng, 40).astype(np.float32) + np.float32(rng.normal(0, 1.5))
    return [cv2.remap(p, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for p in planes]
