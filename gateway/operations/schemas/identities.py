"""The JSON about enrolled identities."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    model_validator,
)

from gateway.operations.schemas import examples
from gateway.operations.schemas.common import Answer, FaceFigures, example, figures
from gateway.operations.schemas.libraries import prints
from gateway.pipeline.enrol_identity import inconsistent_portraits
from gateway.storage.identities import EnrolledIdentity, IdentityInfo
from gateway.trust.consent import MEDIA, Consent, Medium

Purpose = Annotated[str, AfterValidator(prints), Field(min_length=1, max_length=100)]

STATEMENT = examples.STATEMENT
"""What a person agreed to, unless stated otherwise."""


class IdentityOptions(BaseModel):
    """Options of a new identity."""

    model_config = ConfigDict(hide_input_in_errors=True, frozen=True, extra="forbid")

    name: Annotated[str, AfterValidator(prints)] = Field(
        "", max_length=100, description="Display name, of printable characters."
    )
    consent: StrictBool = Field(False, description="Whether the person agreed; must be true.")
    statement: Annotated[str, AfterValidator(prints)] = Field(
        STATEMENT,
        min_length=1,
        max_length=1000,
        description="What the person agreed to, stored with the time; printable characters.",
    )

    subject: Annotated[str, AfterValidator(prints)] = Field(
        "",
        max_length=100,
        description="Reference of the person in your own records; no name.",
    )
    purposes: tuple[Purpose, ...] = Field(
        (),
        max_length=32,
        description="What the face may be used for; requests then have to state one of them "
        "(`consent.purpose`). Default: any.",
    )
    media: tuple[Medium, ...] = Field(
        MEDIA, min_length=1, max_length=3, description="What the face may be put into."
    )
    valid_from: AwareDatetime | None = Field(
        None, description="From when on the consent is valid, ISO 8601 with a time zone."
    )
    valid_until: AwareDatetime | None = Field(
        None, description="Until when. Default: until it is withdrawn."
    )
    evidence_sha256: str = Field(
        "",
        pattern="^([0-9a-f]{64})?$",
        description="SHA-256 of what proves the consent, such as a signed form.",
    )
    protect: StrictBool = Field(
        False, description="Whether the person's face must not be replaced in targets."
    )

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_from >= self.valid_until:
            raise ValueError("`valid_until` must be later than `valid_from`")
        return self

    def record(self, now: datetime) -> Consent:
        """Return the consent that is stated, as of now."""
        return Consent(
            given=now,
            statement=self.statement,
            subject=self.subject,
            purposes=self.purposes,
            media=self.media,
            begins=self.valid_from and self.valid_from.astimezone(UTC),
            ends=self.valid_until and self.valid_until.astimezone(UTC),
            evidence_sha256=self.evidence_sha256,
        )


class ConsentFigures(Answer):
    """The consent of the person."""

    given: str = Field(description="When it was stated: ISO 8601, UTC.")
    statement: str = Field(description="What was stated.")
    subject: str = Field(description="Reference of the person.")
    purposes: list[str] = Field(description="What the face may be used for; empty: anything.")
    media: list[Literal["picture", "video", "live"]] = Field(description="What it may be put into.")
    valid_from: str | None = Field(description="From when on it is valid: ISO 8601, UTC.")
    valid_until: str | None = Field(description="Until when; null: until it is withdrawn.")
    evidence_sha256: str = Field(description="SHA-256 of what proves it.")
    withdrawn: str | None = Field(description="When it was withdrawn; null if it was not.")
    record_sha256: str = Field(
        description="Digest of the record, as credentials of results state it."
    )


class IdentityFigures(Answer):
    """An identity without its portraits."""

    id: str = Field(description="`idn_` and 32 hexadecimal digits.", pattern="^idn_[0-9a-f]{32}$")
    name: str
    created: str = Field(description="When it was enrolled: ISO 8601, UTC.")
    size: int = Field(description="Number of portraits.")
    consent: ConsentFigures
    protected: bool = Field(description="Whether the face must not be replaced in targets.")


class IdentityList(Answer):
    """All identities."""

    model_config = example(examples.IDENTITY_LIST)

    identities: list[IdentityFigures] = Field(description="The latest first.")


class IdentityReport(IdentityFigures):
    """An identity and what is known of its portraits."""

    model_config = example(examples.IDENTITY)

    portraits: list[FaceFigures] = Field(
        description="The face of each portrait, in their order; boxes in the kept crop's pixels."
    )
    inconsistent_portraits: list[int] = Field(
        description="Indices of portraits that seem to show a different person."
    )


def identity_figures(info: IdentityInfo) -> IdentityFigures:
    """Render an identity without its portraits."""
    return IdentityFigures(
        id=info.id,
        name=info.name,
        created=info.created.isoformat(),
        size=info.size,
        consent=_consent(info.consent),
        protected=info.protected,
    )


def _consent(consent: Consent) -> ConsentFigures:
    def told(time: datetime | None) -> str | None:
        return None if time is None else time.isoformat()

    return ConsentFigures(
        given=consent.given.isoformat(),
        statement=consent.statement,
        subject=consent.subject,
        purposes=list(consent.purposes),
        media=list(consent.media),
        valid_from=told(consent.begins),
        valid_until=told(consent.ends),
        evidence_sha256=consent.evidence_sha256,
        withdrawn=told(consent.withdrawn),
        record_sha256=consent.digest(),
    )


def identity_report(kept: EnrolledIdentity) -> IdentityReport:
    """Render an identity with its portraits."""
    return IdentityReport(
        **dict(identity_figures(kept.info)),
        portraits=[FaceFigures(**figures(portrait.face)) for portrait in kept.portraits],
        inconsistent_portraits=inconsistent_portraits(kept) if kept.portraits else [],
    )
