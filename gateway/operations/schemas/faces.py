"""The JSON about the faces of pictures and videos."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from gateway.arrays import F32
from gateway.faces.face import Face
from gateway.faces.morphable.expression import named
from gateway.faces.morphable.model import N_NAMED
from gateway.operations.schemas import examples
from gateway.operations.schemas.common import Answer, FaceFigures, Size, example, figures
from gateway.pipeline.expressions.track import FollowedFace, TimedFrame
from gateway.pipeline.options.groups import DetectorOptions


class FacesOptions(BaseModel):
    """Options of an analysis. Every one has a default."""

    model_config = ConfigDict(hide_input_in_errors=True, frozen=True, extra="forbid")

    detector: DetectorOptions = Field(default_factory=DetectorOptions)
    landmarks: bool = Field(True, description="Return the 478 landmarks of each face.")
    expression: bool = Field(True, description="Return the expression of each face.")
    identity: bool = Field(
        False,
        description="Return each face's shape coefficients, which identify people: biometric data.",
    )


class TrackOptions(BaseModel):
    """Options of a track. Every one has a default."""

    model_config = ConfigDict(hide_input_in_errors=True, frozen=True, extra="forbid")

    detector: DetectorOptions = Field(default_factory=DetectorOptions)
    every: int = Field(1, ge=1, le=1000, description="Analyse every n-th frame only.")
    residuals: bool = Field(
        False,
        description="Also return the residual coefficients of the expression, beside "
        "the named controls.",
    )


class FaceExpression(Answer):
    """Expression of a face, by the morphable model."""

    reliability: float = Field(
        description="Reliability, 0–1: about 0.9 where the model fits a frontal face well; "
        "less, the more the face is turned."
    )
    residual: float = Field(
        description="How far the landmarks are from the model's, root mean square, in distances "
        "between the eyes; faces have less than 0.03."
    )
    controls: dict[str, float] = Field(
        description="46 named controls, each 0–1, in the terms of ARKit's blend shapes; `Left` and "
        "`Right` are the subject's own."
    )
    residuals: list[float] = Field(
        description="Residual coefficients, beside the named controls, in standard deviations "
        "over all expressions."
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
    expression: FaceExpression | None = Field(description="Null when switched off.")
    identity: list[float] | None = Field(
        description="The shape of the face, in standard deviations over people. Null unless asked "
        "for."
    )


class FacesReport(Answer):
    """Report of an analysis."""

    model_config = example(examples.FACES_REPORT)

    size: Size
    faces: list[AnalysedFace] = Field(description="The largest first; empty if there is none.")
    models: list[str] = Field(
        description="Models used; the full-range detector only where it was needed."
    )
    timings_ms: dict[str, float] = Field(description="Milliseconds by stage.")
    request_id: str


class TrackLine(Answer):
    """One line of a track: `frame`, `time_s`, and `face` (null) or, with a face, all the others."""

    frame: int = Field(description="Number of the frame in the video, from 0.")
    time_s: float = Field(description="Seconds from the video's beginning.")
    face: None = Field(None, description="Null where no face was found.")
    box: list[float] | None = Field(None, description="Left, top, right, bottom in pixels.")
    pose: list[float] | None = Field(None, description="Pitch, yaw, roll in degrees.")
    reliability: float | None = Field(None, description="Reliability of the other values, 0–1.")
    controls: dict[str, float] | None = Field(None, description="46 named controls, each 0–1.")
    residuals: list[float] | None = Field(
        None, description="Residual coefficients; only on request."
    )


def analysed(face: Face, options: FacesOptions) -> AnalysedFace:
    """Render a face with its points, to a hundredth of a pixel."""
    return AnalysedFace(
        **figures(face),
        landmarks_5=_points(face.landmarks_5),
        landmarks=_points(face.landmarks) if options.landmarks else None,
        expression=_expression(face) if options.expression else None,
        identity=rounded(face.fit.identity[0], 4) if options.identity else None,
    )


def track_line(frame: TimedFrame, seen: FollowedFace | None, options: TrackOptions) -> TrackLine:
    """Serialise the analysis of a video frame."""
    when: dict[str, Any] = {"frame": frame.index, "time_s": round(float(frame.time_s), 6)}
    if seen is None:
        return TrackLine(**when, face=None)
    pose = seen.face.pose
    if options.residuals:
        when["residuals"] = rounded(seen.expression[N_NAMED:], 3)
    return TrackLine(
        **when,
        box=rounded(seen.face.box_xyxy, 2),
        pose=[round(angle, 2) for angle in (pose.pitch, pose.yaw, pose.roll)],
        reliability=round(seen.face.reliability, 3),
        controls=controls(seen.expression, 3),
    )


def controls(expression: F32, digits: int = 4) -> dict[str, float]:
    """Render the named controls of an expression (K + C,)."""
    return {name: round(value, digits) for name, value in named(expression).items()}


def rounded(values: F32, digits: int) -> list[float]:
    """Render numbers (N,)."""
    return [round(float(value), digits) for value in values]


def _expression(face: Face) -> FaceExpression:
    return FaceExpression(
        reliability=round(face.reliability, 4),
        residual=round(float(face.fit.residual[0, 0]), 4),
        controls=controls(face.expression),
        residuals=rounded(face.expression[N_NAMED:], 4),
    )


def _points(points: F32) -> list[list[float]]:
    told: list[list[float]] = np.round(points.astype(np.float64), 2).tolist()
    return told
