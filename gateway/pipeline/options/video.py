"""Options of how a video is written."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from gateway.errors import InvalidOptions
from gateway.media.encoders import HOLDERS, USUAL, ContainerFormat, Encoder, Preset
from gateway.pipeline.options.base import OptionsModel
from gateway.pipeline.options.groups import QualityOptions
from gateway.pipeline.options.swap import SwapOptions


class VideoOutput(OptionsModel):
    """How the video is written, and which part of it."""

    encoder: Encoder = Field(
        "libx264",
        description="What encodes the frames. Default: the usual one of the container, `libx264`, "
        "for WebM `libvpx-vp9`, for animations `gif` and `webp`. `ffv1` loses nothing; `*_nvenc` "
        "need a GPU of NVIDIA's with such an encoder.",
    )
    preset: Preset = Field(
        "fast", description="Effort of the encoder; more of it makes smaller files."
    )
    quality: int = Field(
        75,
        ge=0,
        le=100,
        description="Quality of the frames; from 75 on, differences are hard to see.",
    )
    container: ContainerFormat | None = Field(
        None,
        description="Default: the source's, if it may hold the encoder's videos, else its usual.",
    )
    hdr: Literal["keep", "tone_map"] = Field(
        "keep",
        description="Of a video with a high dynamic range: keep it, with its depth and tags, or "
        "bring it to BT.709 with 8 bits.",
    )
    audio: Literal["copy", "drop"] = Field(
        "copy", description="Copy the sound, bit for bit where the container can hold it, or none."
    )
    location: Literal["drop", "keep"] = Field(
        "drop",
        description="What the source's metadata say of where, and by which device of which serial "
        "number, it was taken: leave it out, or keep it.",
    )
    start_s: float = Field(
        0.0, ge=0, description="Where the part of the video begins, in seconds from its beginning."
    )
    end_s: float | None = Field(
        None, gt=0, description="Where that part ends, in seconds. Default: at the video's end."
    )

    @model_validator(mode="before")
    @classmethod
    def _usual_encoder(cls, given: Any) -> Any:
        """Choose the container's usual encoder where only the container is named."""
        if isinstance(given, dict) and given.get("encoder") is None:
            usual = USUAL.get(given.get("container"))  # type: ignore[arg-type]
            return given if usual is None else {**given, "encoder": usual}
        return given

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.end_s is not None and self.end_s <= self.start_s:
            raise ValueError("`end_s` must be greater than `start_s`")
        if self.container is not None and self.container not in HOLDERS[self.encoder]:
            held = ", ".join(HOLDERS[self.encoder])
            raise ValueError(f"`{self.encoder}` goes with the containers {held} only")
        return self


class VideoOptions(SwapOptions):
    """Options of a job: those of a swap, and how a video is written."""

    video: VideoOutput = Field(
        default_factory=VideoOutput, description="How a video is written; of no use to a picture."
    )

    def require_picture(self) -> None:
        """Check that the requested operations apply to a picture.

        Raises:
            InvalidOptions: a container is named to put it in.
        """
        if self.video.container is not None:
            raise InvalidOptions(
                "The target is a picture.",
                errors=[{"pointer": "/video/container", "detail": "is for videos only"}],
            )

    def require_video(self) -> None:
        """Check that the requested operations apply to videos.

        Raises:
            InvalidOptions: it is about single pictures.
        """
        for name in ("limits", "retry"):
            usual = QualityOptions()
            if getattr(self.quality, name) != getattr(usual, name):
                raise InvalidOptions(
                    errors=[{"pointer": f"/quality/{name}", "detail": "is for pictures only"}]
                )
        if self.frame_enhancer_scale != 1:
            raise InvalidOptions(
                errors=[{"pointer": "/frame_enhancer_scale", "detail": "is for pictures only"}]
            )
