"""What a result is marked with: the visible label, and the watermark that carries its number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from gateway.arrays import U8
from gateway.imaging.video.planes import Planes, Samples, put_back, rgb_of
from gateway.trust.label import Label
from gateway.trust.watermark.embed import FilmMarker, marked
from gateway.trust.watermark.grid import can_be_marked
from gateway.trust.watermark.pattern import WatermarkKey

Watermark = Literal["off", "face", "frame"]
TOO_SMALL = "too_small_for_watermark"
"""Note: the picture is too small to carry a watermark."""


class Frame(Protocol):
    """A frame of a film that is about to be encoded."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width, upright, in pixels."""
        ...

    @property
    def before(self) -> Samples | None:
        """The first plane as it was before anything changed; None if nothing did."""
        ...

    def planes(self, *, change: bool) -> Planes:
        """Return its planes."""
        ...


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one result.

    Attributes:
        number: What the watermark carries, 48 bits.
        key: By which it can be read; None if there is none.
        watermark: Where pixels may change for it: nowhere, where the face was changed, anywhere.
        label: The visible label; None is none.
    """

    number: int
    key: WatermarkKey | None
    watermark: Watermark = "frame"
    label: Label | None = None

    def on_picture(self, result: U8, target: U8) -> U8:
        """Return a picture with its marks.

        Args:
            result: uint8 (H, W, 3) RGB.
            target: What it was made from. If it has another size, all of it counts as changed.
        """
        if self.label is not None:
            result = self.label.on(result)
        if self.key is None:
            return result
        where = None
        if self.watermark == "face" and result.shape == target.shape:
            where = (result != target).any(2)
        return marked(result, self.key, self.number, where=where)

    def notes(self, shape: tuple[int, int]) -> tuple[str, ...]:
        """Return what cannot be done to a picture of a height and width in pixels."""
        return (TOO_SMALL,) if self.key is not None and not can_be_marked(shape) else ()

    def film(self) -> FilmMarks:
        """Return what marks the frames of a part of a film, in their order."""
        return FilmMarks(self)


class FilmMarks:
    """Marks the frames of a part of a film."""

    def __init__(self, marks: Marks) -> None:
        """Take what they are marked with."""
        self._marks = marks
        self._marker = None if marks.key is None else FilmMarker(marks.key, marks.number)

    @property
    def needs_before(self) -> bool:
        """Whether frames have to remember what they were."""
        return self._marks.watermark == "face"

    def mark(self, frame: Frame, time_s: float, *, cut: bool = False) -> None:
        """Mark a frame.

        Args:
            frame: Changed in place.
            time_s: Seconds since the film's beginning, as it will be seen.
            cut: Whether it begins a shot.
        """
        label = self._marks.label
        if label is not None and (label.seconds is None or time_s < label.seconds):
            planes = frame.planes(change=True)
            part = label.region(frame.shape)
            ground = rgb_of(planes, part)
            put_back(planes, part, ground, label.drawn(ground, frame.shape))
        if self._marker is None:
            return
        before = frame.before
        if self.needs_before and before is None:
            return
        self._marker.mark(
            frame.planes(change=True),
            cut=cut,
            before=before if self.needs_before else None,
        )
