"""Light that is known on a sheet laid over a picture, brought to the grid that fusion works on."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from gateway.arrays import F32

SPREAD_CELLS = 3.0
"""Width over which light is continued beyond the sheet, in cells."""


@dataclass(frozen=True, slots=True, eq=False)
class LightField:
    """Gains on a sheet, and where in it the pixels of a region lie.

    Attributes:
        gains: float32 (m, n, 3), by what red, green and blue are multiplied.
        place: float32 (2, h, w), column and row of each pixel in a sheet of (height, width) `size`;
            0 outside of it.
        size: (height, width) of the sheet that `place` is measured in.
    """

    gains: F32
    place: F32
    size: tuple[int, int]

    def cells(self, reduction: int) -> F32:
        """Return the gains (rows, columns, 3) of cells of `reduction` × `reduction` pixels."""
        height, width = self.place.shape[1:]
        rows = np.minimum(np.arange(0, height, reduction) + reduction // 2, height - 1)
        columns = np.minimum(np.arange(0, width, reduction) + reduction // 2, width - 1)
        place = np.ascontiguousarray(self.place[:, rows[:, None], columns])
        known = np.asarray((place > 0).any(0), np.float32)
        scale = np.array(self.gains.shape[1::-1]) / np.array(self.size[::-1])
        x, y = ((axis + 0.5) * s - 0.5 for axis, s in zip(place, scale, strict=True))
        gains = cv2.remap(
            self.gains,
            x.astype(np.float32),
            y.astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return _continued(np.asarray(gains, np.float32), known)


def _continued(gains: F32, known: F32) -> F32:
    """Return gains (rows, columns, 3) with those that are not known (0) as their neighbours'."""
    stack = np.concatenate([gains * known[..., None], known[..., None]], -1)
    near = cv2.GaussianBlur(stack, (0, 0), SPREAD_CELLS)
    total = stack.sum((0, 1))
    middle = total[:3] / max(float(total[3]), 1e-6) if total[3] else np.ones(3)
    trust = np.float32(1e-3)
    around = (near[..., :3] + trust * middle) / (near[..., 3:] + trust)
    return np.where(known[..., None] > 0, gains, around).astype(np.float32)
