"""A picture that is painted on, and can be put back as it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from gateway.arrays import U8
from gateway.imaging.geometry.warp import Region
from gateway.imaging.monochrome import hue_line


@dataclass(frozen=True, slots=True, eq=False)
class Stroke:
    """One change.

    Attributes:
        region: Where.
        pixels: uint8 (h, w, 3) RGB, the current pixels.
        before: uint8 (h, w, 3) RGB, the original pixels.
    """

    region: Region
    pixels: U8
    before: U8


class UndoCanvas:
    """A picture that is changed part by part; the original is kept, part by part.

    One without colour, or of one hue as sepia, stays so, whichever pixels are painted on it; a part
    of other colours is no such picture.

    Attributes:
        image: uint8 (H, W, 3) RGB, as it is now; to be read only.
    """

    def __init__(self, image: U8) -> None:
        """Begin with a copy of a picture (H, W, 3)."""
        self.image = image.copy()
        self._original, self._hue = image, hue_line(image)
        self._strokes: list[Stroke] = []

    def paint(self, region: Region, pixels: U8) -> None:
        """Put pixels (h, w, 3), which stay as they are from now on, into a region."""
        view = region.of(self.image)
        if self._hue is not None and self._hue.holds(
            np.asarray(region.of(self._original), np.uint8)
        ):
            pixels = np.where(
                (pixels != view).any(2, keepdims=True), self._hue.brought(pixels), view
            )
        self._strokes.append(Stroke(region, pixels, np.array(view, np.uint8)))
        view[...] = pixels

    def mark(self) -> int:
        """Return the present moment, to come back to."""
        return len(self._strokes)

    def since(self, mark: int) -> list[Stroke]:
        """Return the changes painted since a moment, in that order."""
        return self._strokes[mark:]

    def back_to(self, mark: int) -> None:
        """Put everything back as it was at a moment."""
        for stroke in reversed(self._strokes[mark:]):
            stroke.region.of(self.image)[...] = stroke.before
        del self._strokes[mark:]

    def repeat(self, strokes: Iterable[Stroke]) -> None:
        """Repaint earlier changes."""
        for stroke in strokes:
            self.paint(stroke.region, stroke.pixels)

    def was(self, mark: int, region: Region) -> U8:
        """Return a region (h, w, 3) as it was at a moment."""
        pixels = np.array(region.of(self.image), np.uint8)
        for stroke in reversed(self._strokes[mark:]):
            shared = stroke.region.shared_with(region)
            if shared is not None:
                pixels[shared.slices_in(region)] = stroke.before[shared.slices_in(stroke.region)]
        return pixels
