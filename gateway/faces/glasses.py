"""Glasses, and the face behind them: a network of our own on the band around the eyes.

A frame is opaque: what it hides is drawn anew, coarsely. Lenses are clear: what shines on them or
tints them, and the shadow that a frame throws, only changes the light, so that is undone by a gain,
and every detail behind them stays the picture's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from gateway.arrays import F32, U8, AnyFloat, Mask
from gateway.compute import Compute
from gateway.deadline import Deadline
from gateway.faces.atlas import HEIGHT, WIDTH, atlas, face_part
from gateway.faces.occlusion import Visibility
from gateway.faces.skin_levels import DARK, network_levels
from gateway.faces.topology import N_MESH, topology
from gateway.imaging.geometry.raster import rasterise
from gateway.imaging.geometry.warp import remap
from gateway.imaging.masks.soft import sampled
from gateway.inference.protocol import Inference

MODEL = "glasses_remover"
ROWS, COLUMNS = 96, 192
"""Of the band, in its pixels."""
FINER_X, FINER_Y = 1.5, 1.3
"""Pixels of the band to one of the atlas."""
TOP = 12.0
"""The atlas's row at which the band begins: the middle of the forehead."""
PLANES = 7
"""Of the answer: a logit, three gains and three colours."""
CROSSED = 0.5
"""How surely a frame must cross the bridge, on average over its columns: with glasses it is 0.74 or
more on the portraits held out, without at most 0.31."""
WIDE = 0.3
"""What is taken off the probability of a frame, beside what the occlusion network says."""


@dataclass(frozen=True, slots=True, eq=False)
class GlassesRemoval:
    """What shows a face without its glasses: (1 - hidden) · gain · level + hidden · fill.

    Attributes:
        hidden: float32 (ROWS, COLUMNS), 0–1, where a frame or a dark lens hides the face.
        gain: float32 (ROWS, COLUMNS, 3), what red, green and blue are multiplied by elsewhere.
        fill: float32 (ROWS, COLUMNS, 3), levels of red, green and blue where the face is hidden.
    """

    hidden: F32
    gain: F32
    fill: F32

    @property
    def worn(self) -> bool:
        """Whether the face wears any: something crosses the nose's bridge from side to side."""
        return float(np.where(_bridge(), self.hidden, 0).max(0)[_bridge().any(0)].mean()) > CROSSED


@cache
def _bridge() -> Mask:
    _, across, height, *_ = known_places()
    return np.asarray((across < 0.16) & (height > -0.75) & (height < -0.2))


@cache
def band_places() -> F32:
    """Return where each landmark lies in the band, float32 (468, 2) columns and rows."""
    place = (atlas().place + 0.5 - [0, TOP]) * [FINER_X, FINER_Y] - 0.5
    return np.asarray(place, np.float32)


@cache
def band_of_atlas() -> F32:
    """Return where each pixel of the atlas lies in the band, float32 (2, HEIGHT, WIDTH)."""
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    at = (x + 0.5) * FINER_X - 0.5, (y + 0.5 - TOP) * FINER_Y - 0.5
    return np.stack(at).astype(np.float32)


def on_band(values: AnyFloat) -> F32:
    """Interpolate landmarks' values (468, K): float32 (K, ROWS, COLUMNS), -1 beside the face."""
    vertices = np.column_stack([band_places(), topology().mean[:N_MESH, 2]]).astype(np.float32)
    return rasterise(
        vertices,
        topology().triangles,
        np.asarray(values, np.float32),
        (ROWS, COLUMNS),
        background=-1,
    )


def unrolled_band(image: U8, landmarks: AnyFloat) -> U8:
    """Return the band around a face's eyes, uint8 (ROWS, COLUMNS, 3); 0 beside the face.

    Args:
        image: uint8 (H, W, 3) RGB. A large face is shrunk first, so that it does not alias.
        landmarks: (≥ 468, 3) in it.
    """
    part, points = face_part(image, landmarks, band_places())
    x, y, inside = on_band(np.column_stack([points, np.ones(N_MESH)]))
    return np.asarray(remap(part, x, y, smooth=False) * (inside > 0)[..., None], np.uint8)


@cache
def known_places() -> F32:
    """Return the network's constant input for every pixel, float32 (6, ROWS, COLUMNS).

    Distance to the outline, distance to the middle, height; eyes, brows, the face.
    """
    sheet = atlas()
    x, y = np.meshgrid(np.arange(COLUMNS), np.arange(ROWS))
    at = np.stack([(x + 0.5) / FINER_X - 0.5, (y + 0.5) / FINER_Y - 0.5 + TOP]).astype(np.float32)
    planes = [sheet.outline, np.abs(sheet.mean[..., 0]), sheet.mean[..., 1]]
    planes += [part.astype(np.float32) for part in (sheet.eyes, sheet.brows, sheet.face)]
    return np.stack([sampled(np.ascontiguousarray(plane), at) for plane in planes])


@cache
def _skin() -> F32:
    """Return which pixels of the band show skin that says what complexion a face has: cheeks."""
    outline, across, height, eyes, brows, face = known_places()
    cheeks = (height > -0.25) & (outline > 0.25) & (across > 0.15)
    return np.asarray(cheeks & (eyes + brows < 0.01) & (face > 0.99))


def skin_levels(band: U8) -> F32:
    """Return the middle of the skin's red, green and blue in a band, float32 (3,)."""
    return np.asarray(np.median(band[_skin()], axis=0), np.float32)


def removal_of(answer: F32, skin: F32) -> GlassesRemoval:
    """Return what a network's answer (ROWS, COLUMNS, PLANES) means for a skin (3,) in levels.

    Its planes: the logit of being hidden; what is added to the logarithm of each colour; the
    logarithms of the hidden colours, over the skin's.
    """
    hidden = 1 / (1 + np.exp(-answer[..., 0]))
    fill = np.exp(answer[..., 4:7]) * (skin + np.float32(DARK)) - np.float32(DARK)
    return GlassesRemoval(
        np.asarray(hidden, np.float32),
        np.exp(answer[..., 1:4], dtype=np.float32),
        np.asarray(np.clip(fill, 0, 255), np.float32),
    )


def with_frames(seen: Visibility, removal: GlassesRemoval) -> Visibility:
    """Return where a face is seen that wears glasses, all of whose frame is before it.

    The occlusion network misses thin and clear parts of rims; this one draws them too wide.
    """
    frame = np.maximum(sampled(removal.hidden, band_of_atlas()) - np.float32(WIDE), 0)
    return Visibility(np.where(atlas().face, np.minimum(seen.visible, 1 - frame), np.float32(1)))


class GlassesRemover:
    """Finds what shows faces without their glasses, with the network of an `Inference`."""

    def __init__(self, inference: Inference, compute: Compute) -> None:
        """Take what runs the network, and what runs the array work."""
        self._inference = inference
        self._compute = compute

    async def find(self, image: U8, landmarks: AnyFloat, *, deadline: Deadline) -> GlassesRemoval:
        """Return what shows a face without glasses.

        Args:
            image: uint8 (H, W, 3) RGB.
            landmarks: (≥ 468, 3) of a face in it.
            deadline: When the answer is of no use any more.

        Raises:
            InferenceError, DeadlineExceeded: from the network.
        """
        band = await self._compute.run(unrolled_band, image, landmarks)
        skin = skin_levels(band)
        levels = network_levels(band, skin)
        out = await self._inference.infer(MODEL, {"band": levels[None]}, deadline=deadline)
        return removal_of(np.asarray(out["removal"][0], np.float32), skin)
