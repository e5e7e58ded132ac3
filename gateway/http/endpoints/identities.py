"""/v1/identities: people whose faces may be used."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request
from starlette.responses import Response

from gateway.access.caller import DEFAULT_TENANT
from gateway.deadline import Deadline
from gateway.errors import ConsentRequired
from gateway.http.dependencies import (
    AnswersJson,
    RequestedLimit,
    RequestRecord,
    RunningServices,
)
from gateway.http.request.execution import perform
from gateway.http.request.form_docs import form_body
from gateway.http.request.forms import Field, Form, json_field, read_form
from gateway.http.request.images import decode_pictures
from gateway.http.request_context import Exchange
from gateway.http.response.error_docs import (
    IDENTIFY_ERRORS,
    IDENTITY_ERRORS,
    READ_ERRORS,
    TIMING_HEADER,
)
from gateway.http.routing import Router, responses
from gateway.http.schemas.examples import IDENTITY_ID
from gateway.http.schemas.identities import (
    IdentityList,
    IdentityOptions,
    IdentityReport,
    identity_figures,
    identity_report,
)
from gateway.pipeline.options.parse import read_options
from gateway.serving.services import Services
from gateway.storage.identities import EnrolledIdentity

FORM = {
    "source": Field(
        "Portraits of one person.", least=1, most=lambda settings: settings.max_sources
    ),
    "options": json_field(IdentityOptions, required=True),
}
_EXAMPLE = {"source": ["(bytes of alice.jpg)"], "options": {"name": "Alice", "consent": True}}
_HEADERS = {"Location": "Address of the identity.", **TIMING_HEADER}

router = Router("identities")
IdentityId = Annotated[
    str, Path(json_schema_extra={"pattern": "^idn_[0-9a-f]{32}$"}, examples=[IDENTITY_ID])
]


@router.post(
    "/v1/identities",
    status_code=201,
    dependencies=[AnswersJson],
    responses=responses(*IDENTIFY_ERRORS, status=201, headers=_HEADERS),
    openapi_extra=form_body(FORM, _EXAMPLE),
)
async def post_identities(
    request: Request,
    response: Response,
    services: RunningServices,
    exchange: RequestRecord,
    limit_s: RequestedLimit,
) -> IdentityReport:
    """Enrol a person who has given consent.

    Send `multipart/form-data`: portraits of one person (`source`, several), and `options` (JSON)
    with `consent`: true, by which you state that the person has agreed. Of each portrait the
    largest face counts.

    Kept are a crop of each portrait, what was found in it, a descriptor that distinguishes the
    person from others, and the statement with its time, until the identity is deleted. All this is
    biometric data. Everybody who can reach the service can see and use all identities.

    A swap takes the id as `source_id` instead of `source` pictures, and in entries of `mapping`.
    """
    settings = services.settings
    with services.admission.ticket():
        await services.compute.run(services.identities.check_room, DEFAULT_TENANT)
        async with read_form(request, FORM, settings) as form:
            options = read_options(IdentityOptions, await form.text("options"))
            if not options.consent:
                raise ConsentRequired(errors=[{"pointer": "/consent", "detail": "must be true"}])

            async def work(deadline: Deadline) -> IdentityReport:
                return await _enrol(services, exchange, form, options, deadline)

            seconds = min(limit_s, settings.request_deadline_s)
            enrolled = await perform(services, request, work, seconds)
    response.headers["Location"] = f"/v1/identities/{enrolled.id}"
    response.headers["Server-Timing"] = exchange.server_timing()
    return enrolled


@router.get("/v1/identities", dependencies=[AnswersJson], responses=responses(*READ_ERRORS))
async def get_identities(services: RunningServices) -> IdentityList:
    """List the enrolled identities."""
    infos = await services.compute.run(services.identities.infos, DEFAULT_TENANT)
    return IdentityList(identities=[identity_figures(info) for info in infos])


@router.get(
    "/v1/identities/{id}", dependencies=[AnswersJson], responses=responses(*IDENTITY_ERRORS)
)
async def get_identity(id: IdentityId, services: RunningServices) -> IdentityReport:
    """Show an enrolled identity."""
    return identity_report(await services.compute.run(services.identities.get, DEFAULT_TENANT, id))


@router.delete(
    "/v1/identities/{id}", status_code=204, responses=responses(*IDENTITY_ERRORS, status=204)
)
async def delete_identity(id: IdentityId, services: RunningServices) -> None:
    """Delete an enrolled identity and all that is kept of it."""
    await services.compute.run(services.identities.delete, DEFAULT_TENANT, id)


async def _enrol(
    services: Services,
    exchange: Exchange,
    form: Form,
    options: IdentityOptions,
    deadline: Deadline,
) -> IdentityReport:
    """Decode, analyse, keep, and describe."""
    files = [(f"Source {n}", data) for n, data in enumerate(await form.files("source"))]
    pictures = await decode_pictures(services, exchange, files)
    portraits = await services.identifier.enrol(
        [picture.rgb for picture in pictures], deadline=deadline, timings=exchange.timings
    )
    kept = EnrolledIdentity.new(options.name, options.statement, portraits)
    await services.compute.run(services.identities.add, DEFAULT_TENANT, kept)
    exchange.faces_found = len(portraits)
    return identity_report(kept)
