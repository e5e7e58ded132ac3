"""Running the imaging code once, so that no caller waits for its kernels to be compiled."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gateway.arrays import U8
from gateway.faces.assess import assess
from gateway.faces.morphable.expression import from_names
from gateway.faces.morphable.fit import fit_landmarks
from gateway.faces.occlusion import departures
from gateway.faces.topology import FACE_OVAL, topology
from gateway.imaging.blend.fuse import fuse
from gateway.imaging.enhance.deblock import Damage
from gateway.imaging.enhance.degradation import Condition, condition_of
from gateway.imaging.enhance.frame import luma_of, restore_planes
from gateway.imaging.enhance.tiles import TileCanvas, Tiling, spans_of
from gateway.imaging.metrics.comparison import ComparedRegion, compare
from gateway.imaging.video.planes import Coding, Planes
from gateway.processors.base import Portrait
from gateway.processors.expression_restorer import Performance, restore_expression
from gateway.processors.face_enhancer import enhance_classically
from gateway.processors.face_swapper import SwapSettings, swap_layer
from gateway.processors.masks import matte_of
from gateway.processors.openings import Donor, InpaintingSource
from gateway.trust.watermark.embed import FilmMarker, marked
from gateway.trust.watermark.pattern import WatermarkKey

_SIDE = 256


def warm_up() -> None:
    """Swap the mean face with itself and let it smile: seconds when new, else a fraction."""
    for _ in steps():
        pass


def steps() -> Iterator[None]:
    """Do the same in steps, so that a caller can leave it between two of them."""
    picture = np.random.default_rng(0).integers(0, 256, (_SIDE, _SIDE, 3), dtype=np.uint8)
    landmarks = topology().mean.astype(np.float64) * (_SIDE / 4) + [_SIDE / 2, _SIDE / 2, 0]
    fit = fit_landmarks(landmarks[None], np.full((1, 2), float(_SIDE)))
    face = assess(
        landmarks, fit, score=1.0, presence=1.0, crop=picture[:192, :192], shape=(_SIDE, _SIDE)
    )
    layer = swap_layer(picture, face, Portrait(picture, face), SwapSettings())
    assert layer is not None
    yield
    view = np.ascontiguousarray(layer.region.of(picture))
    departures(picture, face.landmarks)
    yield
    fused = fuse(view, layer.pixels, matte_of(layer), unit_px=_SIDE / 4)
    yield
    outline = face.landmarks[list(FACE_OVAL), :2] - layer.region.origin_xy
    compare(fused, view, ComparedRegion(layer.mask, layer.skin, outline, _SIDE / 2, _SIDE / 4))
    yield
    enhance_classically(picture, face, layer.region, layer.mask)
    yield
    _restore(picture)
    yield
    _join()
    yield
    _mark(picture)
    yield
    opened = from_names({"jawOpen": 1.0, "mouthSmileLeft": 1.0})
    seen_in = Donor(picture, face.landmarks, InpaintingSource.SOURCE)
    restore_expression(picture, face, Performance(opened, seen_in=seen_in, donors=[seen_in]))


def _mark(picture: U8) -> None:
    """Mark a picture and a video's frame of either depth."""
    key = WatermarkKey(bytes(32), bytes(32))
    marked(picture, key, 0)
    for kind in (np.uint8, np.uint16):
        luma = np.ascontiguousarray(picture[..., 0].astype(kind))
        FilmMarker(key, 0).mark(Planes(luma, None, luma.shape, coding=Coding(8 * luma.itemsize)))


def _join() -> None:
    """Lay down one tile."""
    (span,) = spans_of(4, Tiling(8, 1, 2, 1))
    canvas = TileCanvas([span], [span], 1)
    canvas.add(span, span, np.zeros((3, 8, 8), np.float32))
    canvas.finished()


def _restore(picture: U8) -> None:
    """Restore a picture, and a video's frame with and without blocks."""
    red, green, blue = (np.ascontiguousarray(picture[..., k]) for k in range(3))
    still = Planes(green, (blue, red), green.shape, coding=Coding(8, full=True, matrix="identity"))
    frame = Planes(green, None, green.shape)
    for planes in (still, frame):
        luma, coding = luma_of(planes)
        condition_of(luma, planes.size, coding)
        for grid in (None, (7, 7)):
            restore_planes(planes, Condition(Damage(1.0, 4.0, grid), 2.0), 1.0)
