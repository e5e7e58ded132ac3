"""Options of what a result is marked with."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gateway.pipeline.options.base import OptionsModel
from gateway.trust.label import Corner, Language


class LabelOptions(OptionsModel):
    """A visible label: white words on black in a corner."""

    text: str | None = Field(
        None,
        min_length=1,
        max_length=60,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="What it says. Default: that the picture was made by AI, in `language`.",
    )
    language: Language = Field("en", description="Language of the default text.")
    corner: Corner = Field("bottom-right", description="Where it lies.")
    height_pct: float = Field(
        5.0,
        ge=5,
        le=20,
        description="Height of its capital letters, in percent of the shorter side.",
    )
    shown: Literal["beginning", "all"] = Field(
        "all",
        description="In a video: all the time, or in its first seconds, as many as the service is "
        "set to.",
    )


class MarkOptions(OptionsModel):
    """What says that a result is synthetic, beside its metadata."""

    watermark: Literal["off", "face", "frame"] | None = Field(
        None,
        description="Where pixels may change, by about one level of 255, for an invisible mark "
        "that carries the provenance id: anywhere in the `frame`, where it lasts longest; where "
        "the `face` was changed, so that everything else stays as it is; nowhere "
        "(`off`). Default, and least that is allowed: as the service is set.",
    )
    label: LabelOptions | None = Field(
        None, description="A visible label. Default: none, unless the service is set to add one."
    )
