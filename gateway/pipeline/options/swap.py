"""Options of a request: one model, the same fields in HTTP, SDK and CLI."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from gateway.errors import InvalidOptions, UnknownModel
from gateway.faces.morphable.expression import ALL_REGIONS, ExpressionRegion, from_names
from gateway.imaging.blend.fuse import BlendMode, ColorMode
from gateway.pipeline.options.base import OptionsModel
from gateway.pipeline.options.choices import (
    BLAZEFACE,
    DELIGHTER,
    GLASSES_REMOVER,
    MESH,
    OWN_OCCLUDER,
    SWAPPER_MODELS,
    EnhancerModel,
    ExpressionModel,
    FrameEnhancerModel,
    SwapperModel,
)
from gateway.pipeline.options.consent import ConsentOptions
from gateway.pipeline.options.groups import (
    CLASSIFIER,
    MEANT_BY,
    DetectorOptions,
    FaceSelector,
    MappingEntry,
    MaskOptions,
    OutputOptions,
    QualityLimits,
    QualityOptions,
)
from gateway.pipeline.options.marks import MarkOptions
from gateway.pipeline.options.parse import read_options
from gateway.processors.kept import Eyes
from gateway.storage import expressions

MODELS = ("swapper_model", "expression_model", "enhancer_model", "frame_enhancer_model")
"""The options that select models."""
Processor = Literal["face_swapper", "expression_restorer", "face_enhancer", "frame_enhancer"]


class SwapOptions(OptionsModel):
    """Options of a swap. Every one has a default."""

    processors: tuple[Processor, ...] = Field(
        ("face_swapper",),
        min_length=1,
        max_length=4,
        description="Steps, in this order. `expression_restorer` after `face_swapper` "
        "analyses the result again and corrects its expression; by itself it "
        "keeps the person and changes the target's expression, to the source's "
        "unless another one is given. `face_enhancer` follows these and enhances "
        "the face; by itself it restores the target's own. `frame_enhancer` comes"
        " last and enhances the whole picture, or every frame of the video; where"
        " it is alone or with `face_enhancer`, no face is needed.",
    )
    swapper_model: SwapperModel = Field(
        "auto",
        description="Model that swaps: `mesh`, which warps the source's own skin and needs no"
        " network, or an installed third-party model; `auto` takes the best one "
        "installed.",
    )
    swapper_weight: float = Field(
        0.5,
        ge=0,
        le=1,
        description="With a third-party swapper: how much the new face is the source's. 0.5 "
        "is the source itself, less keeps something of the target, more "
        "exaggerates the difference.",
    )
    pixel_boost: int | None = Field(
        None,
        ge=128,
        le=1024,
        description="With a third-party swapper: side in pixels of the crops it processes, a "
        "multiple of its own. The time grows with the square of that multiple.",
    )
    expression_model: ExpressionModel = Field(
        "auto",
        description="Model that changes expressions: `3dmm`, the morphable model, or "
        "`live_portrait`, if installed, wherever a picture shows the expression; "
        "`auto` takes the best one installed.",
    )
    enhancer_model: EnhancerModel = Field(
        "auto",
        description="Model that enhances faces: an installed third-party model, or a "
        "`classical` filter without a network; `auto` takes the best one "
        "installed.",
    )
    enhancer_weight: float = Field(
        0.5,
        ge=0,
        le=1,
        description="With `codeformer`: how much of the face is kept; less restores harder.",
    )
    enhancer_blend: float = Field(
        0.8,
        ge=0,
        le=1,
        description="Share of the enhanced face in the result: 0 keeps the face as it is, 1 "
        "replaces it.",
    )
    frame_enhancer_model: FrameEnhancerModel = Field(
        "auto",
        description="Model that enhances whole pictures and frames: an installed third-party "
        "model, or a `classical` filter without a network; `auto` takes the best "
        "one installed.",
    )
    frame_enhancer_scale: Literal[1, 2, 4, 8] = Field(
        1,
        description="Enlargement of pictures, at most that of `frame_enhancer_model`; videos "
        "keep their size.",
    )
    frame_enhancer_blend: float = Field(
        0.8,
        ge=0,
        le=1,
        description="Share of the enhanced picture or frame in the result: 0 keeps it as it "
        "is, 1 replaces it.",
    )
    expression: str | dict[str, float] = Field(
        "target",
        description="Expression of the result: `target`, `source`, the id of an expression "
        "library (its best match), or named coefficients, each 0–1.",
    )
    expression_factor: float = Field(
        1.0,
        ge=0,
        le=2,
        description="Strength of the expression: 0 is a face at rest, more than 1 "
        "exaggerates. With `target` only values other than 1 change anything.",
    )
    expression_regions: tuple[ExpressionRegion, ...] = Field(
        ALL_REGIONS,
        min_length=1,
        max_length=len(ALL_REGIONS),
        description="Parts of the face whose expression is changed; the others keep the target's.",
    )
    wrinkles: bool = Field(
        True, description="Transfer the wrinkles of the expression's own picture, too."
    )
    shape: float = Field(
        1.0,
        ge=0,
        le=1,
        description="How much of the source's geometry is mixed in: 0 the target's, 1 the "
        "source's.",
    )
    eyes: Eyes = Field(
        "source",
        description="Whose eyes the result has, lids and irises, with the target's gaze: `source`, "
        "or `target`. Eyes that the source keeps shut, hidden or behind dark glasses are the "
        "target's anyway.",
    )
    face_selector: FaceSelector = Field(default_factory=FaceSelector)
    mapping: tuple[MappingEntry, ...] = Field(
        (),
        max_length=16,
        description="Several people: which source goes to which face, instead of "
        "`face_selector.mode` and `position`.",
    )
    detector: DetectorOptions = Field(default_factory=DetectorOptions)
    masks: MaskOptions = Field(default_factory=MaskOptions)
    color: ColorMode = Field(
        "adaptive",
        description="How the source's colours are brought to the target's: `adaptive` (its light, "
        "white balance and complexion, place by place), `statistics` (mean and spread of the "
        "skin), `histogram` (all of the skin's distribution), `none`.",
    )
    refiner: bool = Field(
        True,
        description="With `adaptive` colour: let our own network `face_refiner` take the source's "
        "shadows off and put the target's light on.",
    )
    blend: BlendMode = Field(
        "poisson",
        description="How the edge is hidden: `poisson` (a membrane), `mixed` (the same, keeping "
        "the stronger detail of both), `feather` (a soft edge alone).",
    )
    match_texture: bool = Field(
        True, description="Match the sharpness and the grain of the target."
    )
    source_deocclude: bool = Field(
        True,
        description="Remove glasses from the source's face before it is used; those of the target "
        "stay.",
    )
    source_delight: bool = Field(
        True,
        description="Bring the source's face under even light before it is used: no shadow, shine "
        "or coloured lamp of its picture is carried over.",
    )
    reduce_under_load: bool = Field(
        False,
        description="While the service is busy, answer pictures with less instead of late: first "
        "without figures that need networks, then without enhancement. What was left out is noted: "
        "`figures_left_out`, `enhancement_left_out`.",
    )
    quality: QualityOptions = Field(default_factory=QualityOptions)
    output: OutputOptions = Field(default_factory=OutputOptions)
    marks: MarkOptions = Field(default_factory=MarkOptions)
    consent: ConsentOptions = Field(default_factory=ConsentOptions)

    @property
    def measures(self) -> bool:
        """Whether results are looked at by the networks again."""
        return bool(self.quality.report) or self.quality.limits.need_networks

    def reporting(self) -> SwapOptions:
        """Return these options as they are for a caller that receives figures."""
        if self.quality.report is not None:
            return self
        quality = self.quality.model_copy(update={"report": True})
        return self.model_copy(update={"quality": quality})

    @property
    def masking_networks(self) -> tuple[str, ...]:
        """The networks that determine where a new face may be visible, each once."""
        if "face_swapper" not in self.processors:
            return ()
        masks = self.masks
        covered = "occlusion" in masks.types
        # Portraits are looked at by our own network, whichever detector runs on the target.
        names = [OWN_OCCLUDER] if covered or self.source_deocclude else []
        names += [GLASSES_REMOVER] if self.source_deocclude else []
        names += [DELIGHTER] if self.source_delight else []
        names += [masks.occlusion_model] if covered else []
        if "region" in masks.types and masks.region_model != MESH:
            names.append(masks.region_model)
        return tuple(dict.fromkeys(names))

    @property
    def helping_networks(self) -> dict[str, str]:
        """The networks beside the four that have to be installed, and where they are named."""
        out: dict[str, str] = {}
        if self.detector.model != BLAZEFACE:
            out[self.detector.model] = "/detector/model"
        for model in self.masking_networks:
            if model not in (OWN_OCCLUDER, GLASSES_REMOVER, DELIGHTER):
                region = model == self.masks.region_model
                out[model] = f"/masks/{'region' if region else 'occlusion'}_model"
        if self.face_selector.filters:
            out[CLASSIFIER] = "/face_selector"
        return out

    @property
    def needs_source(self) -> bool:
        """Whether something of a source picture is requested."""
        if self.mapping:
            return any(entry.sources for entry in self.mapping)
        if "face_swapper" in self.processors:
            return True
        return "expression_restorer" in self.processors and self.expression in ("target", "source")

    @property
    def face_steps(self) -> tuple[Processor, ...]:
        """The operations on faces; if there are none, faces are not detected."""
        return tuple(name for name in self.processors if name != "frame_enhancer")

    @property
    def expresses(self) -> bool:
        """Whether faces are given an expression, or swapped ones are to keep theirs."""
        return not {"face_swapper", "expression_restorer"}.isdisjoint(self.processors)

    @property
    def faceless(self) -> bool:
        """Whether it is well if there is no face, as there is something else to be done."""
        return "frame_enhancer" in self.processors and not self.expresses

    @property
    def restores(self) -> bool:
        """Whether the expression of a swapped face is mended."""
        steps = [name for name in self.face_steps if name != "face_enhancer"]
        return steps[-1:] == ["expression_restorer"]

    @property
    def identities(self) -> tuple[str, ...]:
        """The ids of all enrolled identities that the mapping names, each once."""
        named = (name for entry in self.mapping for name in (entry.source_id, entry.target_id))
        return tuple(dict.fromkeys(name for name in named if name is not None))

    @property
    def uses_faces(self) -> bool:
        """Whether faces of people get into other pictures."""
        return "face_swapper" in self.processors

    @property
    def lent(self) -> tuple[str, ...]:
        """The ids of the enrolled identities whose faces the mapping uses, each once."""
        named = (entry.source_id for entry in self.mapping)
        return tuple(dict.fromkeys(name for name in named if name is not None))

    @property
    def recognises(self) -> bool:
        """Whether people are distinguished by their descriptors."""
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

    @model_validator(mode="after")
    def _expression_of_somebody(self) -> SwapOptions:
        kept = self.expression == "target" and self.expression_factor == 1
        if not self.expresses and not kept:
            raise ValueError("making clearer gives no expression")
        return self

    @field_validator("processors", "expression_regions")
    @classmethod
    def _once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) < len(value):
            raise ValueError("each may be named once")
        return value

    @field_validator("processors")
    @classmethod
    def _enhanced_last(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "frame_enhancer" in value[:-1]:
            raise ValueError("`frame_enhancer` comes last")
        if "face_enhancer" in value[:-1] and value[-2:] != ("face_enhancer", "frame_enhancer"):
            raise ValueError("`face_enhancer` comes last, or before `frame_enhancer`")
        return value

    @field_validator("swapper_model", mode="before")
    @classmethod
    def _known(cls, name: object) -> object:
        if name not in SWAPPER_MODELS:
            known = ", ".join(SWAPPER_MODELS)
            raise UnknownModel(
                f"There is no swapper model {str(name)[:64]!r}. Known: {known}.",
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
                detail = f"entry {m} selects the same face"
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
