"""Pictures of one hue, such as grey ones or sepia: their luma alone determines their chroma."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from gateway.arrays import F32, U8

FEW, SAMPLES = 256, 4096
"""Pixels that suffice to recognise most colour pictures, and those examined otherwise."""
BLOCK = 32
"""Pixels of the side of a block that is of one hue or not."""
BIN = 8
"""Levels of luma whose chroma is taken together."""
SPREAD = 9.0
"""Levels by which the chroma of 98 % of a picture of one hue departs from its prediction by luma,
at
most: what scanning and compression do. Colour portraits depart by 30 and more."""
SHARE = 98.0
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class HueLine:
    """The colours of a picture of one hue.

    Attributes:
        offsets: float32 (256, 3), what R, G and B are beyond the luma, by that.
    """

    offsets: F32

    def holds(self, rgb: U8) -> bool:
        """Return whether pixels (…, 3) of the picture, such as a face, lie on the line.

        A picture may have one hue but for a small part.
        """
        return _lie_on(self.offsets, rgb.reshape(-1, 3))

    def restored(self, rgb: U8, original: U8) -> U8:
        """Return a changed picture (H, W, 3) with the line's chroma, where the original has it.

        Args:
            rgb: The picture, at any scale.
            original: uint8 (h, w, 3) RGB, whose line it is. Blocks of it that have other colours
                keep those of the changed picture.
        """
        rows, columns = (range(0, side, BLOCK) for side in original.shape[:2])
        held = np.array(
            [[self.holds(original[y : y + BLOCK, x : x + BLOCK]) for x in columns] for y in rows],
            np.uint8,
        )
        if held.all():
            return self.brought(rgb)
        (height, width), (h, w) = rgb.shape[:2], original.shape[:2]
        y = np.minimum(np.arange(height) * h // height, h - 1) // BLOCK
        x = np.minimum(np.arange(width) * w // width, w - 1) // BLOCK
        # Blocks beside one of other colours keep theirs, too: it may begin there.
        near = cv2.erode(held, np.ones((3, 3), np.uint8))
        return np.where(near[y[:, None], x][..., None] > 0, self.brought(rgb), rgb)

    def brought(self, rgb: U8) -> U8:
        """Return pixels (…, 3) with the luma they have and the chroma of the line."""
        luma = rgb @ _LUMA
        if not self.offsets.any():
            grey = np.rint(luma).astype(np.uint8)
            return np.repeat(grey[..., None], 3, axis=-1)
        levels = np.rint(luma).astype(np.intp)
        colors = np.rint(luma[..., None] + self.offsets[levels])
        return np.asarray(np.clip(colors, 0, 255), np.uint8)


def hue_line(rgb: U8) -> HueLine | None:
    """Return the line that all colours of a picture (H, W, 3) lie on; None of a colour picture."""
    pixels = rgb.reshape(-1, 3)
    few = _line(pixels[:: max(1, len(pixels) // FEW)])
    return few and _line(pixels[:: max(1, len(pixels) // SAMPLES)])


def _line(pixels: U8) -> HueLine | None:
    """Return the line that pixels (N, 3) lie on, if they do."""
    if not len(pixels):
        return None
    chroma = np.ptp(pixels.astype(np.int16), axis=1)
    if chroma.max() == 0:
        return HueLine(np.zeros((256, 3), np.float32))
    luma = pixels @ _LUMA
    beyond = pixels - luma[:, None]
    offsets = _by_luma(luma, beyond)
    if not _lie_on(offsets, pixels):
        return None
    # Chroma that rounding alone makes is none.
    return HueLine(np.zeros((256, 3), np.float32) if np.abs(offsets).max() < 1 else offsets)


def _lie_on(offsets: F32, pixels: U8) -> bool:
    luma = pixels @ _LUMA
    beyond = pixels - luma[:, None]
    departures = np.abs(beyond - offsets[np.rint(luma).astype(np.intp)]).max(axis=1)
    return bool(np.percentile(departures, SHARE) <= SPREAD)


def _by_luma(luma: F32, beyond: F32) -> F32:
    """Return the median (256, 3) of what colours (N, 3) are beyond lumas (N,), by luma."""
    bins = (luma / BIN).astype(np.intp)
    counts = np.bincount(bins)
    used = np.flatnonzero(counts)
    size = counts[used]
    first = np.cumsum(size) - size
    centres = np.bincount(bins, luma)[used] / size
    levels = np.arange(256, dtype=np.float32)
    columns = []
    for channel in beyond.T:
        ordered = channel[np.lexsort((channel, bins))]
        medians = (ordered[first + (size - 1) // 2] + ordered[first + size // 2]) / 2
        columns.append(np.interp(levels, centres, medians))
    return np.stack(columns, axis=1).astype(np.float32)
