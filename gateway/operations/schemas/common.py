"""What several answers share: the base of all models, and the figures of a face."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from gateway.faces.analyser import FIT_MODEL
from gateway.faces.blazeface import FULL_RANGE, SHORT_RANGE
from gateway.faces.face import Face, FaceWarning

ANALYSIS_MODELS = (SHORT_RANGE.model, FULL_RANGE.model, "face_mesh", "iris", FIT_MODEL)
"""The networks that detect faces."""
IDENTITY_MODEL = "face_embedding"
"""The network that computes identity embeddings."""


class Answer(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(hide_input_in_errors=True, frozen=True)


class Box(Answer):
    """Bounds of a face's landmarks in pixels, pixel centres at whole numbers."""

    left: float
    top: float
    right: float
    bottom: float


class Pose(Answer):
    """Head angles in degrees."""

    pitch: float = Field(description="Positive looks down.")
    yaw: float = Field(description="Positive turns towards the right of the picture.")
    roll: float = Field(description="Positive tilts clockwise on screen.")


class Quality(Answer):
    """Image quality of a face."""

    width_px: float = Field(description="Width of the face in pixels, along its own axis.")
    sharpness: float = Field(description="0–1; 0.5 is an ordinary photograph.")
    visible: float = Field(description="Share of the landmarks inside the picture, 0–1.")
    score: float = Field(description="0–1, one number for sorting.")


class FaceFigures(Answer):
    """A face without its landmarks."""

    box: Box
    pose: Pose
    quality: Quality
    score: float = Field(description="Detector's confidence, 0–1.")
    presence: float = Field(description="Landmark network's confidence, 0–1.")
    warnings: tuple[FaceWarning, ...] = Field(
        description="What may spoil a result: `profile` or `steep` (turned by more than 30°), "
        "`blurred`, `small` (below 64 pixels), `cut` (partly outside the picture), `unreliable` "
        "(the points are not those of a face: perhaps there is none), `orientation_uncertain` "
        "(it may be upside down)."
    )


class Size(Answer):
    """Size of a picture in pixels."""

    width: int
    height: int


def example(document: dict[str, Any]) -> ConfigDict:
    """Return the configuration of a model that shows an example in the documentation."""
    return ConfigDict(json_schema_extra={"examples": [document]})


def size_of(image: NDArray[np.uint8]) -> Size:
    """Return the size of a picture (H, W, 3)."""
    return Size(width=image.shape[1], height=image.shape[0])


def portrait(face: Face) -> FaceFigures:
    """Render a face without its points."""
    return FaceFigures(**figures(face))


def figures(face: Face) -> dict[str, object]:
    """Return the members of `FaceFigures`."""
    left, top, right, bottom = (round(float(edge), 2) for edge in face.box_xyxy)
    quality = face.quality
    return {
        "box": Box(left=left, top=top, right=right, bottom=bottom),
        "pose": Pose(
            pitch=round(face.pose.pitch, 2),
            yaw=round(face.pose.yaw, 2),
            roll=round(face.pose.roll, 2),
        ),
        "quality": Quality(
            width_px=round(quality.width_px, 2),
            sharpness=round(quality.sharpness, 4),
            visible=round(quality.visible, 4),
            score=round(quality.score, 4),
        ),
        "score": round(face.score, 4),
        "presence": round(face.presence, 4),
        "warnings": face.warnings,
    }
