"""The JSON about libraries of expressions."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from gateway.errors import InvalidOptions
from gateway.faces.morphable.expression import NAMES
from gateway.faces.morphable.library import Match
from gateway.operations.schemas import examples
from gateway.operations.schemas.common import Answer, example
from gateway.operations.schemas.faces import controls
from gateway.pipeline.expressions.enrol import Enrolment, Origin, Reason
from gateway.storage.expressions import ExpressionLibrary, LibraryInfo

_ID = Field(description="`exp_` and 32 hexadecimal digits.", pattern="^exp_[0-9a-f]{32}$")
_CREATED = Field(description="Time of creation: ISO 8601, UTC.")


def prints(text: str) -> str:
    """Check that all letters of a text print, and return it.

    Raises:
        ValueError: one does not.
    """
    if not text.isprintable():
        raise ValueError("it holds letters that do not print")
    return text


class EnrolOptions(BaseModel):
    """Options of a new library. Every one has a default."""

    model_config = ConfigDict(hide_input_in_errors=True, frozen=True, extra="forbid")

    name: Annotated[str, AfterValidator(prints)] = Field(
        "", max_length=100, description="Display name, of printable characters."
    )
    count: int = Field(
        24, ge=1, description="Maximum number of entries; of more, those that differ most are kept."
    )


class MatchRequest(BaseModel):
    """An expression to match."""

    model_config = ConfigDict(
        hide_input_in_errors=True,
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [examples.MATCH_REQUEST]},
    )

    controls: dict[str, Annotated[float, Field(ge=0, le=1, strict=True)]] = Field(
        description="Named controls, each 0–1; those left out have the value of the face at rest."
    )
    last: int | None = Field(
        None,
        ge=0,
        description="The previously chosen entry; it is kept unless another one is clearly nearer.",
    )

    @field_validator("controls")
    @classmethod
    def _known(cls, values: dict[str, float]) -> dict[str, float]:
        unknown = [name for name in values if name not in NAMES]
        if unknown:
            raise InvalidOptions(
                errors=[
                    {"pointer": f"/controls/{_escaped(name)}", "detail": "unknown control"}
                    for name in unknown[:16]
                ]
            )
        return values


class LibraryFigures(Answer):
    """A library without its entries."""

    id: str = _ID
    name: str
    created: str = _CREATED
    size: int = Field(description="Number of entries.")


class LibraryList(Answer):
    """All libraries."""

    model_config = example(examples.LIBRARY_LIST)

    libraries: list[LibraryFigures] = Field(description="The latest first.")


class EntryFigures(Answer):
    """An entry of a library."""

    index: int
    controls: dict[str, float] = Field(description="46 named controls, each 0–1.")
    reliability: float = Field(description="Reliability, 0–1.")


class LibraryBody(Answer):
    """A library and the expressions in it."""

    model_config = example(examples.LIBRARY)

    id: str = _ID
    name: str
    created: str = _CREATED
    entries: list[EntryFigures]


class SkippedFrame(Answer):
    """A picture, or a frame of the video, that became no entry."""

    origin: Origin = Field(description="The form's field: `frame` or `video`.")
    index: int = Field(description="Its number there, from 0.")
    reason: Reason = Field(
        description="`no_face`; `small`, `profile`, `steep` or `unreliable`: its expression is not "
        "known well enough; `alike`: a picture for which `count` left no room."
    )


class NewLibrary(LibraryBody):
    """A new library."""

    model_config = example(examples.NEW_LIBRARY)

    skipped: list[SkippedFrame] = Field(
        description="Inputs that became no entry; of a video only frames whose face could not "
        "be used."
    )
    warnings: list[str] = Field(
        description="`damaged`: a part of the video could not be read; what could be was used."
    )


class LibraryMatch(Answer):
    """The entry of a library that is nearest to an expression."""

    model_config = example(examples.LIBRARY_MATCH)

    index: int = Field(description="Its number in the library, from 0.")
    distance: float = Field(
        description="Mahalanobis distance, by the covariance of all expressions."
    )
    controls: dict[str, float] = Field(description="46 named controls of the entry, each 0–1.")


def library_figures(info: LibraryInfo) -> LibraryFigures:
    """Render a library without its entries."""
    return LibraryFigures(
        id=info.id, name=info.name, created=info.created.isoformat(), size=info.size
    )


def library(kept: ExpressionLibrary) -> LibraryBody:
    """Render a library with its entries."""
    return LibraryBody(
        id=kept.id,
        name=kept.name,
        created=kept.created.isoformat(),
        entries=[
            EntryFigures(
                index=index,
                controls=controls(entry.expression),
                reliability=round(entry.reliability, 4),
            )
            for index, entry in enumerate(kept.entries)
        ],
    )


def new_library(kept: ExpressionLibrary, enrolment: Enrolment, warnings: list[str]) -> NewLibrary:
    """Serialise a newly created library, and the inputs that were skipped."""
    skipped = [
        SkippedFrame(origin=skip.origin, index=skip.index, reason=skip.reason)
        for skip in enrolment.skipped
    ]
    return NewLibrary(**dict(library(kept)), skipped=skipped, warnings=warnings)


def library_match(kept: ExpressionLibrary, match: Match) -> LibraryMatch:
    """Render the entry that was found."""
    return LibraryMatch(
        index=match.index,
        distance=round(match.distance, 4),
        controls=controls(kept.entries[match.index].expression),
    )


def _escaped(name: str) -> str:
    return name[:64].replace("~", "~0").replace("/", "~1")
