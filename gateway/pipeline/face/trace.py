"""Trace of a face's processing, stage by stage, as pictures: for debugging."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gateway.arrays import F32, U8, Mask
from gateway.imaging.geometry.warp import bounding_region
from gateway.pipeline.face.quality import Subject

_AROUND = 0.4
"""Margin around a portrait's face, in sizes of it."""


class Trace(Protocol):
    """Takes pictures, uint8 (h, w, 3) RGB or (h, w), with a name each."""

    def picture(self, name: str, pixels: U8) -> None:
        """Take one."""
        ...


def trace_layer(trace: Trace, target: U8, shown: U8, subject: Subject) -> None:
    """Pass on what goes into the fusion of a face.

    Args:
        trace: Takes it.
        target: uint8 (H, W, 3) RGB, as it was sent.
        shown: uint8 (H, W, 3) RGB, with the expression the face is to have.
        subject: The face.
    """
    layer, matte, portrait = subject.layer, subject.matte, subject.portrait
    points = portrait.face.landmarks[:, :2]
    margin = _AROUND * float(np.ptp(points, axis=0).max())
    around = bounding_region(points, portrait.image.shape[:2], margin)
    if around is not None:
        trace.picture("source", _copied(around.of(portrait.image)))
    trace.picture("target", _copied(layer.region.of(target)))
    trace.picture("target-expression", _copied(layer.region.of(shown)))
    trace.picture("layer", layer.pixels)
    trace.picture("layer-mask", plane(layer.mask))
    trace.picture("layer-support", plane(layer.support))
    trace.picture("matte", plane(matte.mask))
    trace.picture("target-uncovered", plane(matte.clear))
    trace.picture("skin", plane(matte.skin))


def trace_fused(trace: Trace, canvas: U8, subject: Subject) -> None:
    """Pass on a fused face, and what fusion changed of its layer around middle grey."""
    fused = _copied(subject.layer.region.of(canvas))
    change = fused.astype(np.int16) - subject.layer.pixels + 128
    inside = (subject.matte.mask > 0)[..., None]
    trace.picture("fused", fused)
    trace.picture("correction", np.where(inside, change, 128).clip(0, 255).astype(np.uint8))


def plane(values: F32 | Mask) -> U8:
    """Return a plane (h, w) of 0–1 as levels of grey."""
    return np.asarray(np.rint(np.asarray(values, np.float32) * 255), np.uint8)


def _copied(pixels: NDArray[Any]) -> U8:
    """Return pixels as they are now, unaffected by later painting."""
    return np.array(pixels, np.uint8)
