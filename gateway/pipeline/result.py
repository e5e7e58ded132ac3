"""What a swap has made of a picture."""

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
        expression: float32 (K + C,), what the face shows now; None where it was left alone.
        inpainting_sources: Where the inside of eyes and mouth came from, where not from the target.
        reference: Index of the library's entry that was matched, if there was a library.
        notes: What may be seen in the result.
        source_id: The enrolled identity whose portrait `source` and `patches` count; None where
            they count the sources.
        entry: Index of the mapping's entry that named it; None without a mapping.
        quality: How good it is; None where the person stayed.
        enhancer: Who made it clearer; None where nobody did.
        swapper: Who swapped it; None where the person stayed.
        restorer: Who gave it an expression; None where nobody did.
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
    """What was done where the pictures did not show what was requested."""

    MOUTH_INVENTED = "mouth_invented"
    """The mouth opens and nobody shows its inside: a dark hollow was painted."""
    EYE_LEFT_SHUT = "eye_left_shut"
    """An eye should open and nobody shows it open: it stayed shut."""
    SOURCE_EYES_SHUT = "source_eyes_shut"
    """The portrait's eyes are shut, the target's are seen."""
    LIPS_CLOSED_OVER = "lips_closed_over"
    """The portrait's mouth is open, the result's is not: its lips were closed over."""


WITHOUT_NETWORK = (MESH, MORPHABLE, CLASSICAL)
"""Who needs no network that is installed."""
ENTRY_UNMATCHED = "entry_unmatched"
"""An optional entry of the mapping means nobody in the target: told beside notes of faces."""


@dataclass(frozen=True, slots=True, eq=False)
class FusedImage:
    """A fused picture and what happened.

    Attributes:
        image: uint8 (H, W, 3) RGB; outside what was changed the target's values, bit
            for bit.
        swapped: The faces that were changed.
        faces: All faces of the target.
        portraits: The face used of each source.
        unmatched: Indices of the mapping's optional entries without a match here.
        frame_enhancer: Who made all of the picture clearer; None if nobody did.
    """

    image: U8
    swapped: tuple[SwappedFace, ...]
    faces: tuple[Face, ...]
    portraits: tuple[Portrait, ...] = field(repr=False)
    unmatched: tuple[int, ...] = ()
    frame_enhancer: str | None = None

    @property
    def swapper(self) -> str | None:
        """Who swapped faces; None if nobody did."""
        return next((face.swapper for face in self.swapped if face.swapper is not None), None)

    @property
    def networks(self) -> list[str]:
        """The pulled networks that had a part in it, each once."""
        named = [n for face in self.swapped for n in (face.swapper, face.restorer, face.enhancer)]
        named.append(self.frame_enhancer)
        return list(dict.fromkeys(n for n in named if n is not None and n not in WITHOUT_NETWORK))
