"""What credentials say, and what they name as the original."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

Validity = Literal["trusted", "valid", "invalid"]
UNKNOWN: Final = "application/octet-stream"
_BRANDS: Final = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"qt  ": "video/quicktime",
}


@dataclass(frozen=True, slots=True)
class Original:
    """What a result was made from.

    Attributes:
        file: Its bytes, or where they are.
        media_type: Of the file.
    """

    file: bytes | Path
    media_type: str

    @classmethod
    def at(cls, path: Path) -> Original:
        """Return the original in a file."""
        with path.open("rb") as file:
            return cls(path, media_type_of(file.read(32)))


def media_type_of(data: bytes) -> str:
    """Return the media type of a picture or film by its first 32 bytes."""
    if data.startswith(b"\xff\xd8"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG"):
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[:4] == b"GIF8":
        return "image/gif"
    if data[:4] in (b"II*\0", b"MM\0*"):
        return "image/tiff"
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], "video/mp4")
    if data[:4] == b"\x1a\x45\xdf\xa3":
        return "video/matroska"
    return UNKNOWN


@dataclass(frozen=True, slots=True)
class Credentials:
    """The credentials of a file.

    Attributes:
        validity: `trusted`: intact, by a signer that is trusted here; `valid`: intact, by one that
            is not; `invalid`: file or credentials were changed, or belong to other content.
        problems: Codes of C2PA for what is wrong, such as `assertion.dataHash.mismatch`.
        signer: Whose certificate it is: the organisation, or what it has instead.
        signed: When, as a trusted authority has stamped it; None without a stamp.
        generator: The program.
        provenance: What `org.semblant.provenance` says; None if it is no result of ours.
        watermark: The provenance id that the soft binding names; None without one.
        ingredients: Titles of what it was made from.
    """

    validity: Validity
    problems: tuple[str, ...] = ()
    signer: str | None = None
    signed: datetime | None = None
    generator: str | None = None
    provenance: dict[str, Any] | None = field(default=None, hash=False)
    watermark: str | None = None
    ingredients: tuple[str, ...] = ()
