"""A face into a picture: decode, fuse, encode, and what is reported of it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.arrays import U8
from gateway.deadline import Deadline
from gateway.media.image import MEDIA_TYPES, OutputFormat, Picture
from gateway.operations.brownout import reduced
from gateway.operations.exchange import Exchange
from gateway.operations.pictures import decode_pictures, encode_picture
from gateway.operations.schemas.common import ANALYSIS_MODELS, IDENTITY_MODEL, portrait, size_of
from gateway.operations.schemas.swaps import SwapReport, inline_picture, target_faces
from gateway.pipeline.options.requirements import require_pictures
from gateway.pipeline.options.swap import SwapOptions
from gateway.pipeline.result import ENTRY_UNMATCHED, FusedImage, SwappedFace
from gateway.pipeline.selection.stored import read_stored, require_claims
from gateway.serving.services import Services
from gateway.trust.audit.events import AuditEvent
from gateway.trust.credentials.records import Original, media_type_of
from gateway.trust.marking import Marks
from gateway.trust.provenance import ConsentClaim, Provenance, id_of, new_provenance


@dataclass(frozen=True, slots=True, eq=False)
class SwapOrder:
    """What is to be swapped.

    Attributes:
        options: How.
        target: The picture to change, a file; None where none was sent.
        sources: Portraits, files.
        references: Pictures of the people selected, files.
        source_id: An enrolled identity instead of sources.
    """

    options: SwapOptions
    target: bytes | None
    sources: Sequence[bytes] = ()
    references: Sequence[bytes] = ()
    source_id: str | None = None

    def require_pictures(self) -> None:
        """Check that the pictures are there that the options need.

        Raises:
            MissingField, InvalidOptions, InvalidRequest: by name.
        """
        counts = {
            "source": len(self.sources),
            "reference": len(self.references),
            "target": int(self.target is not None),
        }
        require_pictures(self.options, counts, self.source_id)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is answered.

    Attributes:
        format: The picture's format.
        picture: Whether the picture is encoded.
        report: Whether figures are reported.
    """

    format: OutputFormat
    picture: bool
    report: bool


@dataclass(frozen=True, slots=True, eq=False)
class SwappedPicture:
    """The result of a swap.

    Attributes:
        result: What was fused.
        data: The picture, encoded; empty if it was not asked for.
        delivery: What is answered.
        notes: On the target's file, and on what was left out under load.
        options: By which it was made.
        provenance_id: Of the picture, 12 hexadecimal digits.
        content: Scores of the content gate.
    """

    result: FusedImage
    data: bytes
    delivery: Delivery
    notes: tuple[str, ...]
    options: SwapOptions
    provenance_id: str
    content: Mapping[str, float]

    @property
    def media_type(self) -> str:
        """The picture's media type."""
        return MEDIA_TYPES[self.delivery.format]

    @property
    def warnings(self) -> list[str]:
        """What may have spoiled the result, each once, sorted."""
        found = {*self.notes, *(w for face in self.result.swapped for w in _warnings(face))}
        return sorted(found | ({ENTRY_UNMATCHED} if self.result.unmatched else set()))


async def swap(
    services: Services,
    exchange: Exchange,
    order: SwapOrder,
    deliver: Callable[[OutputFormat], Delivery],
    deadline: Deadline,
) -> SwappedPicture:
    """Carry an order out.

    Args:
        services: The service's parts.
        exchange: The record of the request.
        order: What is swapped, its pictures complete (`SwapOrder.require_pictures`).
        deliver: Returns what is answered, by the target's own format.
        deadline: When the answer is of no use any more.

    Raises:
        SemblantError: by its subclass.
    """
    services.trust.check(order.options.marks)
    services.trust.sealer.require()
    services.audit.require()
    require_claims(services.guard.rules("picture"), order.options, len(order.sources))
    with exchange.timings.stage("decode"):
        stored = await read_stored(
            order.options,
            order.source_id,
            tenant=exchange.tenant,
            identities=services.identities,
            expressions=services.expressions,
            compute=services.compute,
            guard=services.guard,
            medium="picture",
        )
    target, sources, references = await _decode(services, exchange, order)
    delivery = deliver(target.format)
    options, left_out = reduced(order.options, services.admission.pressure, report=delivery.report)
    services.metrics.left_out(left_out)
    claim = services.trust.claim(options.consent, stored.consent.used)
    shown = [("source", source.rgb) for source in sources]
    async with _looking(services, exchange, shown, deadline) as of_sources:
        result = await services.fuser.swap(
            [source.rgb for source in sources],
            target.rgb,
            options,
            deadline=deadline,
            timings=exchange.timings,
            references=[reference.rgb for reference in references],
            library=stored.library,
            identities=stored.identities,
            source_id=order.source_id,
            consents=stored.consent,
        )
        verdicts = await of_sources
    exchange.faces_found, exchange.faces_swapped = len(result.faces), len(result.swapped)
    provenance_id = new_provenance()
    marks = services.trust.marks(options.marks, tenant=exchange.tenant, provenance_id=provenance_id)
    async with _looking(services, exchange, [("result", result.image)], deadline) as of_result:
        with exchange.timings.stage("mark"):
            rgb = await services.compute.run(marks.on_picture, result.image, target.rgb)
        data, image = b"", target.with_rgb(rgb)
        if delivery.picture:
            data = await _sealed(
                services,
                exchange,
                order,
                image,
                delivery.format,
                models=models_of(result, options),
                marks=marks,
                consent=claim,
            )
        verdicts |= await of_result
    event = AuditEvent(
        action="swap",
        tenant=exchange.tenant,
        actor=exchange.actor,
        reference=exchange.request_id,
        provenance_id=provenance_id,
        output_sha256=hashlib.sha256(data).hexdigest() if data else "",
        consent=claim.facts(),
        models=tuple(models_of(result, options)),
        verdicts={name: f"{score:.4f}" for name, score in verdicts.items()},
    )
    await services.audit.record(services.compute, event, exchange.timings)
    notes = (*image.notes_as(delivery.format), *marks.notes(rgb.shape[:2]), *left_out)
    return SwappedPicture(result, data, delivery, notes, options, provenance_id, verdicts)


