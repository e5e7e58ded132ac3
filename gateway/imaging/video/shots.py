"""Where one shot of a video ends and another begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gateway.arrays import F32, U8

THUMBNAIL = 64
"""Pixels of the longer side of the pictures that are compared."""
BINS = 6
"""Of the histogram, for each of red, green and blue."""
APART = 0.3
"""Share of the pixels whose colours must be others."""
MOVED = 14.0
"""Mean change of pixels in levels that must come with it."""
SUDDEN = 3.0
"""Ratio of a cut's change to the usual change between frames."""


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """The state kept of a shot.

    Attributes:
        last: uint8 (h, w, 3) RGB, its last frame's thumbnail.
        colors: float32 (BINS³,), that one's histogram, adding up to 1.
        motion: Usual mean change of pixels from frame to frame, in levels.
    """

    last: U8
    colors: F32
    motion: float = 0.0

    @classmethod
    def begun(cls, thumbnail: U8) -> Shot:
        """Begin with a frame's thumbnail (h, w, 3) RGB, a longer side of `THUMBNAIL`."""
        return cls(thumbnail, _colors(thumbnail))

    def next(self, thumbnail: U8) -> tuple[Shot, bool]:
        """Advance to the next thumbnail (h, w, 3); return the shot, and whether it is a new one.

        A cut changes both the layout and the colours, and more than the motion
        before it did; a pan changes only the first, a flash passes.
        """
        if thumbnail.shape != self.last.shape:
            return Shot.begun(thumbnail), True
        colors = _colors(thumbnail)
        change = float(np.abs(thumbnail.astype(np.int16) - self.last).mean())
        apart = float(np.abs(colors - self.colors).sum()) / 2
        if change > max(MOVED, SUDDEN * self.motion) and apart > APART:
            return Shot(thumbnail, colors), True
        return Shot(thumbnail, colors, 0.8 * self.motion + 0.2 * change), False


def _colors(thumbnail: U8) -> F32:
    bins = thumbnail.reshape(-1, 3).astype(np.int32) * BINS >> 8
    counts = np.bincount((bins[:, 0] * BINS + bins[:, 1]) * BINS + bins[:, 2], minlength=BINS**3)
    return np.asarray(counts / counts.sum(), np.float32)
