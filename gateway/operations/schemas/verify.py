"""The JSON about the marks of a file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gateway.operations.schemas import examples
from gateway.operations.schemas.common import Answer, example
from gateway.trust.credentials.records import Credentials
from gateway.trust.provenance import id_of
from gateway.trust.verify import VERDICTS, Verification
from gateway.trust.watermark.detect import FoundMark


class MarkFinding(Answer):
    """What became of one kind of mark."""

    mark: Literal["credentials", "metadata", "watermark"] = Field(description="The kind.")
    state: Literal["intact", "untrusted", "altered", "mismatched", "unreadable", "absent"] = Field(
        description="`untrusted`: intact, by a signer not trusted here. `mismatched`: it names "
        "another result than the others do. `unreadable`: it is there, but damaged or another "
        "tenant's."
    )
    detail: str = Field(description="More on it, such as C2PA's codes.")


class CredentialsFigures(Answer):
    """Content credentials (C2PA)."""

    validity: Literal["trusted", "valid", "invalid"] = Field(
        description="`trusted`: intact, by a signer that is trusted here; `valid`: intact, by one "
        "that is not; `invalid`: changed, or another file's."
    )
    problems: list[str] = Field(description="C2PA's codes, such as `assertion.dataHash.mismatch`.")
    signer: str | None = Field(description="Whose certificate it is.")
    signed: str | None = Field(description="When, by a time stamp: ISO 8601.")
    generator: str | None = Field(description="The program.")
    reference: str | None = Field(description="Id of the job or request, if it is ours.")
    consent: str | None = Field(description="The basis that was stated for using the faces.")
    models: list[str] = Field(description="Names of the networks, if it is ours.")
    ingredients: list[str] = Field(description="Titles of what it was made from.")


class MetadataFigures(Answer):
    """What the metadata say."""

    source_type: str | None = Field(description="IPTC's digital source type.")
    producer: str | None = Field(description="`ContentProducer` of the label `AIGC`.")
    produce_id: str | None = Field(description="Its `ProduceID`.")


class WatermarkFigures(Answer):
    """A watermark."""

    provenance_id: str | None = Field(description="What it carries; null if it cannot be read.")
    probability: float = Field(description="That it is no coincidence, 0–1.")
    share: float = Field(
        description="The shorter side over that of the picture that was marked, as seen: less than "
        "1 if it was cropped."
    )
    turn_deg: float = Field(description="By which it was turned, degrees.")


class VerifyReport(Answer):
    """What the marks of a file say."""

    model_config = example(examples.VERIFY_REPORT)

    verdict: Literal["intact", "altered", "mismatched", "stripped", "marked", "unmarked"] = Field(
        description="Of all marks together."
    )
    meaning: str = Field(description="The verdict in words.")
    synthetic: bool = Field(description="Whether any mark says that the file is synthetic.")
    provenance_id: str | None = Field(description="Of the result that they name.")
    findings: list[MarkFinding] = Field(description="One for each kind of mark.")
    credentials: CredentialsFigures | None = Field(description="Null if there are none.")
    metadata: MetadataFigures | None = Field(description="Null if they say nothing.")
    watermarks: list[WatermarkFigures] = Field(description="The surest first.")
    timings_ms: dict[str, float] = Field(description="Milliseconds by stage.")
    request_id: str


def verify_report(
    found: Verification, timings_ms: dict[str, float], request_id: str
) -> VerifyReport:
    """Render what the marks of a file say."""
    origin = found.origin
    metadata = None
    if origin is not None:
        label = origin.label
        metadata = MetadataFigures(
            source_type=origin.source_type,
            producer=None if label is None else label.producer,
            produce_id=None if label is None else label.produce_id,
        )
    return VerifyReport(
        verdict=found.verdict,
        meaning=VERDICTS[found.verdict],
        synthetic=found.synthetic,
        provenance_id=found.provenance_id,
        findings=[
            MarkFinding(mark=one.mark, state=one.state, detail=one.detail) for one in found.findings
        ],
        credentials=None if found.credentials is None else _credentials(found.credentials),
        metadata=metadata,
        watermarks=[_watermark(mark) for mark in found.watermarks],
        timings_ms=timings_ms,
        request_id=request_id,
    )


def _credentials(found: Credentials) -> CredentialsFigures:
    ours = found.provenance or {}
    consent = ours.get("consent")
    models = ours.get("models")
    return CredentialsFigures(
        validity=found.validity,
        problems=list(found.problems),
        signer=found.signer,
        signed=None if found.signed is None else found.signed.isoformat(),
        generator=found.generator,
        reference=str(ours["reference"]) if "reference" in ours else None,
        consent=str(consent.get("basis", "")) if isinstance(consent, dict) else None,
        models=[
            str(one.get("name"))
            for one in (models if isinstance(models, list) else [])
            if isinstance(one, dict)
        ],
        ingredients=list(found.ingredients),
    )


def _watermark(mark: FoundMark) -> WatermarkFigures:
    return WatermarkFigures(
        provenance_id=None if mark.number is None else id_of(mark.number),
        probability=round(mark.probability, 9),
        share=round(mark.share, 4),
        turn_deg=round(mark.turn_deg, 2),
    )
