"""Makes unrolled faces under hard light, and the same ones under even light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from gateway.arrays import U8
from gateway.faces.atlas import atlas
from gateway.faces.delight import skin_levels
from gateway.faces.skin_levels import DARK, network_levels
from tools.drawn_faces import Base, Plane, blobs, soft
from tools.drawn_things import THINGS, hair
from tools.hard_light import direction, light_gain, lit
from tools.occlusion_scenes import displaced

EVEN = 0.6
"""Share of the portraits, the most evenly lit, that are the answers."""
WIDE_PX = 8.0
"""Width of the averages in which a face's own light is measured, in pixels of the atlas."""


def evenly_lit(bases: Sequence[Base]) -> list[Base]:
    """Return the most evenly lit faces, what is left of light from one side taken off."""
    gains = [_towards_mirror(base) for base in bases]
    skin = atlas().plain
    uneven = [float(np.abs(gain[skin]).mean()) for gain in gains]
    order = np.argsort(uneven)[: round(EVEN * len(bases))]
    return [_gained(bases[int(n)], gains[int(n)]) for n in order]


def _towards_mirror(base: Base) -> Plane:
    """Return the logarithm of the gain (h, w) that makes a face's light the same on both sides."""
    weight = atlas().plain * (1 - base.hidden) * np.clip(-base.normals[..., 2] - 0.15, 0, 1)
    weight = weight.astype(np.float32) + np.float32(1e-4)
    log = np.log(base.rgb.astype(np.float32).mean(-1) + DARK)
    wide = cv2.GaussianBlur(log * weight, (0, 0), WIDE_PX)
    wide /= cv2.GaussianBlur(weight, (0, 0), WIDE_PX)
    return np.asarray((wide[:, ::-1] - wide) / 2, np.float32)


def _gained(base: Base, gain: Plane) -> Base:
    rgb = (base.rgb + DARK) * np.exp(np.clip(gain, -0.6, 0.6))[..., None] - DARK
    return replace(base, rgb=np.clip(np.rint(rgb), 0, 255).astype(np.uint8))


def scene(rng: np.random.Generator, faces: Sequence[Base]) -> tuple[U8, U8, Plane]:
    """Return a face under some light and under even light, uint8 (h, w, 3); weights (h, w)."""
    base = faces[int(rng.integers(len(faces)))]
    base = base.mirrored() if rng.random() < 0.5 else base
    truth = base.rgb.astype(np.float32)
    seen = _under_light(rng, base, truth)
    shown = (1 - base.hidden) * base.known
    seen, shown = _covered(rng, seen, shown, base)
    seen, truth = _exposed(rng, seen, truth, shown)
    seen8, truth8 = _photographed(rng, seen, truth)
    seen8, truth8, shown = displaced(rng, seen8, truth8, shown.astype(np.float32))
    clear = shown > 0.5
    levels = network_levels(seen8, skin_levels(seen8, clear))
    answer = network_levels(truth8, skin_levels(truth8, clear))
    return levels, answer, np.asarray(shown, np.float32)


def _under_light(rng: np.random.Generator, base: Base, rgb: Plane) -> Plane:
    """Return a face (h, w, 3) as a light that is drawn shows it."""
    kind = rng.random()
    if kind < 0.15:
        return rgb
    if kind < 0.4:  # large lamps, walls
        way = rng.normal(size=3) * [0.5, 0.35, 0.2]
        shading = np.clip(1 + base.normals @ way + 0.1 * blobs(rng, 60), 0.15, 2.5)
        colored = np.exp(rng.normal(0, 0.05, 3) * blobs(rng, 60)[..., None])
        gain: Plane = shading[..., None] * colored
    else:
        points = atlas().spread(base.landmarks)
        gain = light_gain(rng, base.landmarks, points, base.normals)
        if rng.random() < 0.3:  # a second lamp of another colour
            color = np.exp(rng.normal(0, 0.25, 3))
            softness = float(np.exp(rng.normal(0.5, 0.7)))
            other = lit(base.landmarks, direction(rng), points, base.normals, softness)
            gain = gain + rng.uniform(0.1, 0.8) * other[..., None] * color
        if rng.random() < 0.2:  # a hat's brim, blinds, a branch
            cast = soft((blobs(rng, rng.uniform(25, 90)) > rng.uniform(0, 1)).astype(np.float32), 1)
            gain = gain * (1 - cast * rng.uniform(0.2, 0.8))[..., None]
    out = rgb * gain
    if rng.random() < 0.5:
        out = out + _shine(rng, base)
    return np.asarray(out)


