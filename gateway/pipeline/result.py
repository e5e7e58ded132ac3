"""The result of a swap on a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.arrays import F32, U8
from gateway.faces.face import Face
from gateway.pipeline.face.quality import ResultQuality
from gateway.pipeline.options.choices import CLASSICAL, MESH, MORPHABLE
from gateway.processors.base import Patch, Portrait
from gateway.processors.openings import InpaintingSource


@dataclass(frozen=True, slots=True)
class SwappedFace:
    """One face of the result.

    Attributes:
        face: As it was in the target.
        source: Index of the source portrait that was used; None where the person stayed.
        patches: Indices of further portraits, by the part of the face they gave.
        expression: float32 (K + C,), the face's current expression; None where it is unchanged.
        inpainting_sources: Where the inside of eyes and mouth came from, where not from the target.
        reference: Index of the library's entry that was matched, if there was a library.
        notes: Fallbacks that may be visible in the result.
        source_id: The enrolled identity whose portrait `source` and `patches` count; None where
            they count the sources.
        entry: Index of the mapping's entry that named it; None without a mapping.
        quality: How good it is; None where the person stayed.
        enhancer: The enhancer that was applied; None if none was.
        swapper: The swapper that was applied; None where the identity is unchanged.
        restorer: The expression backend that was applied; None if none was.
    """

    face: Face
    source: int | None
    patches: Mapping[Patch, int] = field(default_factory=dict)
    expression: F32 | None = None
    inpainting_sources: Mapping[str, InpaintingSource] = field(default_factory=dict)
    reference: int | None = None
    notes: tuple[Note, ...] = ()
    entry: int | None = None
    source_id: str | None = None
    quality: ResultQuality | None = None
    enhancer: str | None = None
    swapper: str | None = None
    restorer: str | None = None


class Note(StrEnum):
    """Fallbacks applied where the pictures did not show the requested content."""

    MOUTH_INVENTED = "mouth_invented"
    """The mouth opens and no picture shows its inside: a dark hollow was painted."""
    EYE_LEFT_SHUT = "eye_left_shut"
    """An eye should open and no picture shows it open: it stayed shut."""
    SOURCE_EYES_SHUT = "source_eyes_shut"
    """The portrait's eyes are shut, the target's are seen."""
    PORTRAITS_DIFFER = "portraits_differ"
    """The source pictures of the person seem to show several people."""
    LIPS_CLOSED_OVER = "lips_closed_over"
    """The portrait's mouth is open, the result's is not: its lips were closed over."""


WITHOUT_NETWORK = (MESH, MORPHABLE, CLASSICAL)
"""Processors that need no installed network."""
ENTRY_UNMATCHED = "entry_unmatched"
"""An optional entry of the mapping has no match in the target: reported beside notes of faces."""


@dataclass(frozen=True, slots=True, eq=False)
class FusedImage:
    """A fused picture and what happened.

    Attributes:
        image: uint8 (H, W, 3) RGB; outside the changed pixels the target's values, bit
            for bit.
        swapped: The faces that were changed.
        faces: All faces of the target.
        portraits: The face used of each source.
        unmatched: Indices of the mapping's optional entries without a match here.
        frame_enhancer: The frame enhancer that was applied; None if none was.
    """

    image: U8
    swapped: tuple[SwappedFace, ...]
    faces: tuple[Face, ...]
    portraits: tuple[Portrait, ...] = field(repr=False)
    unmatched: tuple[int, ...] = ()
    frame_enhancer: str | None = None

    @property
    def swapper(self) -> str | None:
        """The swappers that were applied; None if none was."""
        return next((face.swapper for face in self.swapped if face.swapper is not None), None)

    @property
    def networks(self) -> list[str]:
        """The installed networks that had a part in it, each once."""
        named = [n for face in self.swapped for n in (face.swapper, face.restorer, face.enhancer)]
        named.append(self.frame_enhancer)
        return list(dict.fromkeys(n for n in named if n is not None and n not in WITHOUT_NETWORK))
