"""Groups of options: each with a default for everything."""

from __future__ import annotations

from typing import Annotated, Literal, Self, get_args

from pydantic import ConfigDict, Field, model_validator

from gateway.faces.attributes import AttributeFilter, Gender, Race
from gateway.faces.selection import FaceOrder
from gateway.pipeline.options.base import OptionsModel
from gateway.pipeline.options.choices import (
    BLAZEFACE,
    MESH,
    OWN_OCCLUDER,
    DetectorModel,
    OccluderModel,
    ParserModel,
)
from gateway.processors.maskers import Area, MaskPart
from gateway.storage import identities

CLASSIFIER = "fairface"
_IDENTITY = f"^{identities.ID.pattern}$"


class FaceSelector(OptionsModel):
    """Which faces of the target are meant."""

    mode: Literal["one", "many", "reference"] = Field(
        "one",
        description="`one` face, `many` (all of them), or those that look like the `reference` "
        "picture.",
    )
    order: FaceOrder = Field("large-small", description="Order of the faces, for `position`.")
    position: int = Field(
        0, ge=0, le=255, description="With `one`: which face in that order, from 0."
    )
    reference_distance: float = Field(
        0.6,
        gt=0,
        le=2,
        description="With `reference`: greatest distance of descriptors that is one person.",
    )
    gender: Gender | None = Field(
        None, description="Only faces that `fairface`, if installed, classifies so."
    )
    race: Race | None = Field(
        None, description="Only faces that `fairface`, if installed, classifies so."
    )
    min_age: int | None = Field(
        None,
        ge=0,
        le=100,
        description="Only faces whose age range by `fairface`, if installed, reaches this "
        "age, in years.",
    )
    max_age: int | None = Field(
        None,
        ge=0,
        le=100,
        description="Only faces whose age range by `fairface`, if installed, begins by this "
        "age, in years.",
    )

    @property
    def filters(self) -> bool:
        """Whether faces are chosen by what they look like to a network."""
        return self.wanted != AttributeFilter()

    @property
    def wanted(self) -> AttributeFilter:
        """What faces are to look like."""
        return AttributeFilter(self.gender, self.race, self.min_age, self.max_age)

    @model_validator(mode="after")
    def _some_age(self) -> Self:
        if self.min_age is not None and self.max_age is not None and self.min_age > self.max_age:
            raise ValueError("`min_age` must not be greater than `max_age`")
        return self


MEANT_BY = ("position", "reference", "target_id")
"""How an entry of a mapping selects a face."""


class MappingEntry(OptionsModel):
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
    target_id: str | None = Field(
        None,
        pattern=_IDENTITY,
        description="The face most like that enrolled identity, within "
        "`face_selector.reference_distance`.",
    )
    optional: bool = Field(
        False, description="If no face matches, report it (`unmatched`) instead of failing."
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if bool(self.sources) == (self.source_id is not None):
            raise ValueError("exactly one of `sources` and `source_id` is needed")
        if len(set(self.sources)) < len(self.sources):
            raise ValueError("`sources` names a picture twice")
        if sum(getattr(self, name) is not None for name in MEANT_BY) != 1:
            raise ValueError("exactly one of `position`, `reference` and `target_id` is needed")
        return self


class DetectorOptions(OptionsModel):
    """How hard to look for faces."""

    model: DetectorModel = Field(
        BLAZEFACE,
        description="Detector: our own `blazeface`, at several scales, or an installed "
        "third-party detector, in one pass.",
    )
    min_score: float = Field(0.5, ge=0.05, le=1, description="Least confidence of a detection.")
    angles: tuple[Literal[90, 180, 270], ...] = Field(
        (), max_length=3, description="Degrees by which the picture may be rotated."
    )
    thorough: bool | None = Field(
        None,
        description="Also search for small faces if a large one was found. Default: unless "
        "only the largest is needed.",
    )


class MaskOptions(OptionsModel):
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
    types: tuple[Literal["box", "occlusion", "area", "region"], ...] = Field(
        ("box", "occlusion"),
        min_length=1,
        max_length=4,
        description="Masks of the new face; where several apply, the least of them counts. "
        "`box`: a soft edge along the outline, always applied. `occlusion`: hair,"
        " glasses, hands and other occlusions stay, and none is copied from the "
        "source. `area`: only `areas` are replaced. `region`: only `regions` are.",
    )
    areas: tuple[Area, ...] = Field(
        get_args(Area),
        min_length=1,
        max_length=3,
        description="With `area`: the areas that are replaced.",
    )
    regions: tuple[MaskPart, ...] = Field(
        get_args(MaskPart),
        min_length=1,
        max_length=10,
        description="With `region`: the regions that are replaced.",
    )
    occlusion_model: OccluderModel = Field(
        OWN_OCCLUDER,
        description="Model that finds what covers a face: our own network, or XSeg, if installed.",
    )
    region_model: ParserModel = Field(
        MESH,
        description="Model that segments a face: the landmarks, or BiSeNet, if installed.",
    )


class QualityLimits(OptionsModel):
    """What a swapped face is to be like; what is not given is not asked for."""

    model_config = ConfigDict(
        hide_input_in_errors=True, frozen=True, extra="forbid", allow_inf_nan=False
    )

    max_seam_ratio: float | None = Field(
        None,
        gt=0,
        description="Most that may show across the face's border, over what showed there before.",
    )
    max_ring_delta_e: float | None = Field(
        None,
        gt=0,
        description="Greatest colour difference (CIEDE2000) to the skin beside the face; met, too, "
        "where there is none or the target's own skin differed as much.",
    )
    min_sharpness_ratio: float | None = Field(
        None, ge=0, description="Least fine detail, over that of the target's face."
    )
    max_patchiness: float | None = Field(
        None,
        gt=0,
        description="Most that the skin may be off in patches, natural logarithm of brightness.",
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
        """Whether the networks have to analyse the result to check the limits."""
        looked_for = (self.max_identity_distance, self.max_expression_error)
        return any(limit is not None for limit in (*looked_for, self.max_pose_error_deg))


class QualityOptions(OptionsModel):
    """What is measured of each swapped face, and asked of it."""

    report: bool | None = Field(
        None,
        description="Analyse the result again, for the figures of identity, expression and "
        "pose. Default: with a JSON report, or if `limits` need one of them.",
    )
    limits: QualityLimits = Field(default_factory=QualityLimits)
    retry: bool = Field(
        True,
        description="If the limits are not met, try other values of `color` and `blend` and "
        "keep the best.",
    )


class OutputOptions(OptionsModel):
    """How the picture is written."""

    format: Literal["png", "jpeg", "webp", "avif"] | None = Field(
        None, description="Default: as `Accept` asks, else the target's format."
    )
    quality: int = Field(92, ge=1, le=100, description="Quality of JPEG, WebP and AVIF.")
