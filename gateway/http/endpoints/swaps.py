"""POST /v1/swaps: a face into a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request
from starlette.responses import Response

from gateway.access.caller import DEFAULT_TENANT
from gateway.deadline import Deadline
from gateway.http.dependencies import RequestedLimit, RequestRecord, RunningServices, accepting
from gateway.http.request.execution import perform
from gateway.http.request.form_docs import form_body
from gateway.http.request.forms import Field, Form, json_field, read_form, text_field
from gateway.http.request.images import FORMATS, decode_pictures, encode_picture
from gateway.http.request.negotiate import JSON, Accepted
from gateway.http.request_context import Exchange
from gateway.http.response.error_docs import SWAP_ERRORS, TIMING_HEADER
from gateway.http.routing import Router, responses
from gateway.http.schemas.common import ANALYSIS_MODELS, IDENTITY_MODEL, portrait, size_of
from gateway.http.schemas.swaps import SwapReport, inline_picture, target_faces
from gateway.media.image import MEDIA_TYPES, OutputFormat, Picture
from gateway.pipeline.face.quality import worst
from gateway.pipeline.options.requirements import require_pictures
from gateway.pipeline.options.swap import SwapOptions, parse_options
from gateway.pipeline.result import ENTRY_UNMATCHED, FusedImage, SwappedFace
from gateway.pipeline.selection.stored import read_stored
from gateway.serving.services import Services

OFFERS = (*FORMATS, JSON)


_MEDIA_TYPES = ("image/png", "image/jpeg", "image/webp")
_SOURCE = (
    "Portraits of one person, or of those that `mapping` names; for each face, and for its eyes "
    "and mouth, the one is used that is nearest in pose, expression and light. Required, unless "
    "the person stays and only an expression of a library or by name is given, or faces are only "
    "enhanced. JPEG, PNG, WebP, BMP, TIFF, AVIF or HEIC."
)
FORM = {
    "source": Field(_SOURCE, most=lambda settings: settings.max_sources),
    "source_id": text_field(
        "An enrolled identity, instead of `source`.", pattern="^idn_[0-9a-f]{32}$"
    ),
    "target": Field("The picture to change.", required=True),
    "reference": Field(
        "The person selected by `face_selector.mode` = `reference`; several for `mapping`.",
        most=lambda settings: settings.max_sources,
    ),
    "options": json_field(SwapOptions),
}
_EXAMPLE = {
    "source": ["(bytes of alice.jpg)"],
    "target": "(bytes of group.png)",
    "options": {"face_selector": {"mode": "many"}, "output": {"format": "webp"}},
}
_HEADERS = {
    **TIMING_HEADER,
    "X-Semblant-Faces-Found": "Faces of the target. With a picture only, as the next three.",
    "X-Semblant-Faces-Swapped": "Faces that were changed.",
    "X-Semblant-Warnings": "Conditions that may have spoiled the result, as in a report; or "
    "`none`.",
    "X-Semblant-Quality": "Figures of the swapped faces, of each the worst, such as "
    "`seam_ratio=1.08, ring_delta_e=4.48`; or `none`.",
    "X-Request-Id": "The request's name in the service's log.",
}

router = Router("faces")


@dataclass(frozen=True, slots=True)
class _Wish:
    """The requested results and their formats."""

    options: SwapOptions
    accepted: Accepted
    inline: bool

    def media_type(self, own: OutputFormat | None) -> str:
        """Return the answer's media type; `own` is the target's format, once it is known."""
        asked = self.options.output.format
        images = [MEDIA_TYPES[asked]] if asked else [MEDIA_TYPES[own or "png"], *FORMATS]
        return self.accepted.best([*images, JSON])

    def format(self, own: OutputFormat) -> OutputFormat:
        """Return the picture's format, also where it travels inside a report."""
        media_type = self.media_type(own)
        return FORMATS.get(media_type) or self.options.output.format or own


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """The response: the result, its encoded image, and the notes on the target file."""

    result: FusedImage
    data: bytes
    format: OutputFormat
    notes: tuple[str, ...]


@router.post(
    "/v1/swaps",
    responses=responses(*SWAP_ERRORS, model=SwapReport, media_types=_MEDIA_TYPES, headers=_HEADERS),
    openapi_extra=form_body(FORM, _EXAMPLE),
)
async def post_swaps(
    request: Request,
    services: RunningServices,
    exchange: RequestRecord,
    accepted: Annotated[Accepted, Depends(accepting(*OFFERS))],
    limit_s: RequestedLimit,
    inline: Annotated[bool, Query(description="Whether a report holds the picture.")] = False,
) -> Response:
    """Put the face of the source pictures into the target picture.

    Send `multipart/form-data`: one or more `source` pictures of one person, a `target` picture, and
    optionally `options` (JSON) and a `reference` picture of the selected person.

    With `options.mapping` the sources may be of several people, and each entry says which of them
    are one person and who in the target gets that face. Entries by `reference` are matched one to
    one, such that the sum of the distances is smallest. No face is changed twice; those that are
    nearer to the camera are changed last, and stay before the others.

    `Accept` decides about the answer. An image type gives the picture; `application/json` gives a
    report of figures, which also holds the picture (Base64) with `?inline=true`. With `*/*` it is
    the picture in the format of `options.output.format`, else in the target's own. Transparency of
    the target is kept where the format can.

    With `options.processors` = `["face_enhancer"]` the target's own faces are enhanced, and no
    source is needed. With `frame_enhancer` as the last of them all of the picture is.

    With the picture come `Server-Timing` (milliseconds by stage), `X-Semblant-Faces-Found`,
    `X-Semblant-Faces-Swapped`, `X-Semblant-Warnings` and `X-Semblant-Quality`.

    Every swapped face is measured. `options.quality.limits` set limits of the figures; faces that
    do not meet them are fused in other ways, and if none of these is good enough the answer is the
    error `quality_below_threshold`, with the figures of the best one.

    `X-Request-Timeout` (seconds) shortens the time the work may take after the upload;
    `X-Request-Id` is echoed.
    """
    settings = services.settings
    with services.admission.ticket():
        async with read_form(request, FORM, settings) as form:
            wish = _Wish(parse_options(await form.text("options")), accepted, inline)
            wish.media_type(None)  # what contradicts itself is refused before any work
            source_id = await form.line("source_id")
            require_pictures(wish.options, form.counts, source_id)

            async def work(deadline: Deadline) -> Response:
                return await _swap(services, exchange, form, wish, deadline, source_id)

            return await perform(services, request, work, min(limit_s, settings.request_deadline_s))


