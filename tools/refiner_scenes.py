"""Makes pairs of unrolled faces with a known answer: a face under one light, and under another.

Two kinds of pairs. *One person*: the portrait (or its mirror image) under a drawn light is to
become the portrait under another one. *Two people*: both are under the same drawn light, of which
the old face shows the coarse part; the new one's own picture was under another light. What is asked
for is the new person's own reflectance under the old one's light, so that the network learns what
of a coarse picture is light and what is somebody's face.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from gateway.arrays import F32, U8
from gateway.faces.atlas import atlas
from gateway.faces.refiner import halved, refiner_planes
from gateway.imaging.color.log_chroma import features_of_logs
from gateway.imaging.color.skin_model import DARK
from tools.drawn_faces import SHAPE, Base, Plane, blobs, soft
from tools.drawn_things import THINGS, hair
from tools.hard_light import light_gain
from tools.occlusion_scenes import displaced

SCALE_OF_MISMATCH = (0.06, 0.02, 0.02)
"""How far colours brought together may still be apart: brightness, red and blue over green."""


def pair(rng: np.random.Generator, bases: Sequence[Base]) -> tuple[U8, F32, F32]:
    """Return the network's input, the wanted change, and weights: (ROWS, COLUMNS, 11 / 3 / -)."""
    own = bases[int(rng.integers(len(bases)))]
    if rng.random() < 0.5:
        own = own.mirrored()
    alone = rng.random() < 0.3
    old = own if alone else bases[int(rng.integers(len(bases)))]
    light = _light(rng, old)
    lit_old = old.rgb * light
    # The same light on the new face, in the old one's pose: its surface is nearly the same.
    truth = own.rgb * light
    tint = _tint(rng)
    target, truth = _exposed(rng, lit_old * tint, truth * tint)
    other = own.mirrored() if alone and rng.random() < 0.35 else own
    source = other.rgb * (_light(rng, other) if rng.random() < 0.6 else np.ones(3))
    source = _matched(rng, source * _tint(rng), truth)
    seen, target_seen = 1 - other.hidden, 1 - old.hidden
    source, seen = _covered(rng, source, seen, other)
    target, target_seen = _covered(rng, target, target_seen, old)
    source, seen = displaced(rng, source, seen.astype(np.float32))
    source8, target8 = (_levels(rng, picture) for picture in (source, target))
    planes = refiner_planes(
        source8, target8, old.normals.astype(np.float32), _doubted(rng, seen), target_seen
    )
    wanted = _features(halved(truth)) - _features(halved(source8.astype(np.float32)))
    weight = own.known * (1 - own.hidden) * (other.known if other is not own else 1)
    # What is hidden of the new face is somebody else's light, and no change brings it back.
    return planes, wanted.astype(np.float32), halved((weight * seen).astype(np.float32))


def _features(rgb: Plane) -> Plane:
    return np.asarray(features_of_logs(np.log(np.clip(rgb, 0, 255) + DARK)))


def _light(rng: np.random.Generator, face: Base) -> Plane:
    """Return a light (h, w, 3): none, a soft one, or a hard one with its shadows."""
    kind = rng.random()
    if kind < 0.4:
        return np.ones((*SHAPE, 3))
    if kind < 0.75:
        way = rng.normal(size=3) * [0.5, 0.35, 0.2]
        shading = np.clip(1 + face.normals @ way + 0.1 * blobs(rng, 60), 0.15, 2.5)
        colored = np.exp(rng.normal(0, 0.03, 3) * blobs(rng, 60)[..., None])
        return np.asarray(shading[..., None] * colored)
    gain = light_gain(rng, face.landmarks, atlas().spread(face.landmarks), face.normals)
    if rng.random() < 0.3:  # a hat's brim, blinds, a branch
        cast = soft((blobs(rng, rng.uniform(25, 90)) > rng.uniform(0, 1)).astype(np.float32), 1)
        return np.asarray(gain * (1 - cast * rng.uniform(0.2, 0.8))[..., None])
    return np.asarray(gain)


def _tint(rng: np.random.Generator) -> Plane:
    cast = np.exp(rng.normal(0, 0.1, 3))
    return np.asarray(cast / cast.mean())


def _exposed(rng: np.random.Generator, target: Plane, truth: Plane) -> tuple[Plane, Plane]:
    """Bring both to one brightness, as a camera would."""
    skin = atlas().plain
    level = np.exp(rng.normal(4.75, 0.35))
    # A bright face is not let burn out altogether.
    middles = [np.median(picture[skin].mean(1)) + 1 for picture in (target, truth)]
    return target * level / middles[0], truth * level / middles[1]


def _matched(rng: np.random.Generator, source: Plane, truth: Plane) -> Plane:
    """Return a source with about the colours that fusion gives its skin."""
    skin = atlas().plain
    off = np.median(_features(truth)[skin] - _features(source)[skin], axis=0)
    off = off + rng.normal(0, SCALE_OF_MISMATCH)
    green = off[0] - 0.3 * off[1] - 0.11 * off[2]
    return np.asarray((source + DARK) * np.exp([green + off[1], green, green + off[2]]) - DARK)


def _covered(rng: np.random.Generator, rgb: Plane, seen: Plane, face: Base) -> tuple[Plane, Plane]:
    """Return a face with things before it, or without, and where it is seen."""
    if rng.random() < 0.6:
        return rgb, seen
    things = [thing for thing, _ in THINGS if rng.random() < 0.2] or [hair]
    for thing in things:
        alpha, surface = thing(rng, face.rgb)
        alpha = soft(np.clip(alpha, 0, 1), rng.uniform(0.3, 1.0))
        rgb = rgb + alpha[..., None] * (surface - rgb)
        seen = seen * (1 - alpha)
    return rgb, seen


def _doubted(rng: np.random.Generator, seen: Plane) -> F32:
    """Return where a face is seen as a network that errs would have it."""
    hidden = (seen < 0.5).astype(np.uint8)
    kind, size = rng.random(), int(rng.integers(1, 4))
    if kind < 0.3:
        hidden = np.asarray(cv2.dilate(hidden, np.ones((size, size))), np.uint8)
    elif kind < 0.5:
        hidden = np.asarray(cv2.erode(hidden, np.ones((size, size))), np.uint8)
    elif kind < 0.6:
        hidden = np.zeros_like(hidden)
    if rng.random() < 0.1:
        hidden = np.maximum(hidden, blobs(rng, 20) > 1.5)
    return 1 - soft(hidden.astype(np.float32), 0.7)


def _levels(rng: np.random.Generator, rgb: Plane) -> U8:
    """Return a picture as a camera has it: sharp or soft, with grain, coded."""
    if rng.random() < 0.4:
        rgb = cv2.GaussianBlur(rgb.astype(np.float32), (0, 0), rng.uniform(0.3, 1.2))
    rgb = rgb + rng.normal(0, rng.uniform(0, 4), rgb.shape)
    return np.clip(np.rint(rgb), 0, 255).astype(np.uint8)
