"""Settings of the marks that results bear."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr, model_validator

SECRET_CHARACTERS = 32


class MarksSettings(BaseModel):
    """What watermarks and visible labels need to know."""

    watermark: Literal["off", "face", "frame"] = Field(
        "frame",
        description="Where pixels of results change for an invisible mark, unless a request says "
        "otherwise: `frame`, anywhere; `face`, where the face was changed; `off`, nowhere.",
    )
    watermark_least: Literal["off", "face", "frame"] = Field(
        "face",
        description="The least that a request may ask for: with `frame` all results are marked "
        "everywhere; with `off` callers may do without.",
    )
    trust_secret: SecretStr | None = Field(
        None,
        description="What keys of watermarks and of stored portraits follow from, 32 characters "
        "at least, the same for all processes that share a database. Without "
        "it: one that is made in the folder of data, for processes that share that.",
    )
    label: Literal["on_request", "always"] = Field(
        "on_request", description="Whether results bear a visible label."
    )
    label_text: str = Field(
        "", max_length=60, description="What labels say; empty: the words of their language."
    )
    label_language: Literal[
        "en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "zh", "ja", "ko"
    ] = Field("en", description="Language of labels that no request asked for.")
    label_s: float = Field(
        3.0,
        ge=2,
        description="Seconds of a video for which a label is shown that is to be seen in its "
        "beginning.",
    )
    label_font: Path | None = Field(
        None,
        description="Font file of labels, TrueType or OpenType; without one they have Latin "
        "letters only.",
    )

    @model_validator(mode="after")
    def _marked_enough(self) -> MarksSettings:
        order = ("off", "face", "frame")
        if order.index(self.watermark) < order.index(self.watermark_least):
            raise ValueError("`watermark` must not be less than `watermark_least`")
        secret = self.trust_secret
        if secret is not None and len(secret.get_secret_value()) < SECRET_CHARACTERS:
            raise ValueError(f"`trust_secret` needs {SECRET_CHARACTERS} characters")
        return self
