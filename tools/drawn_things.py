"""Things before a face, drawn on the unrolled face: hair, glasses, hands, bars, balls, cloth."""

from __future__ import annotations

import cv2
import numpy as np

from gateway.faces.atlas import HEIGHT, WIDTH, atlas
from gateway.faces.topology import LEFT_EYE, RIGHT_EYE
from tools.drawn_faces import SHAPE, Plane, blobs, curve, line, streaks


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
    curve(alpha, middle - along, middle + along, bend, rng.uniform(3, 25))
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
        curve(alpha, at, [at[0] + rng.normal(0, 25), 200.0], rng.normal(0, 5), rng.uniform(3, 12))
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
    width = rng.uniform(5, 11)
    if rng.random() < 0.6:  # from the jaw to cheek, mouth or eye, as one rests a chin
        side = rng.uniform(-0.3, np.pi + 0.3)
        root = np.array([64 + 58 * np.cos(side), 72 + 68 * np.sin(side)])
        root += rng.normal(0, 8, 2)
        aim = rng.normal([64, 90], [20, 24])
        angle = np.arctan2(*(aim - root)[::-1])
    else:
        angle = rng.uniform(0, 2 * np.pi)
        root = np.array([64, 72]) + rng.uniform(-35, 35) * np.array([-np.sin(angle), np.cos(angle)])
        root -= np.array([np.cos(angle), np.sin(angle)]) * rng.uniform(5, 55)
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    count = rng.integers(1, 6)
    apart, spread = rng.uniform(1.02, 1.5), rng.uniform(0, 0.16)
    for n in range(count):
        place = n - (count - 1) / 2
        base = root + place * width * apart * across
        way = along + spread * place * across
        tip = base + way * width * rng.uniform(3, 6)
        finger = np.zeros(SHAPE, np.float32)
        curve(finger, base, tip, rng.normal(0, 2), width * rng.uniform(0.9, 1.1))
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
        curve(alpha, start, end, rng.normal(0, 10), rng.uniform(0.8, 7))
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
    curve(alpha, inner[0], inner[1], rng.uniform(-1, 4), rng.uniform(1.0, 5))
    color = (
        _color(rng, rgb)
        if rng.random() < 0.4
        else np.full(3, rng.uniform(3, 60)) * rng.uniform(0.7, 1.3, 3)
    )
    surface = (
        color * np.exp(0.3 * blobs(rng, 20))[..., None] + 120 * (blobs(rng, 6) > 2.0)[..., None]
    )
    return alpha, surface


THINGS = ((hair, 0.25), (glasses, 0.2), (hand, 0.6), (bar, 0.15), (ball, 0.15), (cloth, 0.12))
