"""The pipeline's view of a video frame, independent of its origin and storage."""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol

from gateway.arrays import U8
from gateway.imaging.geometry.warp import Region
from gateway.imaging.video.planes import Planes


class EditableFrame(Protocol):
    """A frame whose parts are converted only where they are looked at or changed."""

    @property
    def time_s(self) -> Fraction:
        """Seconds from the video's beginning."""
        ...

    @property
    def lead_in(self) -> bool:
        """Whether it is only looked at, so that what follows begins as if it went on."""
        ...

    @property
    def lead_out(self) -> bool:
        """Whether it is only analysed, so that earlier frames end as if the video continued."""
        ...

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width), upright."""
        ...

    def small(self, longest: int) -> U8:
        """Return the whole frame (h, w, 3) RGB, its longer side at most `longest` pixels."""
        ...

    def rgb(self, region: Region, reduction: int = 1) -> U8:
        """Return a region (h, w, 3) RGB, or the means of its squares.

        Args:
            region: A part of the frame.
            reduction: Side of the squares in pixels. If it is not 1, the region's sides and its
                corner are multiples of twice that.
        """
        ...

    def write(self, region: Region, before: U8, after: U8) -> None:
        """Add the difference of two pictures (h, w, 3) of a region; none changes nothing."""
        ...

    def planes(self, *, change: bool) -> Planes:
        """Return the frame as it is stored, its own memory: to `change`, or only to be read."""
        ...
