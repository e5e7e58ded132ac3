"""Makes unrolled faces with things before them, and says where those things are.

Faces are portraits, mixtures of portraits, or painted from nothing but the atlas; things are drawn,
or other portraits' hair and glasses; light, shadow, colour and camera are drawn at random. Shadows,
wrinkles, beards, make-up and shine are nobody's cover.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from gateway.faces.atlas import HEIGHT, WIDTH, atlas
from tools.drawn_faces import (
    SHAPE,
    Base,
    Plane,
    beard,
    blobs,
    mixed,
    painted_face,
    soft,
    streaks,
    wrinkle,
)
from tools.drawn_things import THINGS
from tools.hard_light import light_gain


def scene(rng: np.random.Generator, bases: Sequence[Base]) -> Base:
    """Return a face with things before it (or, nearly as often, none), lit and photographed."""
    base = painted_face(rng) if rng.random() < 0.25 else mixed(rng, bases)
    rgb, hidden = base.rgb.astype(np.float32), base.hidden.copy()
    if rng.random() < 0.4:
        rgb *= _aged(rng)
    rgb *= _shadow(rng)[..., None]
    if rng.random() < 0.6:
        rgb *= light_gain(rng, base.landmarks, atlas().spread(base.landmarks), base.normals)
        rgb *= np.clip(rng.uniform(60, 170) / (np.median(rgb[atlas().plain]) + 1), 0.4, 4)
    if rng.random() < 0.6:
        lit = replace(base, rgb=np.clip(rgb, 0, 255).astype(np.uint8))
        for sharp, surface in _covers(rng, lit, bases):
            alpha = soft(np.clip(sharp, 0, 1), rng.uniform(0.2, 1.0))
            if rng.random() < 0.5:  # what is before a face throws a shadow on it
                away = np.roll(alpha, tuple(rng.integers(-4, 5, 2)), (0, 1))
                rgb *= 1 - soft(away, rng.uniform(1, 4))[..., None] * rng.uniform(0.1, 0.5)
            rgb += alpha[..., None] * (surface - rgb)
            hidden = np.maximum(hidden, alpha)
    if rng.random() < 0.06:
        rgb = _oils(rng, rgb)
    rgb = _photographed(rng, rgb)
    rgb, hidden, known = displaced(rng, rgb, hidden, base.known)
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
        wrinkle(rng, gain)
    if rng.random() < 0.4:
        beard(rng, gain)
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
        ) * rng.uniform(0.1, 0.7)
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


def displaced(rng: np.random.Generator, *planes: np.ndarray) -> list[np.ndarray]:
    """Return planes moved a little, as where landmarks are not quite right."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    amount = rng.uniform(0, 1.5)
    x = x + amount * blobs(rng, 40).astype(np.float32) + np.float32(rng.normal(0, 1))
    y = y + amount * blobs(rng, 40).astype(np.float32) + np.float32(rng.normal(0, 1.5))
    return [cv2.remap(p, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for p in planes]
