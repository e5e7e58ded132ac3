"""The JSON that is answered: one model each, so that documentation and answers cannot differ."""

from __future__ import annotations

import base64

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from gateway.faces.analyser import FIT_MODEL
from gateway.faces.blazeface import FULL_RANGE, SHORT_RANGE
from gateway.faces.face import Face, FaceWarning
from gateway.faces.morphable.expression import named
from gateway.pipeline.face import quality as pipeline_quality
from gateway.pipeline.result import FusedImage, SwappedFace

ANALYSIS_MODELS = (SHORT_RANGE.model, FULL_RANGE.model, "face_mesh", "iris", FIT_MODEL)
"""The networks that detect faces."""
IDENTITY_MODEL = "face_embedding"
"""The network that computes identity embeddings."""


class Answer(BaseModel):
    """Base of all that is answered."""

    model_config = ConfigDict(frozen=True)


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
    """How good a face's pixels are."""

    width_px: float = Field(description="Width of the face in pixels, along its own axis.")
    sharpness: float = Field(description="0–1; 0.5 is an ordinary photograph.")
    visible: float = Field(description="Share of the landmarks inside the picture, 0–1.")
    score: float = Field(description="0–1, one number for sorting.")


class FaceFigures(Answer):
    """What is known about a face, without its many points."""

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


class ResultQualityBody(Answer):
    """How good a swapped face is, and how it was made."""

    seam_ratio: float = Field(
        description="What is seen across the face's border, over what was there: 1 as much, more "
        "is a seam."
    )
    ring_delta_e: float | None = Field(
        description="Colour difference (CIEDE2000) of the face's skin to the skin beside it; null "
        "where there is none."
    )
    target_ring_delta_e: float | None = Field(
        description="The same of the target's own skin, which light and make-up set apart, too."
    )
    sharpness_ratio: float = Field(
        description="Fine detail over that of the target's face: 1 as much, less is softer."
    )
    outside_psnr_db: float | None = Field(
        description="Peak signal-to-noise ratio of the pixels around the face, decibels; null is "
        "infinite: none has changed. An expression that was given moves some of them."
    )
    outside_ssim: float = Field(
        description="Structural similarity of the pixels around the face; 1: none has changed."
    )
    found: bool | None = Field(
        description="Whether the face was found again in the result; null, as the following, "
        "where the networks did not look: see the option `quality.report`."
    )
    identity_distance: float | None = Field(
        description="Distance of descriptors to the source's face; up to 0.6 is one person."
    )
    target_identity_distance: float | None = Field(
        description="Distance of descriptors to the face that was there."
    )
    expression_error: float | None = Field(
        description="How far the expression is from the one to be shown, root mean square over the "
        "landmarks, in distances between the eyes."
    )
    pose_error_deg: float | None = Field(description="Angle to the target's pose, degrees.")
    findings: list[str] = Field(
        description="The figures that are beyond what the service expects: something may be seen."
    )
    attempts: int = Field(description="How many times the face was fused.")
    color: str = Field(description="The `color` it was fused with, which attempts may change.")
    blend: str = Field(description="The `blend` it was fused with, likewise.")


class TargetFace(FaceFigures):
    """A face of the target and what became of it."""

    source: int | None = Field(
        description="Index of the source picture it was replaced from; null if it was not."
    )
    source_id: str | None = Field(
        description="The enrolled identity whose portraits `source` and `patches` count; null if "
        "they count the source pictures."
    )
    entry: int | None = Field(
        description="Index of the entry of `mapping` that named it; null if none did."
    )
    patches: dict[str, int] = Field(
        description="Indices of further source pictures that gave a part: `right_eye`, "
        "`left_eye`, `mouth`."
    )
    controls: dict[str, float] | None = Field(
        description="The expression it was given, as named controls, 0–1; null if it kept its own."
    )
    inpainting_sources: dict[str, str] = Field(
        description="Where the inside of `right_eye`, `left_eye` and `mouth` came from, if not "
        "from the target itself: `source`, `library`, `target`, `invented`, `left_shut`."
    )
    reference: int | None = Field(
        description="Index of the library's entry whose expression it was; null without a library."
    )
    notes: list[str] = Field(
        description="What was done where the pictures did not show what was asked for: "
        "`mouth_invented`, `eye_left_shut`, `source_eyes_shut`, `lips_closed_over`."
    )
    swapper: str | None = Field(
        description="Who swapped it: `mesh` or the name of a network; null where the person stayed."
    )
    restorer: str | None = Field(
        description="Who gave it an expression: `3dmm` or `live_portrait`; null if nobody did."
    )
    enhancer: str | None = Field(
        description="Who made it clearer: `classical` or the name of a network; null if nobody did."
    )
    result_quality: ResultQualityBody | None = Field(
        description="How good the new face is; null where none was put there."
    )


