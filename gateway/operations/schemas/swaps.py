"""The JSON about a swap: the faces of the target, what became of them, and how good they are."""

from __future__ import annotations

import base64

from pydantic import Field

from gateway.faces.face import Face
from gateway.faces.morphable.expression import named
from gateway.operations.schemas import examples
from gateway.operations.schemas.common import Answer, FaceFigures, Size, example, figures
from gateway.pipeline.face import quality as pipeline_quality
from gateway.pipeline.result import FusedImage, SwappedFace


class ResultQualityBody(Answer):
    """Quality of a swapped face, and how it was fused."""

    seam_ratio: float = Field(
        description="Visible step across the face's border over that of the target before: 1 "
        "is equal, more is a seam."
    )
    ring_delta_e: float | None = Field(
        description="Colour difference (CIEDE2000) of the face's skin to the skin beside it; null "
        "where there is none."
    )
    target_ring_delta_e: float | None = Field(
        description="The same of the target's own skin, where light and make-up cause a "
        "difference, too."
    )
    sharpness_ratio: float = Field(
        description="Fine detail over that of the target's face: 1 is equal, less is softer."
    )
    patchiness: float | None = Field(
        description="How far skin is off in patches that neither light nor the target accounts "
        "for, natural logarithm of brightness at the worst twentieth; null without skin."
    )
    outside_psnr_db: float | None = Field(
        description="Peak signal-to-noise ratio of the pixels around the face, decibels; null "
        "is infinite: none has changed. A changed expression moves some of them."
    )
    outside_ssim: float = Field(
        description="Structural similarity of the pixels around the face; 1: none has changed."
    )
    found: bool | None = Field(
        description="Whether the face was found again in the result; null, as the following, "
        "if the result was not analysed: see the option `quality.report`."
    )
    identity_distance: float | None = Field(
        description="Distance of descriptors to the source's face; up to 0.6 is one person."
    )
    target_identity_distance: float | None = Field(
        description="Distance of descriptors to the face that was there."
    )
    expression_error: float | None = Field(
        description="Difference to the intended expression, root mean square over the "
        "landmarks, in distances between the eyes."
    )
    pose_error_deg: float | None = Field(description="Angle to the target's pose, degrees.")
    findings: list[str] = Field(
        description="Figures beyond the limits of the service: a flaw may be visible."
    )
    attempts: int = Field(description="How many times the face was fused.")
    color: str = Field(description="The `color` it was fused with, which attempts may change.")
    blend: str = Field(description="The `blend` it was fused with, likewise.")


class TargetFace(FaceFigures):
    """A face of the target and how it was changed."""

    source: int | None = Field(
        description="Index of the source picture it was replaced from; null if it was not."
    )
    source_id: str | None = Field(
        description="The enrolled identity whose portraits `source` and `patches` count; null if "
        "they count the source pictures."
    )
    entry: int | None = Field(
        description="Index of the entry of `mapping` that selected it; null if none did."
    )
    patches: dict[str, int] = Field(
        description="Indices of further source pictures used for a part: `right_eye`, "
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
        description="Substitutions where the pictures did not show what was requested: "
        "`mouth_invented`, `eye_left_shut`, `source_eyes_shut`, `lips_closed_over`; and "
        "`portraits_differ`: the source pictures of the person seem to show several people."
    )
    swapper: str | None = Field(
        description="Model that swapped it: `mesh` or an installed one; null if it was not swapped."
    )
    restorer: str | None = Field(
        description="Model that changed its expression: `3dmm` or `live_portrait`; null if "
        "none did."
    )
    enhancer: str | None = Field(
        description="Model that enhanced it: `classical` or an installed one; null if none did."
    )
    result_quality: ResultQualityBody | None = Field(
        description="Quality of the new face; null where there is none."
    )


class InlinePicture(Answer):
    """The picture itself, inside the report."""

    media_type: str
    base64: str


class SwapReport(Answer):
    """Report of a swap."""

    model_config = example(examples.SWAP_REPORT)

    size: Size
    faces: list[TargetFace] = Field(description="Faces of the target, the largest first.")
    sources: list[FaceFigures] = Field(description="The face used of each source, in their order.")
    unmatched: list[int] = Field(
        description="Indices of the optional entries of `mapping` that match no face of the target."
    )
    swapper: str | None = Field(description="The swapper model; null if no face was swapped.")
    frame_enhancer: str | None = Field(
        description="Model that enhanced the whole picture; null if none did."
    )
    models: list[str] = Field(
        description="Models used; the full-range detector only where it was needed."
    )
    timings_ms: dict[str, float] = Field(description="Milliseconds by stage.")
    request_id: str
    provenance_id: str = Field(
        description="Number of the result: what its watermark carries, 12 hexadecimal digits."
    )
    content: dict[str, float] = Field(
        description="Scores of the content gate, 0–1: how likely `source` and `result` are sexual; "
        "empty where it is off."
    )
    notes: list[str] = Field(
        description="Of the target's file: `further_images_ignored` (it holds other pictures than "
        "the first or primary one), `depth_reduced` (it has more than 8 bits a sample, the result "
        "has 8). Of what was left out under load, with `reduce_under_load`: `figures_left_out`, "
        "`enhancement_left_out`. Of the result: `too_small_for_watermark`."
    )
    image: InlinePicture | None = Field(description="The picture, with `?inline=true`; else null.")


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


def inline_picture(data: bytes, media_type: str) -> InlinePicture:
    """Render an encoded picture."""
    return InlinePicture(media_type=media_type, base64=base64.b64encode(data).decode())