async def _swap(
    services: Services,
    exchange: Exchange,
    form: Form,
    wish: _Wish,
    deadline: Deadline,
    source_id: str | None,
) -> Response:
    """Decode, fuse, encode."""
    with exchange.timings.stage("decode"):
        stored = await read_stored(
            wish.options,
            source_id,
            tenant=DEFAULT_TENANT,
            identities=services.identities,
            expressions=services.expressions,
            compute=services.compute,
        )
    target, sources, references = await _decode(services, exchange, form)
    as_report = wish.media_type(target.format) == JSON
    options = wish.options.reporting() if as_report else wish.options
    result = await services.fuser.swap(
        [source.rgb for source in sources],
        target.rgb,
        options,
        deadline=deadline,
        timings=exchange.timings,
        references=[reference.rgb for reference in references],
        library=stored.library,
        identities=stored.identities,
        source_id=source_id,
    )
    exchange.faces_found, exchange.faces_swapped = len(result.faces), len(result.swapped)
    format = wish.format(target.format)
    data = b""
    image = target.with_rgb(result.image)
    if wish.inline or not as_report:
        data = await encode_picture(services, exchange, image, format, wish.options.output)
    made = _Made(result, data, format, image.notes_as(format))
    if as_report:
        return await services.compute.run(_report, made, exchange, wish)
    return _picture(made, exchange)


async def _decode(
    services: Services, exchange: Exchange, form: Form
) -> tuple[Picture, list[Picture], list[Picture]]:
    """Return target, sources and references."""
    files = [("The target", data) for data in await form.files("target")]
    files += [(f"Source {n}", data) for n, data in enumerate(await form.files("source"))]
    references = await form.files("reference")
    files += [
        ("The reference" if len(references) == 1 else f"Reference {n}", data)
        for n, data in enumerate(references)
    ]
    target, *others = await decode_pictures(services, exchange, files)
    sources = len(others) - len(references)
    return target, others[:sources], others[sources:]


def _picture(made: _Made, exchange: Exchange) -> Response:
    result, format = made.result, made.format
    told = {*made.notes, *(w for face in result.swapped for w in _told(face))}
    warnings = sorted(told | ({ENTRY_UNMATCHED} if result.unmatched else set()))
    figures = worst(face.quality for face in result.swapped)
    headers = {
        "Server-Timing": exchange.server_timing(),
        "X-Semblant-Faces-Found": str(len(result.faces)),
        "X-Semblant-Faces-Swapped": str(len(result.swapped)),
        "X-Semblant-Warnings": ", ".join(warnings) or "none",
        "X-Semblant-Quality": ", ".join(f"{n}={v:.4g}" for n, v in figures.items()) or "none",
        "Content-Disposition": f'inline; filename="swap.{format}"',
        "Vary": "Accept",
    }
    return Response(made.data, media_type=MEDIA_TYPES[format], headers=headers)


def _told(face: SwappedFace) -> list[str]:
    """Return the warnings of a face: from the target, the processing and the result."""
    findings = () if face.quality is None else face.quality.findings
    return [*face.face.warnings, *face.notes, *(f"quality_{figure}" for figure in findings)]


def _report(made: _Made, exchange: Exchange, wish: _Wish) -> Response:
    result = made.result
    models = list(ANALYSIS_MODELS) if wish.options.face_steps else []
    measured = any(face.quality is not None for face in result.swapped)
    looked_at = wish.options.reporting().measures and measured
    if models and (wish.options.recognises or looked_at):
        models.append(IDENTITY_MODEL)
    models += wish.options.masking_networks if result.swapped else ()
    models += result.networks
    report = SwapReport(
        size=size_of(result.image),
        faces=target_faces(result),
        sources=[portrait(used.face) for used in result.portraits],
        unmatched=list(result.unmatched),
        swapper=result.swapper,
        frame_enhancer=result.frame_enhancer,
        models=models,
        timings_ms=exchange.timings.milliseconds(),
        request_id=exchange.request_id,
        notes=list(made.notes),
        image=inline_picture(made.data, MEDIA_TYPES[made.format]) if made.data else None,
    )
    headers = {"Server-Timing": exchange.server_timing(), "Vary": "Accept"}
    return Response(report.model_dump_json(), media_type=JSON, headers=headers)