class InlinePicture(Answer):
    """The picture itself, inside the report."""

    media_type: str
    base64: str


class SwapReport(Answer):
    """Answer of a swap, as figures."""

    size: Size
    faces: list[TargetFace] = Field(description="Faces of the target, the largest first.")
    sources: list[FaceFigures] = Field(description="The face used of each source, in their order.")
    unmatched: list[int] = Field(
        description="Indices of the optional entries of `mapping` that mean nobody in the target."
    )
    swapper: str | None = Field(description="The swapper model; null if nobody was swapped.")
    frame_enhancer: str | None = Field(
        description="Who made all of the picture clearer; null where nobody did."
    )
    models: list[str] = Field(
        description="The networks of an analysis; the full-range detector only helps out."
    )
    timings_ms: dict[str, float] = Field(description="Milliseconds by stage.")
    request_id: str
    notes: list[str] = Field(
        description="Of the target's file: `further_images_ignored` (it holds other pictures than "
        "the first or primary one), `depth_reduced` (it has more than 8 bits a sample, the result "
        "has 8)."
    )
    image: InlinePicture | None = Field(description="The picture, with `?inline=true`; else null.")


class ModelInfo(Answer):
    """A model and its state."""

    name: str
    title: str
    task: str
    license: str = Field(description="SPDX identifier of the weights' licence.")
    credit: str
    commercial: bool = Field(description="Whether the license allows commercial use.")
    version: str = Field(description="The version that is served; empty when none is.")
    ready: bool
    reason: str = Field(description="Why it is not ready; empty when it is.")


class ModelList(Answer):
    """All models of the catalogue."""

    models: list[ModelInfo]


class HealthState(Answer):
    """That all is well."""

    status: str


class ProblemPage(Answer):
    """What an error code means."""

    code: str
    title: str
    status: int = Field(description="HTTP status.")
    grpc_status: str
    retryable: bool = Field(description="Whether the same request can succeed later.")


class ProblemDetail(Answer):
    """One thing that is wrong."""

    pointer: str = Field(description="JSON pointer (RFC 6901) into the form or the options.")
    detail: str


class Problem(Answer):
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
    errors: list[ProblemDetail] | None = None


def size_of(image: NDArray[np.uint8]) -> Size:
    """Return the size of a picture (H, W, 3)."""
    return Size(width=image.shape[1], height=image.shape[0])


def portrait(face: Face) -> FaceFigures:
    """Render a face without its points."""
    return FaceFigures(**figures(face))


def target_faces(result: FusedImage) -> list[TargetFace]:
    """Render the target's faces with what became of each."""
    changed = {id(swapped.face): swapped for swapped in result.swapped}
    return [_target_face(face, changed.get(id(face))) for face in result.faces]


def _target_face(face: Face, changed: SwappedFace | None) -> TargetFace:
    done = changed or SwappedFace(face, None)
    controls = None if done.expression is None else named(done.expression)
    return TargetFace(
        **figures(face),
        source=done.source,
        entry=done.entry,
        source_id=done.source_id,
        patches=dict(done.patches),
        controls=controls and {name: round(value, 4) for name, value in controls.items()},
        inpainting_sources=dict(done.inpainting_sources),
        reference=done.reference,
        notes=list(done.notes),
        swapper=done.swapper,
        restorer=done.restorer,
        enhancer=done.enhancer,
        result_quality=None if done.quality is None else _result_quality(done.quality),
    )


def _result_quality(quality: pipeline_quality.ResultQuality) -> ResultQualityBody:
    return ResultQualityBody(
        **quality.figures.told(),
        findings=list(quality.findings),
        attempts=quality.attempts,
        color=quality.color,
        blend=quality.blend,
    )


def inline(data: bytes, media_type: str) -> InlinePicture:
    """Render an encoded picture."""
    return InlinePicture(media_type=media_type, base64=base64.b64encode(data).decode())


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
