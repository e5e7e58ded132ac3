"""POST /v1/swaps: a face into a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request
from starlette.responses import Response

from gateway.deadline import Deadline
from gateway.http.dependencies import (
    MaySwap,
    RequestedLimit,
    RequestRecord,
    RunningServices,
    accepting,
)
from gateway.http.request.form_docs import form_body
from gateway.http.request.forms import Field, json_field, read_form, text_field
from gateway.http.request.leaving import caller_leaves
from gateway.http.request.negotiate import JSON, Accepted
from gateway.http.response.error_docs import SWAP_ERRORS, TIMING_HEADER
from gateway.http.routing import Router, responses
from gateway.media.image import MEDIA_TYPES, OutputFormat
from gateway.operations.exchange import Exchange
from gateway.operations.execution import perform
from gateway.operations.pictures import FORMATS
from gateway.operations.schemas.swaps import SwapReport
from gateway.operations.swaps import Delivery, SwapOrder, SwappedPicture, swap, swap_report
from gateway.pipeline.face.quality import worst
from gateway.pipeline.options.swap import SwapOptions, parse_options

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

    def deliver(self, own: OutputFormat) -> Delivery:
        """Return what is answered; the picture's format also where it travels inside a report."""
        media_type = self.media_type(own)
        report = media_type == JSON
        format = FORMATS.get(media_type) or self.options.output.format or own
        return Delivery(format, picture=self.inline or not report, report=report)


@router.post(
    "/v1/swaps",
    dependencies=[MaySwap],
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
    seconds = min(limit_s, settings.request_deadline_s)
    with services.admission.ticket("swap", seconds) as ticket:
        async with read_form(request, FORM, settings) as form:
            wish = _Wish(parse_options(await form.text("options")), accepted, inline)
            wish.media_type(None)  # what contradicts itself is refused before any work
            order = SwapOrder(
                wish.options,
                await form.file("target"),
                await form.files("source"),
                await form.files("reference"),
                await form.line("source_id"),
            )
            order.require_pictures()

            async def work(deadline: Deadline) -> Response:
                made = await swap(services, exchange, order, wish.deliver, deadline)
                if made.delivery.report:
                    return await services.compute.run(_report, made, exchange)
                return _picture(made, exchange)

            leaving = caller_leaves(request)
            return await perform(services, exchange, work, seconds, ticket=ticket, leaving=leaving)


def _picture(made: SwappedPicture, exchange: Exchange) -> Response:
    result, format = made.result, made.delivery.format
    figures = worst(face.quality for face in result.swapped)
    headers = {
        "Server-Timing": exchange.server_timing(),
        "X-Semblant-Faces-Found": str(len(result.faces)),
        "X-Semblant-Faces-Swapped": str(len(result.swapped)),
        "X-Semblant-Warnings": ", ".join(made.warnings) or "none",
        "X-Semblant-Quality": ", ".join(f"{n}={v:.4g}" for n, v in figures.items()) or "none",
        "Content-Disposition": f'inline; filename="swap.{format}"',
        "Vary": "Accept",
    }
    return Response(made.data, media_type=made.media_type, headers=headers)


def _report(made: SwappedPicture, exchange: Exchange) -> Response:
    report = swap_report(made, exchange, inline=made.delivery.picture)
    headers = {"Server-Timing": exchange.server_timing(), "Vary": "Accept"}
    return Response(report.model_dump_json(), media_type=JSON, headers=headers)
