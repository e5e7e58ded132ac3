"""What the marks of a file say together: what is intact, what was changed, what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from gateway.trust.credentials.records import Credentials
from gateway.trust.provenance import id_of
from gateway.trust.watermark.detect import FoundMark
from gateway.trust.xmp import StatedOrigin

Verdict = Literal["intact", "altered", "mismatched", "stripped", "marked", "unmarked"]
Mark = Literal["credentials", "metadata", "watermark"]
State = Literal["intact", "untrusted", "altered", "mismatched", "unreadable", "absent"]

_SYNTHETIC: Final = ("TrainedAlgorithmicMedia", "trainedAlgorithmicMedia", "algorithmicMedia")
VERDICTS: Final[dict[Verdict, str]] = {
    "intact": "The credentials are intact and fit the file: it is as it was signed.",
    "altered": "File or credentials were changed after it was signed, or the credentials are those "
    "of another file.",
    "mismatched": "The marks name different results: some of them come from another file.",
    "stripped": "Only the watermark is left: the file was converted, or its metadata were removed.",
    "marked": "The file says that it is synthetic, but nothing proves who said so.",
    "unmarked": "There is no mark. That does not prove that the file is no synthetic one.",
}
"""What each verdict means."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one kind of mark.

    Attributes:
        mark: The kind.
        state: `intact`; `untrusted`, intact by a signer not trusted here; `altered`; `mismatched`,
            it names another result than the others do; `unreadable`, it is there, but damaged or
            another tenant's; `absent`.
        detail: More on it, such as C2PA's codes.
    """

    mark: Mark
    state: State
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """What the marks of a file say.

    Attributes:
        verdict: Of all of them together; see `VERDICTS`.
        synthetic: Whether any of them says that the file is synthetic.
        provenance_id: Of the result that they name; None if none does, or they disagree.
        findings: One for each kind of mark.
        credentials: Content credentials; None if there are none.
        origin: What the metadata say; None if they say nothing.
        watermarks: Those found, the surest first.
    """

    verdict: Verdict
    synthetic: bool
    provenance_id: str | None
    findings: tuple[Finding, ...]
    credentials: Credentials | None
    origin: StatedOrigin | None
    watermarks: tuple[FoundMark, ...]


def judged(
    credentials: Credentials | None, origin: StatedOrigin | None, watermarks: Sequence[FoundMark]
) -> Verification:
    """Return what the marks of a file say together.

    Args:
        credentials: As they were read; None if there are none.
        origin: What the metadata say; None if nothing.
        watermarks: Those found, the surest first.
    """
    marked = [id_of(mark.number) for mark in watermarks if mark.number is not None]
    signed = None if credentials is None else _signed_id(credentials)
    stated = None if origin is None or origin.label is None else origin.label.produce_id
    bound = None if credentials is None else credentials.watermark
    # Where a result was made from another one, its own mark is among several.
    off_mark = bool(bound is not None and marked and bound not in marked)
    off_text = bool(signed is not None and stated is not None and stated != signed)
    loose_text = bool(signed is None and stated is not None and marked and stated not in marked)
    findings = (
        _of_credentials(credentials),
        _of_metadata(origin, mismatched=off_text or loose_text),
        _of_watermark(watermarks, marked, mismatched=off_mark),
    )
    named = {signed, stated} - {None} or set(marked[:1])
    mismatched = off_mark or off_text or loose_text
    return Verification(
        _verdict(credentials, origin, watermarks, mismatched=mismatched),
        bool(watermarks) or _says_synthetic(credentials, origin),
        next(iter(named)) if len(named) == 1 else None,
        findings,
        credentials,
        origin,
        tuple(watermarks),
    )


def _signed_id(credentials: Credentials) -> str | None:
    if credentials.provenance is None:
        return None
    found = credentials.provenance.get("id")
    return found if isinstance(found, str) else None


def _says_synthetic(credentials: Credentials | None, origin: StatedOrigin | None) -> bool:
    if credentials is not None and credentials.provenance is not None:
        return True
    if origin is None:
        return False
    stated = origin.source_type or ""
    return origin.label is not None or stated.endswith(_SYNTHETIC)


def _verdict(
    credentials: Credentials | None,
    origin: StatedOrigin | None,
    watermarks: Sequence[FoundMark],
    *,
    mismatched: bool,
) -> Verdict:
    if credentials is not None and credentials.validity == "invalid":
        return "altered"
    if mismatched:
        return "mismatched"
    if credentials is not None:
        return "intact"
    if origin is not None and _says_synthetic(None, origin):
        return "marked"
    return "stripped" if watermarks else "unmarked"


def _of_credentials(credentials: Credentials | None) -> Finding:
    if credentials is None:
        return Finding("credentials", "absent")
    if credentials.validity == "invalid":
        return Finding("credentials", "altered", ", ".join(credentials.problems))
    trusted = credentials.validity == "trusted"
    return Finding("credentials", "intact" if trusted else "untrusted", credentials.signer or "")


def _of_metadata(origin: StatedOrigin | None, *, mismatched: bool) -> Finding:
    if origin is None:
        return Finding("metadata", "absent")
    detail = "" if origin.label is None else f"AIGC of {origin.label.producer}"
    return Finding("metadata", "mismatched" if mismatched else "intact", detail)


def _of_watermark(
    watermarks: Sequence[FoundMark], marked: Sequence[str], *, mismatched: bool
) -> Finding:
    if not watermarks:
        return Finding("watermark", "absent")
    if not marked:
        return Finding("watermark", "unreadable", "damaged, or another tenant's")
    return Finding("watermark", "mismatched" if mismatched else "intact", ", ".join(marked))
