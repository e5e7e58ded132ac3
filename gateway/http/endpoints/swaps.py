"""POST /v1/swaps: a face into a picture."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from gateway.deadline import Deadline
from gateway.errors import InvalidRequest
from gateway.http.request.execution import allowed_seconds, perform
from gateway.http.request.forms import Field, Form, read_form
from gateway.http.request.images import FORMATS, decode_pictures, encode_picture
from gateway.http.request.negotiate import JSON, Accepted, acceptable
from gateway.http.request_context import Exchange
from gateway.http.schemas import swaps as schemas
from gateway.http.schemas.swaps import SwapReport
from gateway.media.image import MEDIA_TYPES, OutputFormat, Picture
from gateway.pipeline.face.quality import worst
from gateway.pipeline.options.requirements import require_pictures
from gateway.pipeline.options.swap import SwapOptions, parse_options
from gateway.pipeline.result import ENTRY_UNMATCHED, FusedImage, SwappedFace
from gateway.pipeline.selection.stored import read_stored
from gateway.serving.services import Services

OFFERS = (*FORMATS, JSON)


def fields(max_sources: int) -> dict[str, Field]:
    """Return the form's fields."""
    return {
        "source": Field(most=max_sources),
        "source_id": Field(file=False),
        "target": Field(),
        "reference": Field(most=max_sources),
        "options": Field(file=False),
    }


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


async def post_swaps(services: Services, request: Request) -> Response:
    """Read the form, swap, and answer a picture or a report."""
    accepted = acceptable(request.headers.get("accept"), OFFERS)
    inline = _inline(request)
    settings, exchange = services.settings, Exchange.of(request)
    seconds = allowed_seconds(request, settings.request_deadline_s)
    with services.admission.ticket():
        async with read_form(request, fields(settings.max_sources)) as form:
            wish = _Wish(parse_options(await form.text("options")), accepted, inline)
            wish.media_type(None)  # what contradicts itself is refused before any work
            source_id = await form.line("source_id")
            require_pictures(wish.options, form.counts, source_id)

            async def work(deadline: Deadline) -> Response:
                return await _swap(services, exchange, form, wish, deadline, source_id)

            return await perform(services, request, work, seconds)


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
    models = list(schemas.ANALYSIS_MODELS) if wish.options.face_steps else []
    measured = any(face.quality is not None for face in result.swapped)
    looked_at = wish.options.reporting().measures and measured
    if models and (wish.options.recognises or looked_at):
        models.append(schemas.IDENTITY_MODEL)
    models += wish.options.masking_networks if result.swapped else ()
    models += result.networks
    report = SwapReport(
        size=schemas.size_of(result.image),
        faces=schemas.target_faces(result),
        sources=[schemas.portrait(portrait.face) for portrait in result.portraits],
        unmatched=list(result.unmatched),
        swapper=result.swapper,
        frame_enhancer=result.frame_enhancer,
        models=models,
        timings_ms=exchange.timings.milliseconds(),
        request_id=exchange.request_id,
        notes=list(made.notes),
        image=schemas.inline(made.data, MEDIA_TYPES[made.format]) if made.data else None,
    )
    headers = {"Server-Timing": exchange.server_timing(), "Vary": "Accept"}
    return Response(report.model_dump_json(), media_type=JSON, headers=headers)


def _inline(request: Request) -> bool:
    """Return whether the report is to hold the picture.

    Raises:
        InvalidRequest: the parameter is neither true nor false.
    """
    value = request.query_params.get("inline", "false").lower()
    if value not in ("true", "false", "1", "0"):
        raise InvalidRequest(
            "`inline` is true or false.", errors=[{"pointer": "/inline", "detail": "true or false"}]
        )
    return value in ("true", "1")
