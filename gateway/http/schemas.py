"""The JSON that is answered: one model each, so that documentation and answers cannot differ."""

from __future__ import annotations

import base64

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from gateway.faces.blazeface import FULL_RANGE, SHORT_RANGE
from gateway.faces.face import Face, FaceWarning
from gateway.pipeline.fuse_image import SwapResult
from gateway.pipeline.options import DetectorOptions

ANALYSIS_MODELS = (SHORT_RANGE.model, FULL_RANGE.model, "face_mesh", "iris")
"""The networks that look for faces."""
IDENTITY_MODEL = "face_embedding"
"""The network that tells people apart."""


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class FacesOptions(BaseModel):
    """Options of an analysis. Every one has a default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    detector: DetectorOptions = Field(default_factory=DetectorOptions)
    landmarks: bool = Field(True, description="Answer the 478 points of each face.")


class Box(_Answer):
    """Bounds of a face's landmarks in pixels, pixel centres at whole numbers."""

    left: float
    top: float
    right: float
    bottom: float


class Pose(_Answer):
    """Head angles in degrees."""

    pitch: float = Field(description="Positive looks down.")
    yaw: float = Field(description="Positive turns towards the right of the picture.")
    roll: float = Field(description="Positive tilts clockwise on screen.")


class Quality(_Answer):
    """How good a face's pixels are."""

    width_px: float = Field(description="Width of the face in pixels, along its own axis.")
    sharpness: float = Field(description="0–1; 0.5 is an ordinary photograph.")
    visible: float = Field(description="Share of the landmarks inside the picture, 0–1.")
    score: float = Field(description="0–1, one number for sorting.")


class FaceFigures(_Answer):
    """What is known about a face, without its many points."""

    box: Box
    pose: Pose
    quality: Quality
    score: float = Field(description="Detector's confidence, 0–1.")
    presence: float = Field(description="Landmark network's confidence, 0–1.")
    warnings: tuple[FaceWarning, ...] = Field(
        description="What may spoil a result: `profile` or `steep` (turned by more than 30°), "
        "`blurred`, `small` (below 64 pixels), `cut` (partly outside the picture)."
    )


class AnalysedFace(FaceFigures):
    """A face with its points; x right, y down, in pixels of the upright picture."""

    landmarks_5: list[list[float]] = Field(
        description="x, y of the eye, eye, nose tip, mouth corner, mouth corner; of each pair the "
        "one on the left of an upright face first."
    )
    landmarks: list[list[float]] | None = Field(
        description="x, y, z of the 478 Face Mesh points, irises last; z away from the camera, on "
        "x's scale. Null when switched off."
    )


class Size(_Answer):
    """Size of a picture in pixels."""

    width: int
    height: int


class FacesReport(_Answer):
    """Answer of an analysis."""

    size: Size
    faces: list[AnalysedFace] = Field(description="The largest first; empty if there is none.")
    models: list[str] = Field(
        description="The networks of an analysis; the full-range detector only helps out."
    )
    timings_ms: dict[str, float] = Field(description="Milliseconds by stage.")
    request_id: str


class TargetFace(FaceFigures):
    """A face of the target and what became of it."""

    source: int | None = Field(
        description="Index of the source picture it was replaced from; null if it was left alone."
    )


class InlinePicture(_Answer):
    """The picture itself, inside the report."""

    media_type: str
    base64: str


class SwapReport(_Answer):
    """Answer of a swap, as figures."""

    size: Size
    faces: list[TargetFace] = Field(description="Faces of the target, the largest first.")
    sources: list[FaceFigures] = Field(description="The face used of each source, in their order.")
    swapper: str = Field(description="The swapper model.")
    models: list[str] = Field(
        description="The networks of an analysis; the full-range detector only helps out."
    )
    timings_ms: dict[str, float] = Field(description="Milliseconds by stage.")
    request_id: str
    image: InlinePicture | None = Field(description="The picture, with `?inline=true`; else null.")


class ModelInfo(_Answer):
    """A model and its state."""

    name: str
    title: str
    task: str
    licence: str = Field(description="SPDX identifier of the weights' licence.")
    credit: str
    commercial: bool = Field(description="Whether the licence allows commercial use.")
    version: str = Field(description="The version that is served; empty when none is.")
    ready: bool
    reason: str = Field(description="Why it is not ready; empty when it is.")


class ModelList(_Answer):
    """All models of the catalogue."""

    models: list[ModelInfo]


class State(_Answer):
    """That all is well."""

    status: str


class ProblemPage(_Answer):
    """What an error code means."""

    code: str
    title: str
    status: int = Field(description="HTTP status.")
    grpc_status: str
    retryable: bool = Field(description="Whether the same request can succeed later.")


class Finding(_Answer):
    """One thing that is wrong."""

    pointer: str = Field(description="JSON pointer (RFC 6901) into the form or the options.")
    detail: str


class Problem(_Answer):
    """An error (RFC 9457). Further members may give figures, such as a limit."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Address of a page about the error code.")
    title: str
    status: int
    detail: str
    instance: str
    code: str = Field(description="Stable name of the error.")
    retryable: bool = Field(description="Whether the same request can succeed later.")
    request_id: str
    errors: list[Finding] | None = None


def size_of(image: NDArray[np.uint8]) -> Size:
    """Return the size of a picture (H, W, 3)."""
    return Size(width=image.shape[1], height=image.shape[0])


def analysed(face: Face, *, landmarks: bool) -> AnalysedFace:
    """Render a face with its points, to a hundredth of a pixel."""
    return AnalysedFace(
        **_figures(face),
        landmarks_5=_points(face.landmarks_5),
        landmarks=_points(face.landmarks) if landmarks else None,
    )


def portrait(face: Face) -> FaceFigures:
    """Render a face without its points."""
    return FaceFigures(**_figures(face))


def target_faces(result: SwapResult) -> list[TargetFace]:
    """Render the target's faces with the sources they were replaced from."""
    sources = {id(swapped.face): swapped.source for swapped in result.swapped}
    return [TargetFace(**_figures(face), source=sources.get(id(face))) for face in result.faces]


def inline(data: bytes, media_type: str) -> InlinePicture:
    """Render an encoded picture."""
    return InlinePicture(media_type=media_type, base64=base64.b64encode(data).decode())


def _figures(face: Face) -> dict[str, object]:
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


def _points(points: NDArray[np.float32]) -> list[list[float]]:
    rounded: list[list[float]] = np.round(points.astype(np.float64), 2).tolist()
    return rounded
