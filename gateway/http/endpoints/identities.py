"""/v1/identities: people whose faces may be used."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request
from starlette.responses import Response

from gateway.deadline import Deadline
from gateway.http.dependencies import (
    AnswersJson,
    IdentitiesTenant,
    RequestedLimit,
    RequestRecord,
    RunningServices,
)
from gateway.http.request.form_docs import form_body
from gateway.http.request.forms import Field, json_field, read_form
from gateway.http.request.leaving import caller_leaves
from gateway.http.response.error_docs import (
    IDENTIFY_ERRORS,
    IDENTITY_ERRORS,
    READ_ERRORS,
    TIMING_HEADER,
)
from gateway.http.routing import Router, responses
from gateway.operations.execution import perform
from gateway.operations.identities import delete, enrol, require_consent, withdraw
from gateway.operations.schemas.examples import IDENTITY_ID
from gateway.operations.schemas.identities import (
    IdentityList,
    IdentityOptions,
    IdentityReport,
    identity_figures,
    identity_report,
)
from gateway.pipeline.options.parse import read_options

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
    tenant: IdentitiesTenant,
) -> IdentityReport:
    """Enrol a person who has given consent.

    Send `multipart/form-data`: portraits of one person (`source`, several), and `options` (JSON)
    with `consent`: true, by which you state that the person has agreed. Of each portrait the
    largest face counts.

    Kept are a crop of each portrait, what was found in it, a descriptor that distinguishes the
    person from others, and the statement with its time, until the identity is deleted. All this is
    biometric data. Whoever may use identities of the tenant can see and use them.

    A swap takes the id as `source_id` instead of `source` pictures, and in entries of `mapping`.
    """
    settings = services.settings
    seconds = min(limit_s, settings.request_deadline_s)
    with services.admission.ticket("identity", seconds) as ticket:
        await services.compute.run(services.identities.check_room, tenant)
        async with read_form(request, FORM, settings) as form:
            options = read_options(IdentityOptions, await form.text("options"))
            require_consent(options)
            portraits = await form.files("source")

            async def work(deadline: Deadline) -> IdentityReport:
                return await enrol(services, exchange, portraits, options, deadline)

            leaving = caller_leaves(request)
            enrolled = await perform(
                services, exchange, work, seconds, ticket=ticket, leaving=leaving
            )
    response.headers["Location"] = f"/v1/identities/{enrolled.id}"
    response.headers["Server-Timing"] = exchange.server_timing()
    return enrolled


@router.get("/v1/identities", dependencies=[AnswersJson], responses=responses(*READ_ERRORS))
async def get_identities(services: RunningServices, tenant: IdentitiesTenant) -> IdentityList:
    """List the enrolled identities."""
    infos = await services.compute.run(services.identities.infos, tenant)
    return IdentityList(identities=[identity_figures(info) for info in infos])


@router.get(
    "/v1/identities/{id}", dependencies=[AnswersJson], responses=responses(*IDENTITY_ERRORS)
)
async def get_identity(
    id: IdentityId, services: RunningServices, tenant: IdentitiesTenant
) -> IdentityReport:
    """Show an enrolled identity."""
    return identity_report(await services.compute.run(services.identities.get, tenant, id))


@router.post(
    "/v1/identities/{id}/withdrawal",
    dependencies=[AnswersJson],
    responses=responses(*IDENTITY_ERRORS),
)
async def post_identity_withdrawal(
    id: IdentityId, services: RunningServices, exchange: RequestRecord, tenant: IdentitiesTenant
) -> IdentityReport:
    """Withdraw a person's consent.

    Portraits and descriptors are removed at once; what is left says that there was a consent, and
    when it ended. Jobs that use the face are canceled, and what they made cannot be downloaded any
    more.
    """
    return await withdraw(services, exchange, id)


@router.delete(
    "/v1/identities/{id}", status_code=204, responses=responses(*IDENTITY_ERRORS, status=204)
)
async def delete_identity(
    id: IdentityId, services: RunningServices, exchange: RequestRecord, tenant: IdentitiesTenant
) -> None:
    """Delete an enrolled identity and all that is kept of it."""
    await delete(services, exchange, id)