def swap_report(made: SwappedPicture, exchange: Exchange, *, inline: bool) -> SwapReport:
    """Render the report of a swap, with the picture in it or without."""
    result, options = made.result, made.options
    return SwapReport(
        size=size_of(result.image),
        faces=target_faces(result),
        sources=[portrait(used.face) for used in result.portraits],
        unmatched=list(result.unmatched),
        swapper=result.swapper,
        frame_enhancer=result.frame_enhancer,
        models=models_of(result, options),
        timings_ms=exchange.timings.milliseconds(),
        request_id=exchange.request_id,
        provenance_id=made.provenance_id,
        content=dict(made.content),
        notes=list(made.notes),
        image=inline_picture(made.data, made.media_type) if inline else None,
    )


@asynccontextmanager
async def _looking(
    services: Services,
    exchange: Exchange,
    pictures: Sequence[tuple[str, U8]],
    deadline: Deadline,
) -> AsyncIterator[Awaitable[dict[str, float]]]:
    """Let the content gate look at pictures beside the block, which awaits what it says.

    One core is idle now and then in the block, and nothing is delivered before the verdict.
    """

    async def look() -> dict[str, float]:
        if services.content.mode == "off":
            return {}
        with exchange.timings.stage("content"):
            return dict(await services.content.check(pictures, deadline=deadline))

    looking = asyncio.create_task(look(), name="content")
    try:
        yield looking
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


async def _sealed(
    services: Services,
    exchange: Exchange,
    order: SwapOrder,
    image: Picture,
    format: OutputFormat,
    *,
    models: Sequence[str],
    marks: Marks,
    consent: ConsentClaim,
) -> bytes:
    """Return the picture's file with its metadata and credentials."""
    sealer, target = services.trust.sealer, order.target or b""

    def describe() -> Provenance:
        return services.trust.provenance(
            id_of(marks.number),
            exchange.request_id,
            models=models,
            consent=consent,
            sources=[hashlib.sha256(source).hexdigest() for source in order.sources],
            watermark=marks.key is not None and not marks.notes(image.rgb.shape[:2]),
        )

    provenance = await services.compute.run(describe)
    xmp = sealer.packet(provenance)
    data = await encode_picture(services, exchange, image, format, order.options.output, xmp)
    if not sealer.signs:
        return data
    with exchange.timings.stage("sign"):
        original = Original(target, media_type_of(target))
        return await services.compute.run(
            sealer.picture, data, MEDIA_TYPES[format], provenance, original
        )


def models_of(result: FusedImage, options: SwapOptions) -> list[str]:
    """Return the names of the networks that made a result."""
    models = list(ANALYSIS_MODELS) if options.face_steps else []
    measured = any(face.quality is not None for face in result.swapped)
    if models and (options.recognises or (options.reporting().measures and measured)):
        models.append(IDENTITY_MODEL)
    models += options.masking_networks if result.swapped else ()
    return [*models, *result.networks]


async def _decode(
    services: Services, exchange: Exchange, order: SwapOrder
) -> tuple[Picture, list[Picture], list[Picture]]:
    """Return target, sources and references."""
    files = [("The target", order.target or b"")]
    files += [(f"Source {n}", data) for n, data in enumerate(order.sources)]
    files += [
        ("The reference" if len(order.references) == 1 else f"Reference {n}", data)
        for n, data in enumerate(order.references)
    ]
    target, *others = await decode_pictures(services, exchange, files)
    sources = len(order.sources)
    return target, others[:sources], others[sources:]


def _warnings(face: SwappedFace) -> list[str]:
    """Return the warnings of a face: from the target, the processing and the result."""
    findings = () if face.quality is None else face.quality.findings
    return [*face.face.warnings, *face.notes, *(f"quality_{figure}" for figure in findings)]
