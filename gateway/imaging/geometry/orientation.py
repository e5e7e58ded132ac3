"""How a stored picture lies: turned by quarters and mirrored, as views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gateway.imaging.geometry.warp import Region

Element = TypeVar("Element", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Orientation:
    """The transform that makes a stored picture upright: swap its axes, then mirror it.

    Attributes:
        swapped: Whether rows become columns.
        down: Whether the upright picture is then mirrored top to bottom.
        across: Whether it is then mirrored left to right.
    """

    swapped: bool = False
    down: bool = False
    across: bool = False

    @classmethod
    def of_matrix(cls, a: int, b: int, c: int, d: int) -> Orientation:
        """Return it for a display matrix, to the nearest quarter turn.

        The stored point (x, y) is shown at (ax + cy, bx + dy), up to a shift (ISO/IEC 14496-12,
        8.3.2).
        """
        if abs(a) + abs(d) < abs(b) + abs(c):
            return cls(swapped=True, down=b < 0, across=c < 0)
        return cls(down=d < 0, across=a < 0)

    def shape(self, stored: tuple[int, int]) -> tuple[int, int]:
        """Return the upright (height, width) of a stored picture's; and the other way round."""
        return (stored[1], stored[0]) if self.swapped else stored

    def upright(self, stored: NDArray[Element]) -> NDArray[Element]:
        """Return the upright view of a stored picture (H, W, …)."""
        turned = stored.swapaxes(0, 1) if self.swapped else stored
        return turned[:: -1 if self.down else 1, :: -1 if self.across else 1]

    def stored(self, upright: NDArray[Element]) -> NDArray[Element]:
        """Return the stored view of an upright picture (H, W, …)."""
        turned = upright[:: -1 if self.down else 1, :: -1 if self.across else 1]
        return turned.swapaxes(0, 1) if self.swapped else turned

    def stored_region(self, region: Region, shape: tuple[int, int]) -> Region:
        """Return where a region of an upright picture of `shape` (height, width) is stored."""
        x0, y0, x1, y1 = region.x0, region.y0, region.x1, region.y1
        if self.across:
            x0, x1 = shape[1] - x1, shape[1] - x0
        if self.down:
            y0, y1 = shape[0] - y1, shape[0] - y0
        return Region(y0, x0, y1, x1) if self.swapped else Region(x0, y0, x1, y1)


UPRIGHT = Orientation()
"""That of a picture which is stored as it is seen."""