def _shine(rng: np.random.Generator, base: Base) -> Plane:
    """Return what skin mirrors of a lamp, (h, w, 3) levels (B. T. Phong's lobe, halfway vector)."""
    half = direction(rng) + np.array([0, 0, -1.0])
    half /= np.linalg.norm(half) + 1e-6
    lobe = np.clip(base.normals @ half, 0, 1) ** rng.uniform(6, 60)
    rough = np.clip(1 + 0.4 * blobs(rng, 3) + 0.3 * blobs(rng, 15), 0, 2)
    skin = soft(atlas().plain.astype(np.float32), 1.5)
    return np.asarray((rng.uniform(10, 120) * lobe * rough * skin)[..., None] * np.ones(3))


def _covered(rng: np.random.Generator, rgb: Plane, shown: Plane, face: Base) -> tuple[Plane, Plane]:
    """Return a face with things before it, or without, and where it is seen."""
    if rng.random() < 0.65:
        return rgb, shown
    things = [thing for thing, _ in THINGS if rng.random() < 0.15] or [hair]
    for thing in things:
        alpha, surface = thing(rng, np.clip(rgb, 0, 255))
        alpha = soft(np.clip(alpha, 0, 1), rng.uniform(0.3, 1.0))
        rgb = rgb + alpha[..., None] * (surface - rgb)
        shown = shown * (1 - alpha)
    return rgb, shown


def _exposed(
    rng: np.random.Generator, seen: Plane, truth: Plane, shown: Plane
) -> tuple[Plane, Plane]:
    """Return both with their skin at levels that a camera would choose."""
    skin = atlas().plain & (shown > 0.5)
    skin = skin if skin.any() else atlas().plain
    level = np.exp(rng.normal(4.7, 0.3))
    tint = np.exp(rng.normal(0, 0.1, 3))
    cast = tint / tint.mean()
    middles = [np.median(picture[skin].mean(1)) + 1 for picture in (seen, truth)]
    gain = level / middles[0]
    if rng.random() < 0.8:  # most photographers don't let faces burn out
        gain = min(gain, rng.uniform(200, 265) / float(np.percentile(seen[skin], 98) + 1))
    # The answer isn't dimmed as far as its picture may be: what burns out of it is lost.
    return seen * cast * gain, truth * cast * min(level, 150) / middles[1]


def _photographed(rng: np.random.Generator, seen: Plane, truth: Plane) -> tuple[U8, U8]:
    """Return two pictures as one camera takes them, uint8 (h, w, 3): only the first is coded."""
    color = 0.0 if rng.random() < 0.1 else rng.uniform(0.6, 1.25)
    blur, gamma = np.exp(rng.normal(-1.0, 0.5)), np.exp(rng.normal(0, 0.15))
    grain = rng.normal(0, rng.uniform(0, 5), seen.shape)
    out = []
    for plane in (np.clip(seen, 0, 255), np.clip(truth, 0, 255)):
        grey = (plane @ [0.3, 0.59, 0.11])[..., None]
        toned = 255 * np.clip((grey + color * (plane - grey)) / 255, 0, 1) ** gamma
        taken = cv2.GaussianBlur(toned.astype(np.float32), (0, 0), blur)
        out.append(np.clip(np.rint(taken + grain), 0, 255).astype(np.uint8))
        grain = grain * 0
    if rng.random() < 0.35:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 95))]
        coded = cv2.imencode(".jpg", out[0], quality)[1]
        out[0] = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))
    return out[0], out[1]
