"""The JSON about enrolled identities."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool

from gateway.operations.schemas import examples
from gateway.operations.schemas.common import Answer, FaceFigures, example, figures
from gateway.operations.schemas.libraries import prints
from gateway.pipeline.enrol_identity import inconsistent_portraits
from gateway.storage.identities import EnrolledIdentity, IdentityInfo

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


class ConsentFigures(Answer):
    """The consent of the person."""

    given: str = Field(description="When it was stated: ISO 8601, UTC.")
    statement: str = Field(description="What was stated.")


class IdentityFigures(Answer):
    """An identity without its portraits."""

    id: str = Field(description="`idn_` and 32 hexadecimal digits.", pattern="^idn_[0-9a-f]{32}$")
    name: str
    created: str = Field(description="When it was enrolled: ISO 8601, UTC.")
    size: int = Field(description="Number of portraits.")
    consent: ConsentFigures


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
        consent=ConsentFigures(
            given=info.consent.given.isoformat(), statement=info.consent.statement
        ),
    )


def identity_report(kept: EnrolledIdentity) -> IdentityReport:
    """Render an identity with its portraits."""
    return IdentityReport(
        **dict(identity_figures(kept.info)),
        portraits=[FaceFigures(**figures(portrait.face)) for portrait in kept.portraits],
        inconsistent_portraits=inconsistent_portraits(kept),
    )
