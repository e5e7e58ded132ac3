"""What a caller may ask for: one model, the same fields in HTTP, gRPC, SDK and CLI."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import combinations
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from gateway.errors import InvalidOptions, UnknownModel
from gateway.faces.morphable.expression import ALL_REGIONS, Region, from_names
from gateway.faces.selection import Order
from gateway.storage import expressions, identities

SWAPPER_MODELS = ("mesh",)
_IDENTITY = f"^{identities.ID.pattern}$"

Model = TypeVar("Model", bound=BaseModel)


class _Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FaceSelector(_Options):
    """Which faces of the target are meant."""

    mode: Literal["one", "many", "reference"] = Field(
        "one",
        description="`one` face, `many` (all of them), or those that look like the `reference` "
        "picture.",
    )
    order: Order = Field("large-small", description="Order of the faces, for `position`.")
    position: int = Field(
        0, ge=0, le=255, description="With `one`: which face in that order, from 0."
    )
    reference_distance: float = Field(
        0.6,
        gt=0,
        le=2,
        description="With `reference`: greatest distance of descriptors that is one person.",
    )


MEANT_BY = ("position", "reference", "identity")
"""How an entry of a mapping says who is meant."""


class MappingEntry(_Options):
    """One person, and who in the target gets that person's face."""

    sources: tuple[Annotated[int, Field(ge=0, le=255)], ...] = Field(
        (),
        max_length=64,
        description="Which `source` pictures, from 0, are portraits of the person.",
    )
    source_id: str | None = Field(
        None, pattern=_IDENTITY, description="The enrolled identity that the person is."
    )
    position: int | None = Field(
        None, ge=0, le=255, description="The face of that place in `face_selector.order`, from 0."
    )
    reference: int | None = Field(
        None,
        ge=0,
        le=255,
        description="The face most like that `reference` picture, from 0, within "
        "`face_selector.reference_distance`.",
    )
    identity: str | None = Field(
        None,
        pattern=_IDENTITY,
        description="The face most like that enrolled identity, within "
        "`face_selector.reference_distance`.",
    )
    optional: bool = Field(
        False, description="If nobody in the target is meant, say so instead of failing."
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if bool(self.sources) == (self.source_id is not None):
            raise ValueError("exactly one of `sources` and `source_id` is needed")
        if len(set(self.sources)) < len(self.sources):
            raise ValueError("`sources` names a picture twice")
        if sum(getattr(self, name) is not None for name in MEANT_BY) != 1:
            raise ValueError("exactly one of `position`, `reference` and `identity` is needed")
        return self


class DetectorOptions(_Options):
    """How hard to look for faces."""

    min_score: float = Field(0.5, ge=0.05, le=1, description="Least confidence of a detection.")
    angles: tuple[Literal[90, 180, 270], ...] = Field(
        (), max_length=3, description="Degrees by which the picture may lie on its side."
    )
    thorough: bool | None = Field(
        None,
        description="Look for small faces even if a large one was found. Default: unless "
        "only the largest is wanted.",
    )


class MaskOptions(_Options):
    """Where the new face ends."""

    blur: float = Field(
        0.3, ge=0.02, le=1, description="Width of the soft edge, in distances between the eyes."
    )
    padding: float = Field(
        0.03,
        ge=0,
        le=0.5,
        description="Width left to the target inside the face's outline, in distances between "
        "the eyes.",
    )


class QualityLimits(_Options):
    """What a swapped face is to be like; what is not given is not asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    max_seam_ratio: float | None = Field(
        None,
        gt=0,
        description="Most there may be to see across the face's border, over what was there.",
    )
    max_ring_delta_e: float | None = Field(
        None,
        gt=0,
        description="Greatest colour difference (CIEDE2000) to the skin beside the face; met, too, "
        "where there is none or the target's own skin differed as much.",
    )
    min_sharpness_ratio: float | None = Field(
        None, ge=0, description="Least fine detail, over what the target's face had."
    )
    max_identity_distance: float | None = Field(
        None, gt=0, description="Greatest distance of descriptors to the source's face."
    )
    max_expression_error: float | None = Field(
        None,
        gt=0,
        description="Greatest error of the expression, in distances between the eyes.",
    )
    max_pose_error_deg: float | None = Field(
        None, gt=0, description="Greatest angle to the target's pose, in degrees."
    )

    @property
    def need_networks(self) -> bool:
        """Whether the result has to be looked at by the networks to tell if they are met."""
        looked_for = (self.max_identity_distance, self.max_expression_error)
        return any(limit is not None for limit in (*looked_for, self.max_pose_error_deg))


class QualityOptions(_Options):
    """What is measured of each swapped face, and asked of it."""

    report: bool | None = Field(
        None,
        description="Look at the result again with the networks, for the figures of identity, "
        "expression and pose. Default: with a JSON report, or if `limits` ask for one of them.",
    )
    limits: QualityLimits = Field(default_factory=QualityLimits)
    retry: bool = Field(
        True,
        description="If the limits are not met, try other choices of `color` and `blend` and keep "
        "the best.",
    )


class OutputOptions(_Options):
    """How the picture is written."""

    format: Literal["png", "jpeg", "webp"] | None = Field(
        None, description="Default: as `Accept` asks, else the target's format."
    )
    quality: int = Field(92, ge=1, le=100, description="Quality of JPEG and WebP.")


class SwapOptions(_Options):
    """Options of a swap. Every one has a default."""

    processors: tuple[Literal["face_swapper", "expression_restorer"], ...] = Field(
        ("face_swapper",),
        min_length=1,
        max_length=2,
        description="Steps, in this order. `expression_restorer` after `face_swapper` looks at "
        "the result again and mends its expression; by itself it leaves the person and gives the "
        "target the expression asked for, the source's unless another one is.",
    )
    swapper_model: str = Field("mesh", description="Which swapper.")
    expression: str | dict[str, float] = Field(
        "target",
        description="Whose expression the result has: `target`, `source`, the id of an expression "
        "library (its best match), or named coefficients, each 0–1.",
    )
    expression_factor: float = Field(
        1.0,
        ge=0,
        le=2,
        description="How strongly the expression is carried over: 0 is a face at rest, more than 1 "
        "exaggerates. With `target` only what differs from 1 changes anything.",
    )
    expression_regions: tuple[Region, ...] = Field(
        ALL_REGIONS,
        min_length=1,
        max_length=len(ALL_REGIONS),
        description="What of the expression is carried over; the rest stays the target's.",
    )
    wrinkles: bool = Field(
        True, description="Carry the folds of the expression's own picture over, too."
    )
    shape: float = Field(
        0.4,
        ge=0,
        le=1,
        description="How much of the source's geometry is mixed in: 0 the target's, 1 the "
        "source's.",
    )
    face_selector: FaceSelector = Field(default_factory=FaceSelector)
    mapping: tuple[MappingEntry, ...] = Field(
        (),
        max_length=16,
        description="Several people: for each whose face goes to whom, instead of "
        "`face_selector.mode` and `position`.",
    )
    detector: DetectorOptions = Field(default_factory=DetectorOptions)
    masks: MaskOptions = Field(default_factory=MaskOptions)
    color: Literal["none", "statistics"] = Field(
        "statistics", description="How the source's colours are brought to the target's."
    )
    blend: Literal["feather", "poisson"] = Field("poisson", description="How the edge is hidden.")
    quality: QualityOptions = Field(default_factory=QualityOptions)
    output: OutputOptions = Field(default_factory=OutputOptions)

    @property
    def measures(self) -> bool:
        """Whether results are looked at by the networks again."""
        return bool(self.quality.report) or self.quality.limits.need_networks

    def reporting(self) -> SwapOptions:
        """Return these options as they are for a caller who is told figures."""
        if self.quality.report is not None:
            return self
        quality = self.quality.model_copy(update={"report": True})
        return self.model_copy(update={"quality": quality})

    @property
    def needs_source(self) -> bool:
        """Whether something of a source picture is asked for."""
        if self.mapping:
            return any(entry.sources for entry in self.mapping)
        return "face_swapper" in self.processors or self.expression in ("target", "source")

    @property
    def identities(self) -> tuple[str, ...]:
        """The ids of all enrolled identities that the mapping names, each once."""
        named = (name for entry in self.mapping for name in (entry.source_id, entry.identity))
        return tuple(dict.fromkeys(name for name in named if name is not None))

    @property
    def recognises(self) -> bool:
        """Whether people are told apart by their descriptors."""
        if self.mapping:
            return any(entry.position is None for entry in self.mapping)
        return self.face_selector.mode == "reference"

    @model_validator(mode="after")
    def _unambiguous(self) -> Self:
        found = contradictions(self.mapping, self.face_selector)
        if found:
            raise InvalidOptions(errors=found)
        return self

    @field_validator("expression", mode="before")
    @classmethod
    def _known_expression(cls, value: object) -> object:
        if isinstance(value, dict):
            from_names(value)
        elif not isinstance(value, str):
            raise ValueError("a word, the id of a library or an object of coefficients is needed")
        elif value not in ("target", "source") and not expressions.ID.fullmatch(value):
            raise ValueError("neither `target`, `source`, the id of a library nor coefficients")
        return value

    @model_validator(mode="after")
    def _limits_of_a_swap(self) -> SwapOptions:
        if self.quality.limits != QualityLimits() and "face_swapper" not in self.processors:
            raise ValueError("`quality.limits` are about swapped faces; none is swapped")
        return self

    @field_validator("processors", "expression_regions")
    @classmethod
    def _once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError("each may be named once")
        return value

    @field_validator("swapper_model")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in SWAPPER_MODELS:
            raise UnknownModel(
                f"There is no swapper model {name[:64]!r}. Known: {', '.join(SWAPPER_MODELS)}.",
                errors=[{"pointer": "/swapper_model", "detail": "unknown model"}],
            )
        return name


def contradictions(mapping: Sequence[MappingEntry], selector: FaceSelector) -> list[dict[str, str]]:
    """Return what of a mapping contradicts itself or the selector, as findings."""
    if not mapping:
        return []
    found = [
        {"pointer": f"/face_selector/{name}", "detail": "`mapping` says who is meant"}
        for name in ("mode", "position")
        if getattr(selector, name) != FaceSelector.model_fields[name].default
    ]
    for (m, one), (n, other) in combinations(enumerate(mapping), 2):
        for name in MEANT_BY:
            meant = getattr(other, name)
            if meant is not None and meant == getattr(one, name):
                detail = f"entry {m} means the same person"
                found.append({"pointer": f"/mapping/{n}/{name}", "detail": detail})
        # The same portraits may go to several people; one portrait cannot be of two.
        shared = set(one.sources) & set(other.sources)
        if shared and set(one.sources) != set(other.sources):
            detail = f"entry {m} has source {min(shared)} among other portraits"
            found.append({"pointer": f"/mapping/{n}/sources", "detail": detail})
    return found


def parse_options(document: str | bytes | dict[str, Any] | None) -> SwapOptions:
    """Read the options of a swap; see `read_options`."""
    return read_options(SwapOptions, document)


def read_options(kind: type[Model], document: str | bytes | dict[str, Any] | None) -> Model:
    """Read options from JSON or a dictionary; None and "" mean all defaults.

    Raises:
        InvalidOptions: with every finding, each with its JSON pointer.
        UnknownModel: for a model name nobody knows.
    """
    if document is None or document in ("", b""):
        return kind()
    if not isinstance(document, dict):
        try:
            document = json.loads(document)
        except (ValueError, RecursionError) as error:
            raise InvalidOptions(
                "The options are not valid JSON.", errors=[{"pointer": "", "detail": "not JSON"}]
            ) from error
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        raise InvalidOptions(errors=findings(error)) from error


def findings(error: ValidationError) -> list[dict[str, str]]:
    """Return a validation error's findings as JSON pointers (RFC 6901) and sentences."""
    return [
        {
            "pointer": "".join(
                "/" + str(part).replace("~", "~0").replace("/", "~1") for part in item["loc"]
            ),
            "detail": item["msg"].removeprefix("Value error, "),
        }
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    ]
