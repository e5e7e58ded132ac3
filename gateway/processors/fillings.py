"""Paint what shows in an opening of a face: a donor's pixels, or a dark hollow; and its rim."""

from __future__ import annotations

import numpy as np

from gateway.arrays import F32, F64, U8, AnyFloat
from gateway.faces.topology import LIPS_INNER
from gateway.imaging.enhance.detail import softened
from gateway.imaging.geometry.warp import Region, bounding_region, remap
from gateway.imaging.masks.soft import smoothstep, soft_outline, soft_polygon
from gateway.processors.openings import MOUTH, Donor, Opening, eye_distance, inside

RIM_SOFT_PX = 0.7
"""Pixels over which the rim of an opening is smoothed."""
RIM = 0.008
"""Inter-ocular distances by which a filling reaches over the rim of its opening, softly."""
LID_SHADOW = 0.55
"""Brightness of a lent eye under its upper lid, against its middle."""


def fill(
    picture: U8, region: Region, which: Opening, at: AnyFloat, donor: Donor, gain: F64
) -> None:
    """Paint a donor's opening into a picture that is ours to change.

    Args:
        picture: uint8 (h, w, 3), the pixels of `region`.
        region: Where they lie.
        which: The opening.
        at: (478, 3) landmarks wanted.
        donor: The portrait that provides the pixels.
        gain: (3,), what to multiply the donor's colours with.
    """
    found = inside(which, at, donor.landmarks, region)
    if found is None:
        return
    part, x, y, _ = found
    pixels = remap(donor.image, x, y).astype(np.float32) * gain.astype(np.float32)
    if which.iris:
        # Deeper in the shadow of brow and lid than the donor's skin suggests, and of the lid above.
        top, bottom = (
            np.asarray(at)[list(side), 1].mean() for side in zip(*which.pairs, strict=True)
        )
        rows = np.arange(part.y0, part.y1, dtype=np.float32)
        depth = np.clip((rows - top) / max(bottom - top, 1.0), 0, 1)
        pixels *= (LID_SHADOW + (1 - LID_SHADOW) * smoothstep(depth / 0.6))[:, None, None]
    _blend(picture, region, part, pixels, soft_opening(which, at, part))


def hollow(picture: U8, region: Region, at: AnyFloat, lips: F64) -> None:
    """Paint a dark cavity for an unseen open mouth into a picture that may be modified.

    Args:
        picture: uint8 (h, w, 3), the pixels of `region`.
        region: Where they lie.
        at: (478, 3) landmarks wanted.
        lips: (3,) colour of the lips.
    """
    part = bounding_region(np.asarray(at)[list(LIPS_INNER), :2], (region.y1, region.x1), margin=4)
    if part is None:
        return
    down = np.linspace(0.12, 0.34, part.shape[0], dtype=np.float32)[:, None, None]
    pixels = np.broadcast_to(down * lips.astype(np.float32), (*part.shape, 3))
    _blend(picture, region, part, pixels, soft_opening(MOUTH, at, part))


def smooth_rim(picture: U8, region: Region, which: Opening, at: AnyFloat) -> None:
    """Take the steps out of an opening's rim, where pixels from two places meet; in place.

    Args:
        picture: uint8 (h, w, 3), the pixels of `region`, ours to change.
        region: Where they lie.
        which: The opening.
        at: (478, 3) landmarks in the rendered picture.
    """
    ring = np.asarray(at)[list(which.ring), :2]
    around = bounding_region(ring, (region.y1, region.x1), margin=4)
    part = None if around is None else around.shared_with(region)
    if part is None:
        return
    view = picture[part.slices_in(region)]
    mask = soft_outline(ring - part.origin_xy, part.shape, RIM_SOFT_PX)
    view[...] = softened(np.ascontiguousarray(view), mask, RIM_SOFT_PX)


def soft_opening(which: Opening, at: AnyFloat, part: Region) -> F32:
    """Return how far each pixel (h, w) of a part lies in an opening of landmarks (478, 3), 0–1.

    A hair wider than the opening: at its very rim skin is stretched into it.
    """
    ring = np.asarray(at, np.float64)[list(which.ring), :2] - part.origin_xy
    unit = eye_distance(at)
    outward = ring - ring.mean(0)
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-6)
    return soft_polygon(ring + RIM * unit * outward, part.shape, max(RIM * unit, 0.7))


def _blend(picture: U8, region: Region, part: Region, pixels: F32, mask: F32) -> None:
    common = part.shared_with(region)
    if common is None:
        return
    inner = common.slices_in(part)
    view, share = picture[common.slices_in(region)], mask[inner][..., None]
    mixed = view + share * (pixels[inner] - view)
    view[...] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
