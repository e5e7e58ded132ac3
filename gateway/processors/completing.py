"""What one portrait does not show of a face, put in from others, or from its own other side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gateway.arrays import F32, U8, Mask
from gateway.faces.regions import distance_to_outline
from gateway.faces.topology import N_MESH, neighbour_mean, topology
from gateway.imaging.blend.composite import composite
from gateway.imaging.color.lut import transfer_cube
from gateway.imaging.color.transfer import lab_statistics, statistics_transfer
from gateway.imaging.geometry.raster import rasterise, vertex_visibility
from gateway.imaging.geometry.warp import Region, remap
from gateway.imaging.masks.soft import sampled
from gateway.processors.base import Portrait
from gateway.processors.kept import Kept
from gateway.processors.openings import LEFT, MOUTH, RIGHT, lids_meet, put_inside
from gateway.processors.textures import Textures

HIDDEN_BELOW, SEEN_ABOVE = -0.08, 0.15
"""Cosines to the view: skin that turns away further has too few pixels to be carried."""
LACKING, LACKING_SHARE = 0.1, 0.002
"""From where on something lacks in a portrait, and of how much of the region that is worth a look
at another one."""
COMPARED = 4096
"""Pixels that are enough to compare two portraits' colours by."""


def complete(
    pixels: U8,
    portraits: Sequence[tuple[Portrait, F32]],
    vertices: F32,
    support: F32,
    place: F32,
    textures: Textures,
) -> None:
    """Put what the first portrait lacks into its warped pixels (h, w, 3), in place.

    Args:
        pixels: uint8 (h, w, 3) RGB of the first.
        portraits: The first, then those that may help out, the best first; each with how well
            it and the result show every landmark, (468,), see `well_seen`.
        vertices: float32 (478, 3), where the landmarks lie in `pixels`.
        support: float32 (h, w), how far they show the face, 0–1.
        place: float32 (2, h, w), columns and rows in the atlas.
        textures: Where the portraits' come from.
    """
    (first, own), *rest = portraits
    better = np.max([seen for _, seen in rest], axis=0) - own
    if textures.shown(first).bare is None and better.max() <= LACKING:
        return
    # What the result hides itself is not to be looked for elsewhere.
    visible = vertex_visibility(vertices[:N_MESH], topology().triangles)
    every = np.column_stack([np.where(visible, seen, 1) for _, seen in portraits])
    shown = rasterise(vertices[:N_MESH], topology().triangles, every, support.shape)
    known = np.asarray(shown[0] * _bare(first, place, textures), np.float32)
    for (other, _), plane in zip(rest, shown[1:], strict=True):
        if not _lacks(support * (1 - known)):
            return
        theirs = np.asarray(plane * _bare(other, place, textures), np.float32)
        share = support * np.maximum(theirs - known, 0)
        if _lacks(share):
            put_portrait(pixels, other, vertices, share, support * known, textures)
            known = np.maximum(known, theirs)


def _lacks(share: F32) -> bool:
    return bool(np.count_nonzero(share > LACKING) > LACKING_SHARE * share.size)


def own_openings(vertices: F32, places: F32, kept: Kept, x: F32, y: F32) -> None:
    """Put where the source's own eyes and mouth are into maps (h, w) that are ours to change.

    Args:
        vertices: float32 (478, 3), where the landmarks lie in the maps.
        places: float32 (478, 3), where they lie in the source's texture.
        kept: What is the target's.
        x: float32 (h, w), columns in the texture.
        y: float32 (h, w), rows.
    """
    region = Region(0, 0, x.shape[1], x.shape[0])
    for which, share in ((RIGHT, kept.right), (LEFT, kept.left), (MOUTH, kept.mouth)):
        if share < 1 and not lids_meet(which, vertices):
            put_inside(which, places, vertices, region, x, y)


def _bare(portrait: Portrait, place: F32, textures: Textures) -> F32 | float:
    """Return how surely (h, w) a portrait shows its face at places (2, h, w) of the atlas."""
    bare = textures.shown(portrait).bare
    return 1.0 if bare is None else sampled(bare, place)


def put_portrait(
    pixels: U8, portrait: Portrait, vertices: F32, share: F32, own: F32, textures: Textures
) -> None:
    """Blend another portrait's face into warped pixels (h, w, 3) that are ours to change.

    Its colours are brought to theirs by what both show.

    Args:
        pixels: uint8 (h, w, 3), changed in place.
        portrait: The other portrait of the person.
        vertices: float32 (478, 3), where the landmarks lie in `pixels`.
        share: float32 (h, w), how much of it is to be seen, 0–1.
        own: float32 (h, w), how far the pixels are known already.
        textures: Where the portrait's comes from.
    """
    texture = textures.of(portrait, vertices[:N_MESH])
    places = texture.places(portrait.face.landmarks)
    x, y = rasterise(
        vertices[:N_MESH], topology().triangles, places[:N_MESH, :2].copy(), share.shape
    )
    own_openings(vertices, places, Kept(0, 0, 1), x, y)
    other = remap(texture.pixels, x, y, smooth=False)
    common = np.flatnonzero((own > 0.5) & (share < 0.95))
    common = common[:: max(1, len(common) // COMPARED)]
    mine, lent = (lab_statistics(one.reshape(-1, 3)[common]) for one in (pixels, other))
    cube = None
    if mine is not None and lent is not None:
        cube = transfer_cube(statistics_transfer(lent, mine))
    pixels[...] = composite(pixels, other, share, cube=cube)


def well_seen(facing: F32, visible: Mask) -> F32:
    """Return how well each landmark (468,) is seen, 0–1.

    Near the outline a landmark must face the viewer; further inside (under the nose, in the corners
    of the eyes) it is enough that nothing lies before it.

    Args:
        facing: float32 (468,), cosine of the angle to the view.
        visible: bool (468,), that nothing of the face hides it.
    """
    squarely = (facing - HIDDEN_BELOW) / (SEEN_ABOVE - HIDDEN_BELOW)
    inner = (distance_to_outline() - 0.5) / 0.3
    seen = np.clip(np.maximum(squarely, inner), 0, 1) * visible
    # One that is hidden alone among its neighbours (a nostril's rim) would only be a speck.
    return np.asarray(np.maximum(seen, neighbour_mean(seen)), np.float32)
